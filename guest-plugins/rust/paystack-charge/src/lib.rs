//! `paystack-charge`: Paystack's page for cards and the rest, or a charge on a phone where the payer gives a number.
//!
//! - References are the shop's prefix and the attempt's key: the same attempt is the same transaction however often it is
//!   sent, and is found by its key alone.
//! - An event is genuine when its body is signed with the secret key (HMAC-SHA512), which the host compares in constant
//!   time. What it says of a payment is asked for again before it counts.
//!
//! [`answers`] is what is made of answers, and this file what the sandbox adds.

pub mod answers;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use serde_json::{Value, json};
use soko_payment::{
    Answered, Callback, CallbackRefusal, Capabilities, Change, Credential, Manifest, Notice, PaymentHandler,
    PaymentNotice, PaymentOutcome, PaymentReference, PaymentRequest, RefundNotice, RefundOutcome,
    RefundRequest, Refusal, Subject, get, header, http, kv, manifest, parse_config, post, secrets, wanted,
};

/// Where Paystack is.
const BASE: &str = "https://api.paystack.co";
const SECRET_KEY: &str = "secret-key";
/// Milliseconds that it is remembered which refund is which: 90 days.
const REFUND_MS: u64 = 90 * 86_400_000;

/// What a shop sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Put before every reference.
    pub reference_prefix: String,
    /// The payer's address where the payer gives none.
    pub email: Option<String>,
    /// Where the payer comes back to.
    pub return_url: Option<String>,
    /// Ways to pay that the page offers.
    pub channels: Option<Vec<String>>,
}

impl Config {
    /// The reference of an attempt.
    pub fn reference(&self, key: &str) -> String {
        format!("{}-{key}", self.reference_prefix)
    }

    /// The attempt's key in a reference; none in one of somebody else's.
    pub fn key<'r>(&self, reference: &'r str) -> Option<&'r str> {
        reference.strip_prefix(&self.reference_prefix)?.strip_prefix('-')
    }
}

/// The component.
#[derive(Debug)]
pub struct PaystackCharge;

/// What this handler wants of the world.
pub fn capabilities() -> Capabilities {
    Capabilities {
        hosts: vec!["api.paystack.co".to_owned()],
        secrets: vec![wanted(
            SECRET_KEY,
            "Secret key of the Paystack account (sk_live_… or sk_test_…).",
            false,
        )],
        kv: true,
    }
}

/// What is sent for a payment: where, and what.
pub fn request(config: &Config, asked: &PaymentRequest) -> Result<(&'static str, Value), PaymentOutcome> {
    let metadata: Value = serde_json::from_str(&asked.metadata).unwrap_or_default();
    let given = |name: &str| metadata.get(name).and_then(Value::as_str);
    let Some(email) = given("email").or(config.email.as_deref()) else {
        return Err(PaymentOutcome::Declined("give an e-mail address to pay by Paystack".to_owned()));
    };
    let mut body = json!({
        "email": email,
        "amount": asked.amount,
        "currency": asked.currency,
        "reference": config.reference(&asked.idempotency_key),
        "metadata": { "order": asked.order_code },
    });
    if let Some(phone) = given("phoneNumber").or_else(|| given("phone")) {
        let provider = given("provider").unwrap_or("mpesa");
        body["mobile_money"] = json!({ "phone": phone, "provider": provider });
        return Ok(("/charge", body));
    }
    if let Some(channels) = &config.channels {
        body["channels"] = json!(channels);
    }
    if let Some(url) = &config.return_url {
        body["callback_url"] = json!(url);
    }
    Ok(("/transaction/initialize", body))
}

impl PaymentHandler for PaystackCharge {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"), capabilities())
    }

    fn create(asked: PaymentRequest, config: String) -> Result<PaymentOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        let reference = config.reference(&asked.idempotency_key);
        Ok(match request(&config, &asked) {
            Err(declined) => declined,
            Ok((path @ "/charge", body)) => answers::charged(&send(path, &body), &reference),
            Ok((path, body)) => answers::initialized(&send(path, &body), &reference),
        })
    }

    fn settle(_payment: PaymentReference, _config: String) -> Result<Change, Refusal> {
        Ok(Change::Refused("Paystack settles at once".to_owned()))
    }

    fn cancel(_payment: PaymentReference, _config: String) -> Result<Change, Refusal> {
        Ok(Change::Refused("a transaction of Paystack's cannot be taken back".to_owned()))
    }

    fn refund(asked: RefundRequest, config: String) -> Result<RefundOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        let reference = config.reference(&asked.payment.idempotency_key);
        let body = json!({
            "transaction": reference,
            "amount": asked.amount,
            "currency": asked.payment.currency,
            "merchant_note": asked.reason.as_deref().unwrap_or("Refund"),
        });
        let answered = send("/refund", &body);
        if let Answered::Json { body, .. } = &answered {
            remember(body.pointer("/data/id"), &asked.idempotency_key);
        }
        Ok(answers::refund_asked(&answered))
    }

    fn query(payment: PaymentReference, config: String) -> Result<PaymentOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        let reference = config.reference(&payment.idempotency_key);
        Ok(match verify(&reference) {
            Ok(found) if matches!(found.outcome, PaymentOutcome::Settled(_)) => {
                held_to(found, payment.amount, &payment.currency)
            }
            Ok(found) => found.outcome,
            Err(why) => PaymentOutcome::InDoubt(why),
        })
    }

    fn webhook(callback: Callback, config: String) -> Result<Notice, CallbackRefusal> {
        check_signature(&callback)?;
        let config: Config =
            parse_config(&config).map_err(|why| CallbackRefusal::Unavailable(format!("{why:?}")))?;
        let event: Value = serde_json::from_slice(&callback.body)
            .map_err(|error| CallbackRefusal::Malformed(error.to_string()))?;
        let kind = event.get("event").and_then(Value::as_str).unwrap_or_default();
        let data = event.get("data").unwrap_or(&Value::Null);
        match kind {
            "charge.success" => charge(&config, data),
            "refund.processed" | "refund.failed" => refund(data),
            other => Ok(Notice::Nothing(format!("the event {other:?} says nothing about a payment"))),
        }
    }
}

