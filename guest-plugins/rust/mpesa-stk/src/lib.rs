//! `mpesa-stk`: a prompt on the payer's phone, and what the payer answers.
//!
//! - The prompt's callback address names the attempt and carries a token that only Daraja was told, so that a callback is
//!   genuine or refused, and finds its attempt even when the answer to the prompt was lost.
//! - No callback is believed as it is: Daraja is asked about the prompt, and only what it answers counts. The callback adds
//!   the receipt and the amount.
//! - A payment is settled under its receipt. The receipt of one that was found out by a question is not known; it is kept
//!   when its callback comes, for a reversal.
//!
//! [`requests`] is what is sent, [`answers`] what is made of answers, [`config`] what a shop sets, and this file is what
//! the sandbox adds.

pub mod answers;
pub mod config;
pub mod requests;

use serde_json::Value;
use soko_payment::amount::whole_units;
use soko_payment::{
    Answered, Callback, CallbackRefusal, Capabilities, Change, Credential, Header, Manifest, Notice,
    PaymentHandler, PaymentNotice, PaymentOutcome, PaymentReference, PaymentRequest, RefundNotice,
    RefundOutcome, RefundRequest, Refusal, Subject, clock, get, http, kv, manifest, parameter, parse_config,
    post, secrets, wanted,
};

use crate::answers::WHO;
use crate::config::Config;

/// Where the access token is kept.
const TOKEN_KEY: &str = "access-token";
/// Seconds before its end after which a token is not used any more.
const TOKEN_MARGIN_S: u64 = 60;
/// Milliseconds that receipts are kept for reversals: 400 days.
const RECEIPT_MS: u64 = 400 * 86_400_000;
/// What callbacks name that tell of a reversal which waited too long in Daraja's queue.
const TIMED_OUT: &str = "timed-out-refund";
const CONSUMER_KEY: &str = "consumer-key";
const CONSUMER_SECRET: &str = "consumer-secret";
const PASSKEY: &str = "passkey";
const CALLBACK_TOKEN: &str = "callback-token";
const SECURITY_CREDENTIAL: &str = "security-credential";

/// The component.
#[derive(Debug)]
pub struct MpesaStk;

/// What this handler wants of the world.
pub fn capabilities() -> Capabilities {
    Capabilities {
        hosts: vec!["*.safaricom.co.ke".to_owned()],
        secrets: vec![
            wanted(CONSUMER_KEY, "Consumer key of the Daraja app.", false),
            wanted(CONSUMER_SECRET, "Consumer secret of the Daraja app.", false),
            wanted(PASSKEY, "Passkey of the short code; part of a password that requests carry.", true),
            wanted(CALLBACK_TOKEN, "20 to 60 random letters and digits that make callbacks genuine.", true),
            wanted(SECURITY_CREDENTIAL, "Encrypted password of the initiator; for reversals.", true),
        ],
        kv: true,
    }
}

impl PaymentHandler for MpesaStk {
    fn describe() -> Manifest {
        manifest!(include_str!("../config-schema.json"), capabilities())
    }

