//! Money given back, and the decisions about it that need nothing but it.

use soko_extension::payment::RefundOutcome;
use soko_infra::DatabaseError;
use soko_kernel::{OrderId, OrderLineId, PaymentId, RefundId, Timestamp};

use crate::payments::{Payment, PaymentError};

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundState {
    /// It is to be given back.
    Pending,
    /// It is with the payer.
    Settled,
    /// It was not given back.
    Failed,
}

impl RefundState {
    const ALL: [Self; 3] = [Self::Pending, Self::Settled, Self::Failed];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Settled => "Settled",
            Self::Failed => "Failed",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == name);
        found.ok_or_else(|| DatabaseError::corrupt("refund state", name))
    }
}

/// Money given back of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: RefundId,
    /// What it is given back of.
    pub payment_id: PaymentId,
    /// The order that was paid for.
    pub order_id: OrderId,
    /// Code of the payment method.
    pub method: String,
    /// What it was asked for.
    pub what: RefundParts,
    /// Minor units of the order's currency; above zero.
    pub total: i64,
    /// Where it stands.
    pub state: RefundState,
    /// Whether the handler was asked and its answer is not known.
    pub in_doubt: bool,
    /// The provider's reference.
    pub transaction_id: Option<String>,
    /// Why it was given back.
    pub reason: Option<String>,
    /// Why it failed or is in doubt.
    pub error_message: Option<String>,
    /// The units that it is for; may be none.
    pub lines: Vec<RefundLine>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a refund was asked for, in minor units: the parts that clients name, which say nothing where they name a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RefundParts {
    /// Units of order lines.
    pub items: i64,
    /// Delivery.
    pub shipping: i64,
    /// Something else; less is given back when it is below zero.
    pub adjustment: i64,
}

/// Units that money is given back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct RefundLine {
    /// The refund.
    pub refund_id: RefundId,
    /// Units of which line.
    pub order_line_id: OrderLineId,
    /// How many.
    pub quantity: i64,
}

/// Money that is about to be given back.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// What it was asked for.
    pub what: RefundParts,
    /// Minor units.
    pub total: i64,
    /// Why.
    pub reason: Option<String>,
    /// The units that it is for, each line once.
    pub lines: Vec<(OrderLineId, i64)>,
}

impl NewRefund {
    /// Refuses what is nothing, and what is more than is left of the payment.
    pub(super) fn check(&self, payment: &Payment) -> Result<(), PaymentError> {
        if self.total <= 0 {
            return Err(PaymentError::NothingToRefund);
        }
        let maximum = payment.refundable();
        if self.total > maximum { Err(PaymentError::RefundAmount { maximum }) } else { Ok(()) }
    }
}

impl Refund {
    /// Names the refund towards its handler.
    pub fn idempotency_key(&self) -> String {
        format!("refund-{}", self.id)
    }

    /// Takes the handler's answer, once. In doubt, the refund stays as it is, with the reason.
    pub(super) fn record(&mut self, outcome: RefundOutcome) -> Result<(), PaymentError> {
        if self.in_doubt { self.tell(outcome) } else { Err(self.refuse(&outcome)) }
    }

    /// Takes what is known of it by another way than its handler's answer: of one that is merely pending, too.
    pub(super) fn tell(&mut self, outcome: RefundOutcome) -> Result<(), PaymentError> {
        if self.state != RefundState::Pending {
            return Err(self.refuse(&outcome));
        }
        let (to, in_doubt, transaction_id, message) = match outcome {
            RefundOutcome::Settled { transaction_id } => (RefundState::Settled, false, transaction_id, None),
            RefundOutcome::Pending { transaction_id } => (RefundState::Pending, false, transaction_id, None),
            RefundOutcome::Failed { message } => (RefundState::Failed, false, None, Some(message)),
            RefundOutcome::InDoubt { message } => (RefundState::Pending, true, None, Some(message)),
        };
        self.state = to;
        self.in_doubt = in_doubt;
        self.transaction_id = transaction_id.or(self.transaction_id.take());
        self.error_message = message;
        Ok(())
    }

    fn refuse(&self, outcome: &RefundOutcome) -> PaymentError {
        let to = match outcome {
            RefundOutcome::Settled { .. } => RefundState::Settled,
            RefundOutcome::Failed { .. } => RefundState::Failed,
            RefundOutcome::Pending { .. } | RefundOutcome::InDoubt { .. } => RefundState::Pending,
        };
        PaymentError::RefundTransition { from: self.state, to }
    }

    /// Takes it that somebody gave the money back by hand. Not while the handler may still do it.
    pub(super) fn settle(&mut self, transaction_id: String) -> Result<(), PaymentError> {
        let to = RefundState::Settled;
        if self.state != RefundState::Pending || self.in_doubt {
            return Err(PaymentError::RefundTransition { from: self.state, to });
        }
        self.state = to;
        self.transaction_id = Some(transaction_id);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use super::*;

    fn refund() -> Refund {
        Refund {
            id: RefundId(1),
            payment_id: PaymentId(2),
            order_id: OrderId(3),
            method: "cash".into(),
            what: RefundParts::default(),
            total: 100,
            state: RefundState::Pending,
            in_doubt: true,
            transaction_id: None,
            reason: None,
            error_message: None,
            lines: Vec::new(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn is_answered_once_and_settled_by_hand_only_when_nobody_else_may() {
        let mut one = refund();
        assert!(one.settle("r-1".into()).is_err());
        one.record(RefundOutcome::InDoubt { message: "no answer".into() }).unwrap();
        assert_eq!((one.state, one.in_doubt), (RefundState::Pending, true));
        one.record(RefundOutcome::Pending { transaction_id: None }).unwrap();
        assert!(one.record(RefundOutcome::Failed { message: "late".into() }).is_err());
        one.settle("r-1".into()).unwrap();
        assert_eq!((one.state, one.transaction_id.as_deref()), (RefundState::Settled, Some("r-1")));
        assert!(one.settle("r-2".into()).is_err());
    }

    #[test]
    fn is_told_of_once_whether_it_is_in_doubt_or_pending() {
        let failed = || RefundOutcome::Failed { message: "no".into() };
        for before in [
            RefundOutcome::InDoubt { message: "no answer".into() },
            RefundOutcome::Pending { transaction_id: Some("p-1".into()) },
        ] {
            let mut one = refund();
            one.record(before).unwrap();
            one.tell(RefundOutcome::Settled { transaction_id: Some("r-1".into()) }).unwrap();
            assert_eq!((one.state, one.transaction_id.as_deref()), (RefundState::Settled, Some("r-1")));
            assert!(!one.in_doubt);
            let late = one.tell(failed());
            let (from, to) = (RefundState::Settled, RefundState::Failed);
            assert!(
                matches!(late, Err(PaymentError::RefundTransition { from: f, to: t }) if (f, t) == (from, to))
            );
        }
    }
}
