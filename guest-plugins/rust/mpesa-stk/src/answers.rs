//! What Daraja's answers and callbacks mean.

use serde_json::Value;
use soko_payment::amount::minor_of_decimal;
use soko_payment::{Answered, PaymentOutcome, Pending, RefundOutcome};

/// How the provider is called towards people.
pub const WHO: &str = "M-Pesa";

/// A code that Daraja writes as a number here and as a text there.
fn code(document: &Value, name: &str) -> Option<String> {
    match document.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text<'v>(document: &'v Value, name: &str) -> Option<&'v str> {
    document.get(name).and_then(Value::as_str)
}

/// The access token of an answer, and the seconds that it is good for.
pub fn token(answered: &Answered) -> Option<(String, u64)> {
    let Answered::Json { status: 200, body } = answered else { return None };
    let token = text(body, "access_token").filter(|token| !token.is_empty())?;
    let seconds = code(body, "expires_in")?.parse().ok()?;
    Some((token.to_owned(), seconds))
}

/// What came of a prompt that was asked for. A refusal says `errorCode`; one of the server's own faults may come after it
/// has sent the prompt.
pub fn pushed(answered: &Answered) -> PaymentOutcome {
    let Answered::Json { status, body } = answered else { return answered.doubt(WHO) };
    let accepted = code(body, "ResponseCode").as_deref() == Some("0");
    if let (200, true, Some(checkout)) = (*status, accepted, text(body, "CheckoutRequestID")) {
        return PaymentOutcome::Pending(Pending {
            transaction_id: Some(checkout.to_owned()),
            message: "Enter your M-Pesa PIN on your phone to pay.".to_owned(),
            url: None,
        });
    }
    if (400..500).contains(status) && body.get("errorCode").is_some() {
        let said = text(body, "errorMessage").unwrap_or("no reason given");
        return PaymentOutcome::Failed(format!("M-Pesa did not take the payment: {said}"));
    }
    answered.doubt(WHO)
}

/// What has become of a prompt. While the payer has not answered, Daraja says so by an error.
pub fn queried(answered: &Answered) -> PaymentOutcome {
    let Answered::Json { status, body } = answered else {
        return PaymentOutcome::InDoubt(answered.in_words(WHO));
    };
    if let (200, Some(result)) = (*status, code(body, "ResultCode")) {
        return ended(&result, text(body, "ResultDesc").unwrap_or_default(), None);
    }
    let said = text(body, "errorMessage").unwrap_or_default();
    if said.to_ascii_lowercase().contains("being processed") {
        let message = "M-Pesa waits for the payer's PIN.".to_owned();
        return PaymentOutcome::Pending(Pending { transaction_id: None, message, url: None });
    }
    PaymentOutcome::InDoubt(answered.in_words(WHO))
}

/// What a result code means. The codes are those of the STK push; one that is not known here is not taken for a failure.
pub fn ended(result: &str, said: &str, receipt: Option<String>) -> PaymentOutcome {
    let declined = |why: &str| PaymentOutcome::Declined(why.to_owned());
    match result {
        "0" => PaymentOutcome::Settled(receipt),
        "1" => declined("there is not enough money in the M-Pesa account"),
        "1032" => declined("the payment was cancelled on the phone"),
        "1037" | "1019" => declined("the phone did not answer in time"),
        "2001" => declined("the M-Pesa PIN was wrong"),
        "1001" => declined("another M-Pesa payment of this phone is under way; try again in a minute"),
        _ => PaymentOutcome::InDoubt(format!("M-Pesa says {result}: {said}")),
    }
}

/// The result of a prompt, as Daraja tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushResult {
    /// Names the prompt.
    pub checkout: String,
    /// What became of it, with the receipt where it was paid.
    pub outcome: PaymentOutcome,
    /// Minor units that were paid.
    pub amount: Option<i64>,
}

/// Reads a callback about a prompt; none when it is something else.
pub fn push_result(body: &Value) -> Option<PushResult> {
    let callback = body.pointer("/Body/stkCallback")?;
    let checkout = text(callback, "CheckoutRequestID")?.to_owned();
    let result = code(callback, "ResultCode")?;
    let item = |name: &str| {
        let items = callback.pointer("/CallbackMetadata/Item")?.as_array()?;
        items.iter().find(|item| text(item, "Name") == Some(name))?.get("Value")
    };
    let receipt = item("MpesaReceiptNumber").and_then(Value::as_str).map(str::to_owned);
    let amount = match item("Amount") {
        Some(Value::Number(number)) => minor_of_decimal(number),
        _ => None,
    };
    let outcome = ended(&result, text(callback, "ResultDesc").unwrap_or_default(), receipt);
    Some(PushResult { checkout, outcome, amount })
}

/// What came of asking for a reversal. That it was taken in is not that it was done, which a callback says.
pub fn reversal_asked(answered: &Answered) -> RefundOutcome {
    match answered {
        Answered::NotSent(_) => RefundOutcome::Failed(answered.in_words(WHO)),
        Answered::Json { status: 200, body } if code(body, "ResponseCode").as_deref() == Some("0") => {
            RefundOutcome::InDoubt(
                "M-Pesa has taken the reversal in, and will say what came of it".to_owned(),
            )
        }
        Answered::Json { status: 400..=499, body } if body.get("errorCode").is_some() => {
            RefundOutcome::Failed(answered.in_words(WHO))
        }
        other => RefundOutcome::InDoubt(other.in_words(WHO)),
    }
}

/// Reads a callback about a reversal; none when it is something else.
pub fn reversal_result(body: &Value) -> Option<RefundOutcome> {
    let result = body.get("Result")?;
    let said = text(result, "ResultDesc").unwrap_or_default();
    Some(match code(result, "ResultCode")?.as_str() {
        "0" => RefundOutcome::Settled(text(result, "TransactionID").map(str::to_owned)),
        other => RefundOutcome::Failed(format!("M-Pesa says {other}: {said}")),
    })
}
