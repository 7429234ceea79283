//! What Paystack's answers and events mean.

use serde_json::Value;
use soko_payment::{Answered, PaymentOutcome, Pending, RefundOutcome};

/// How the provider is called towards people.
pub const WHO: &str = "Paystack";

fn text<'v>(document: &'v Value, name: &str) -> Option<&'v str> {
    document.get(name).and_then(Value::as_str)
}

/// The `data` of an answer that says `status: true`.
fn data(answered: &Answered) -> Option<&Value> {
    let Answered::Json { status: 200..=299, body } = answered else { return None };
    body.get("data").filter(|_| body.get("status") == Some(&Value::Bool(true)))
}

/// Whether the answer is a refusal of the request as such: nothing was charged by it.
fn refused(answered: &Answered) -> Option<&str> {
    match answered {
        Answered::Json { status: 400..=499, body } if body.get("status") == Some(&Value::Bool(false)) => {
            text(body, "message")
        }
        _ => None,
    }
}

/// What came of asking for a page to pay on.
pub fn initialized(answered: &Answered, reference: &str) -> PaymentOutcome {
    match data(answered).and_then(|data| text(data, "authorization_url")) {
        Some(url) => PaymentOutcome::Pending(Pending {
            transaction_id: Some(reference.to_owned()),
            message: "Pay on Paystack's page.".to_owned(),
            url: Some(url.to_owned()),
        }),
        None => not_taken(answered, reference),
    }
}

/// What came of asking for a charge on a phone.
pub fn charged(answered: &Answered, reference: &str) -> PaymentOutcome {
    let Some(data) = data(answered) else { return not_taken(answered, reference) };
    // Success is believed when it is asked for again: the answer to a charge names no amount to hold it to.
    match text(data, "status") {
        Some("failed") => declined(data),
        _ => PaymentOutcome::Pending(Pending {
            transaction_id: Some(reference.to_owned()),
            message: text(data, "display_text").unwrap_or("Confirm the payment on your phone.").to_owned(),
            url: None,
        }),
    }
}

/// A refusal is certain, except that a reference is there already: then an earlier request got through.
fn not_taken(answered: &Answered, reference: &str) -> PaymentOutcome {
    match refused(answered) {
        Some(why) if why.to_ascii_lowercase().contains("duplicate") => PaymentOutcome::Pending(Pending {
            transaction_id: Some(reference.to_owned()),
            message: "The payment was asked for already.".to_owned(),
            url: None,
        }),
        Some(why) => PaymentOutcome::Failed(format!("Paystack did not take the payment: {why}")),
        None => answered.doubt(WHO),
    }
}

fn declined(data: &Value) -> PaymentOutcome {
    let why = text(data, "gateway_response").or_else(|| text(data, "message"));
    PaymentOutcome::Declined(format!("the payment failed: {}", why.unwrap_or("no reason given")))
}

/// A transaction as Paystack has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// By which it was asked for.
    pub reference: String,
    /// What became of it.
    pub outcome: PaymentOutcome,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Reads a transaction; none when something is missing.
pub fn transaction(data: &Value) -> Option<Transaction> {
    let reference = text(data, "reference")?.to_owned();
    let outcome = match text(data, "status")? {
        "success" => PaymentOutcome::Settled(Some(reference.clone())),
        "failed" => declined(data),
        // An abandoned one can still be paid on its page.
        "abandoned" | "ongoing" | "pending" | "processing" | "queued" | "pay_offline" | "send_otp" => {
            PaymentOutcome::Pending(Pending {
                transaction_id: Some(reference.clone()),
                message: "Paystack waits for the payer.".to_owned(),
                url: None,
            })
        }
        other => PaymentOutcome::InDoubt(format!("Paystack says {other}")),
    };
    let (amount, currency) = (data.get("amount")?.as_i64()?, text(data, "currency")?.to_owned());
    Some(Transaction { reference, outcome, amount, currency })
}

/// What Paystack says when it is asked about a reference. One that it does not know may still be on its way.
pub fn verified(answered: &Answered) -> Result<Transaction, String> {
    data(answered).and_then(transaction).ok_or_else(|| answered.in_words(WHO))
}

/// What came of asking for money to be given back. What is only queued is told of later.
pub fn refund_asked(answered: &Answered) -> RefundOutcome {
    if let Some(data) = data(answered) {
        return refund_status(data).unwrap_or_else(|| RefundOutcome::InDoubt(answered.in_words(WHO)));
    }
    match (refused(answered), answered) {
        (Some(why), _) => RefundOutcome::Failed(format!("Paystack did not take the refund: {why}")),
        (None, Answered::NotSent(_)) => RefundOutcome::Failed(answered.in_words(WHO)),
        (None, _) => RefundOutcome::InDoubt(answered.in_words(WHO)),
    }
}

/// What a refund's status means.
pub fn refund_status(data: &Value) -> Option<RefundOutcome> {
    let id = data.get("id").map(ToString::to_string);
    Some(match text(data, "status")? {
        "processed" => RefundOutcome::Settled(id),
        "failed" => RefundOutcome::Failed("Paystack could not give the money back".to_owned()),
        "pending" | "processing" | "needs-attention" => RefundOutcome::InDoubt(
            "Paystack has taken the refund in, and will say what came of it".to_owned(),
        ),
        _ => return None,
    })
}