    fn create(request: PaymentRequest, config: String) -> Result<PaymentOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        if request.currency != "KES" {
            return Err(Refusal::Unsupported(format!("M-Pesa takes KES, not {}", request.currency)));
        }
        let Some(shillings) = whole_units(request.amount) else {
            return Ok(PaymentOutcome::Declined("M-Pesa takes whole shillings only".to_owned()));
        };
        let metadata: Value = serde_json::from_str(&request.metadata).unwrap_or_default();
        let given = metadata.get("phoneNumber").or_else(|| metadata.get("phone")).and_then(Value::as_str);
        let Some(phone) = given.and_then(requests::phone) else {
            return Ok(PaymentOutcome::Declined("give a Kenyan mobile number to pay by M-Pesa".to_owned()));
        };
        let Some((password, timestamp)) = stamp(&config) else { return Ok(not_set_up(PASSKEY)) };
        let Some(secret) = readable(CALLBACK_TOKEN) else { return Ok(not_set_up(CALLBACK_TOKEN)) };
        let token = match access_token(&config) {
            Ok(token) => token,
            Err(answered) => return Ok(not_asked(&answered)),
        };
        let callback = requests::callback_url(&config, &secret, "payment", &request.idempotency_key);
        let what = (shillings, phone.as_str(), request.order_code.as_str());
        let body = requests::push(&config, (&password, &timestamp), what, &callback);
        Ok(answers::pushed(&ask(&config, "/mpesa/stkpush/v1/processrequest", &token, &body)))
    }

    fn settle(_payment: PaymentReference, _config: String) -> Result<Change, Refusal> {
        Ok(Change::Refused("M-Pesa settles at once".to_owned()))
    }

    fn cancel(_payment: PaymentReference, _config: String) -> Result<Change, Refusal> {
        Ok(Change::Refused("a prompt of M-Pesa cannot be taken back".to_owned()))
    }

    fn refund(refund: RefundRequest, config: String) -> Result<RefundOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        let failed = |why: &str| Ok(RefundOutcome::Failed(why.to_owned()));
        let Some(initiator) = &config.initiator else { return failed("no initiator of reversals is set") };
        let Some(credential) = readable(SECURITY_CREDENTIAL) else {
            return failed("the secret security-credential is not set or not granted");
        };
        let Some(secret) = readable(CALLBACK_TOKEN) else {
            return failed("the secret callback-token is not set or not granted");
        };
        if refund.amount != refund.payment.amount {
            return failed("M-Pesa reverses whole payments only; give a part back by hand");
        }
        let Some(shillings) = whole_units(refund.amount) else {
            return failed("M-Pesa reverses whole shillings");
        };
        let Some(receipt) = receipt_of(&refund.payment) else {
            return failed("the payment's M-Pesa receipt is not known; reverse it by hand");
        };
        let token = match access_token(&config) {
            Ok(token) => token,
            Err(answered) => return Ok(RefundOutcome::Failed(answered.in_words(WHO))),
        };
        let url = |what| requests::callback_url(&config, &secret, what, &refund.idempotency_key);
        let (result, timeout) = (url("refund"), url(TIMED_OUT));
        let (who, what) = ((initiator.as_str(), credential.as_str()), (receipt.as_str(), shillings));
        let body = requests::reversal(&config, who, what, (&result, &timeout));
        Ok(answers::reversal_asked(&ask(&config, "/mpesa/reversal/v1/request", &token, &body)))
    }

    fn query(payment: PaymentReference, config: String) -> Result<PaymentOutcome, Refusal> {
        let config: Config = parse_config(&config)?;
        let Some(checkout) = payment.transaction_id else {
            let why = "M-Pesa's answer to the prompt was lost; without its reference it cannot be asked";
            return Ok(PaymentOutcome::InDoubt(why.to_owned()));
        };
        Ok(look(&config, &checkout))
    }

    fn webhook(callback: Callback, config: String) -> Result<Notice, CallbackRefusal> {
        check_token(&callback.query)?;
        let config: Config =
            parse_config(&config).map_err(|why| CallbackRefusal::Unavailable(format!("{why:?}")))?;
        let body: Value = serde_json::from_slice(&callback.body)
            .map_err(|error| CallbackRefusal::Malformed(error.to_string()))?;
        if parameter(&callback.query, TIMED_OUT).is_some() {
            // It may have been done all the same.
            return Ok(Notice::Nothing("M-Pesa has not carried out a reversal in its time".to_owned()));
        }
        if let (Some(key), Some(outcome)) =
            (parameter(&callback.query, "refund"), answers::reversal_result(&body))
        {
            return Ok(Notice::Refund(RefundNotice { refund: Subject::Key(key.to_owned()), outcome }));
        }
        let (Some(key), Some(told)) = (parameter(&callback.query, "payment"), answers::push_result(&body))
        else {
            return Err(CallbackRefusal::Malformed("it tells of neither a payment nor a refund".to_owned()));
        };
        confirmed(&config, key, told)
    }
}

/// What a callback about a prompt comes to once Daraja has been asked about the prompt.
fn confirmed(config: &Config, key: &str, told: answers::PushResult) -> Result<Notice, CallbackRefusal> {
    let outcome = match (look(config, &told.checkout), told.outcome) {
        (PaymentOutcome::Settled(_), PaymentOutcome::Settled(receipt)) => {
            keep_receipt(key, receipt.as_deref());
            PaymentOutcome::Settled(receipt.or(Some(told.checkout)))
        }
        (PaymentOutcome::Declined(why), PaymentOutcome::Declined(_)) => PaymentOutcome::Declined(why),
        (PaymentOutcome::InDoubt(why), _) => return Err(CallbackRefusal::Unavailable(why)),
        (PaymentOutcome::Pending(_), _) => {
            return Err(CallbackRefusal::Unavailable("M-Pesa still works on this payment".to_owned()));
        }
        (asked, said) => {
            let why = format!("the callback says {said:?}, and M-Pesa when asked {asked:?}");
            // It came with the token: it is kept, and what became of the payment is asked about again.
            return Err(CallbackRefusal::Unavailable(why));
        }
    };
    let (payment, currency) = (Subject::Key(key.to_owned()), Some("KES".to_owned()));
    Ok(Notice::Payment(PaymentNotice { payment, outcome, amount: told.amount, currency }))
}