/// Money counts only in the amount that was asked for.
fn held_to(found: answers::Transaction, amount: i64, currency: &str) -> PaymentOutcome {
    if found.amount == amount && found.currency == currency {
        return found.outcome;
    }
    let (paid, of) = (found.amount, &found.currency);
    PaymentOutcome::InDoubt(format!("Paystack has {paid} {of} where {amount} {currency} were asked for"))
}

/// What an event about a charge comes to once Paystack has been asked about its reference.
fn charge(config: &Config, data: &Value) -> Result<Notice, CallbackRefusal> {
    let told = data.get("reference").and_then(Value::as_str);
    let reference = told.ok_or_else(|| CallbackRefusal::Malformed("it names no reference".to_owned()))?;
    let Some(key) = config.key(reference) else {
        return Ok(Notice::Nothing("the reference is none of this shop's".to_owned()));
    };
    let found = verify(reference).map_err(CallbackRefusal::Unavailable)?;
    let (amount, currency) = (Some(found.amount), Some(found.currency));
    let payment = Subject::Key(key.to_owned());
    Ok(Notice::Payment(PaymentNotice { payment, outcome: found.outcome, amount, currency }))
}

/// What an event about a refund comes to.
fn refund(data: &Value) -> Result<Notice, CallbackRefusal> {
    let malformed = || CallbackRefusal::Malformed("it tells of no refund".to_owned());
    let outcome = answers::refund_status(data).ok_or_else(malformed)?;
    let Some(key) = data.get("id").and_then(|id| recall(&id.to_string())) else {
        return Ok(Notice::Nothing("the refund is none that was asked for here".to_owned()));
    };
    Ok(Notice::Refund(RefundNotice { refund: Subject::Key(key), outcome }))
}

/// Refuses an event that is not signed with the secret key.
fn check_signature(callback: &Callback) -> Result<(), CallbackRefusal> {
    let unauthentic = |why: &str| Err(CallbackRefusal::Unauthentic(why.to_owned()));
    let signature = header(&callback.headers, "x-paystack-signature").unwrap_or_default();
    let Ok(mac) = HEXLOWER_PERMISSIVE.decode(signature.as_bytes()) else {
        return unauthentic("its signature is none");
    };
    match secrets::verify(SECRET_KEY, http::Algorithm::Sha512, &callback.body, &mac) {
        Ok(true) => Ok(()),
        Ok(false) => unauthentic("its signature is not by the secret key"),
        Err(secrets::Error::Unavailable) => {
            Err(CallbackRefusal::Unavailable("the secret key cannot be read at the moment".to_owned()))
        }
        Err(_) => unauthentic("no event is taken before the secret key is set and granted"),
    }
}

fn send(path: &str, body: &Value) -> Answered {
    let bearer = vec![Credential::Bearer(SECRET_KEY.to_owned())];
    Answered::from_host(http::send(&post(format!("{BASE}{path}"), body, bearer)))
}

fn verify(reference: &str) -> Result<answers::Transaction, String> {
    let bearer = vec![Credential::Bearer(SECRET_KEY.to_owned())];
    let url = format!("{BASE}/transaction/verify/{reference}");
    answers::verified(&Answered::from_host(http::send(&get(url, bearer))))
}

/// Remembers which refund has this id at Paystack.
fn remember(id: Option<&Value>, key: &str) {
    if let Some(id) = id {
        // Without it the event about the refund says nothing, and the refund stays in doubt.
        let _kept = kv::set(&format!("refund/{id}"), key.as_bytes(), Some(REFUND_MS));
    }
}

fn recall(id: &str) -> Option<String> {
    let kept = kv::get(&format!("refund/{id}")).ok().flatten()?;
    String::from_utf8(kept).ok()
}

#[cfg(target_arch = "wasm32")]
soko_payment::export!(PaystackCharge);

#[cfg(test)]
mod tests;
