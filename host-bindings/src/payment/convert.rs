//! What the contract versions share: checking an answer's form, and the words for refusals.

use soko_extension::payment::{
    CallbackRefusal, Notice, PaymentChange, PaymentOutcome, RefundOutcome, Subject,
};
use soko_extension::{FailureKind, PluginFailure};

use super::Answer;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::sandbox::one_line;

/// Bytes of a provider's reference.
const REFERENCE_BYTES_MAX: usize = 200;
/// Bytes of an address that a payer is sent to.
const URL_BYTES_MAX: usize = 2_048;

/// The failure that a guest's own refusal is.
pub(super) fn refusal(name: &str, why: &str) -> PluginFailure {
    PluginFailure::new(FailureKind::Guest, format!("{name}: {}", one_line(why, MESSAGE_BYTES_MAX)))
}

/// An answer whose form is in order: references that a store can hold, messages of one line.
pub(super) fn check(answer: Answer) -> Result<Answer, PluginFailure> {
    Ok(match answer {
        Answer::Outcome(outcome) => Answer::Outcome(check_outcome(outcome)?),
        Answer::Refund(outcome) => Answer::Refund(check_refund(outcome)?),
        Answer::Change(change) => Answer::Change(match change {
            PaymentChange::Done => PaymentChange::Done,
            PaymentChange::Refused { message } => PaymentChange::Refused { message: line(&message) },
            PaymentChange::InDoubt { message } => PaymentChange::InDoubt { message: line(&message) },
        }),
        Answer::Notice(Ok(notice)) => Answer::Notice(Ok(check_notice(notice)?)),
        Answer::Notice(Err(refusal)) => Answer::Notice(Err(match refusal {
            CallbackRefusal::Unauthentic(why) => CallbackRefusal::Unauthentic(line(&why)),
            CallbackRefusal::Malformed(why) => CallbackRefusal::Malformed(line(&why)),
            CallbackRefusal::Unavailable(why) => CallbackRefusal::Unavailable(line(&why)),
        })),
    })
}

fn check_outcome(outcome: PaymentOutcome) -> Result<PaymentOutcome, PluginFailure> {
    match &outcome {
        PaymentOutcome::Authorized { transaction_id } | PaymentOutcome::Settled { transaction_id } => {
            check_reference(transaction_id.as_deref())?;
        }
        PaymentOutcome::Pending { transaction_id, url, .. } => {
            check_reference(transaction_id.as_deref())?;
            check_url(url.as_deref())?;
        }
        _ => {}
    }
    Ok(match outcome {
        PaymentOutcome::Pending { transaction_id, message, url } => {
            PaymentOutcome::Pending { transaction_id, message: line(&message), url }
        }
        PaymentOutcome::Declined { message } => PaymentOutcome::Declined { message: line(&message) },
        PaymentOutcome::Failed { message } => PaymentOutcome::Failed { message: line(&message) },
        PaymentOutcome::InDoubt { message } => PaymentOutcome::InDoubt { message: line(&message) },
        with_money => with_money,
    })
}

fn check_refund(outcome: RefundOutcome) -> Result<RefundOutcome, PluginFailure> {
    Ok(match outcome {
        RefundOutcome::Settled { transaction_id } => {
            check_reference(transaction_id.as_deref())?;
            RefundOutcome::Settled { transaction_id }
        }
        RefundOutcome::Pending { transaction_id } => {
            check_reference(transaction_id.as_deref())?;
            RefundOutcome::Pending { transaction_id }
        }
        RefundOutcome::Failed { message } => RefundOutcome::Failed { message: line(&message) },
        RefundOutcome::InDoubt { message } => RefundOutcome::InDoubt { message: line(&message) },
    })
}

fn check_notice(notice: Notice) -> Result<Notice, PluginFailure> {
    let named = |subject: &Subject| match subject {
        Subject::Key(text) | Subject::Transaction(text) => check_reference(Some(text)),
    };
    Ok(match notice {
        Notice::Payment { payment, outcome, amount, currency } => {
            named(&payment)?;
            if amount.is_some_and(i64::is_negative) {
                return Err(wrong("told of a payment of less than nothing"));
            }
            if currency.as_ref().is_some_and(|code| code.len() != 3 || !code.is_ascii()) {
                return Err(wrong("told of a payment in what is no currency"));
            }
            Notice::Payment { payment, outcome: check_outcome(outcome)?, amount, currency }
        }
        Notice::Refund { refund, outcome } => {
            named(&refund)?;
            Notice::Refund { refund, outcome: check_refund(outcome)? }
        }
        Notice::Nothing(why) => Notice::Nothing(line(&why)),
    })
}

fn check_reference(reference: Option<&str>) -> Result<(), PluginFailure> {
    let odd = |text: &str| {
        text.trim().is_empty() || text.len() > REFERENCE_BYTES_MAX || text.chars().any(char::is_control)
    };
    if reference.is_some_and(odd) {
        let what =
            format!("a provider's reference has 1 to {REFERENCE_BYTES_MAX} bytes and no control characters");
        return Err(wrong(&what));
    }
    Ok(())
}

fn check_url(url: Option<&str>) -> Result<(), PluginFailure> {
    let odd = |text: &str| {
        text.len() > URL_BYTES_MAX || !text.starts_with("https://") || text.chars().any(char::is_control)
    };
    if url.is_some_and(odd) {
        return Err(wrong("the payer can be sent to an HTTPS address of some 2,000 bytes only"));
    }
    Ok(())
}

fn wrong(what: &str) -> PluginFailure {
    PluginFailure::new(FailureKind::Output, what)
}

fn line(text: &str) -> String {
    one_line(text, MESSAGE_BYTES_MAX)
}