/// Refuses a callback without the token.
fn check_token(query: &str) -> Result<(), CallbackRefusal> {
    let token = parameter(query, "token").unwrap_or_default();
    match secrets::matches(CALLBACK_TOKEN, token.as_bytes()) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(CallbackRefusal::Unauthentic("its token is not the one that was given out".to_owned()))
        }
        Err(secrets::Error::Unavailable) => {
            Err(CallbackRefusal::Unavailable("the token cannot be read at the moment".to_owned()))
        }
        Err(_) => {
            let why = "no callback is taken before the secret callback-token is set and granted";
            Err(CallbackRefusal::Unauthentic(why.to_owned()))
        }
    }
}

/// Asks what has become of a prompt.
fn look(config: &Config, checkout: &str) -> PaymentOutcome {
    let Some((password, timestamp)) = stamp(config) else {
        return PaymentOutcome::InDoubt("the secret passkey is not set or not granted".to_owned());
    };
    let token = match access_token(config) {
        Ok(token) => token,
        Err(answered) => return PaymentOutcome::InDoubt(answered.in_words(WHO)),
    };
    let body = requests::query(config, (&password, &timestamp), checkout);
    answers::queried(&ask(config, "/mpesa/stkpushquery/v1/query", &token, &body))
}

fn ask(config: &Config, path: &str, token: &str, body: &Value) -> Answered {
    let mut request = post(format!("{}{path}", config.base_url), body, Vec::new());
    let value = format!("Bearer {token}");
    request.headers.push(Header { name: "authorization".to_owned(), value });
    let answered = Answered::from_host(http::send(&request));
    if matches!(answered, Answered::Json { status: 401, .. } | Answered::Other { status: 401 }) {
        // Revoked before its time: the next call gets another.
        let _forgotten = kv::delete(TOKEN_KEY);
    }
    answered
}

/// A token for requests, kept between calls until shortly before its end.
fn access_token(config: &Config) -> Result<String, Answered> {
    if let Ok(Some(kept)) = kv::get(TOKEN_KEY) {
        if let Ok(token) = String::from_utf8(kept) {
            return Ok(token);
        }
    }
    let url = format!("{}/oauth/v1/generate?grant_type=client_credentials", config.base_url);
    let basic = http::Basic { username: CONSUMER_KEY.to_owned(), password: CONSUMER_SECRET.to_owned() };
    let answered = Answered::from_host(http::send(&get(url, vec![Credential::Basic(basic)])));
    let Some((token, seconds)) = answers::token(&answered) else { return Err(answered) };
    let lives_ms = seconds.saturating_sub(TOKEN_MARGIN_S).saturating_mul(1_000);
    if lives_ms > 0 {
        // Without it the next call asks again, which is slower and not wrong.
        let _kept = kv::set(TOKEN_KEY, token.as_bytes(), Some(lives_ms));
    }
    Ok(token)
}

/// Without a token no payment was asked for, whatever became of asking for the token.
fn not_asked(answered: &Answered) -> PaymentOutcome {
    soko_payment::log_info(&answered.in_words(WHO));
    PaymentOutcome::Failed("M-Pesa cannot be reached at the moment; nothing was charged".to_owned())
}

fn not_set_up(secret: &str) -> PaymentOutcome {
    soko_payment::log_info(&format!("the secret {secret} is not set or not granted"));
    PaymentOutcome::Failed("M-Pesa is not set up yet; nothing was charged".to_owned())
}

fn stamp(config: &Config) -> Option<(String, String)> {
    let passkey = secrets::read(PASSKEY).ok()?;
    Some(requests::stamp(config, &passkey, clock::now_ms()))
}

fn readable(name: &str) -> Option<String> {
    String::from_utf8(secrets::read(name).ok()?).ok()
}

fn keep_receipt(key: &str, receipt: Option<&str>) {
    if let Some(receipt) = receipt {
        // Without it a reversal is refused, with the reason.
        let _kept = kv::set(&format!("receipt/{key}"), receipt.as_bytes(), Some(RECEIPT_MS));
    }
}

/// The receipt of a payment: what it was settled under, or what its callback said later.
fn receipt_of(payment: &PaymentReference) -> Option<String> {
    let kept = kv::get(&format!("receipt/{}", payment.idempotency_key)).ok().flatten();
    let kept = kept.and_then(|receipt| String::from_utf8(receipt).ok());
    let settled_under = payment.transaction_id.clone().filter(|id| !id.starts_with("ws_CO_"));
    kept.or(settled_under)
}

#[cfg(target_arch = "wasm32")]
soko_payment::export!(MpesaStk);

#[cfg(test)]
mod tests;
