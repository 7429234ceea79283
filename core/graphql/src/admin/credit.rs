//! Who buys on account: what they may, what they owe, and what happened between them and the shop.

use async_graphql::{Enum, SimpleObject, Union};
use soko_domain::credit::{self, CreditError, CreditRefusal, Excess};
use soko_domain::ledger;
use soko_domain::orders::UnpaidOrder as DomainUnpaidOrder;

use super::ledger::LedgerStatementLine;
use super::order::Order;
use super::refusals::{
    CreditFrozenError, CreditLimitExceededError, CreditNotApprovedError, InsufficientDepositError,
    NothingOwedError, PaymentExceedsOwedError,
};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{Date, DateTime, Id, Money};
use crate::shared::refusals::Refused as _;

/// Whether and how much a customer may buy on account, and what they owe.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "CreditSummary")]
pub struct CreditSummary {
    /// Whose account it is.
    pub customer_id: Id,
    /// Whether there is any credit at all.
    pub is_credit_approved: bool,
    /// Whether no more is given for a while. What is owed can be paid.
    pub credit_frozen: bool,
    /// The most that may be unpaid.
    pub credit_limit: Money,
    /// What is unpaid.
    pub outstanding_amount: Money,
    /// What may be bought on account now.
    pub available_credit: Money,
    /// What the customer has paid ahead.
    pub deposit_balance: Money,
    /// Days in which each order is to be paid.
    pub credit_duration: i64,
    /// When something was last paid.
    pub last_repayment_date: Option<DateTime>,
    /// How much that was.
    pub last_repayment_amount: Option<Money>,
    /// Who approved the credit.
    pub credit_approved_by_user_id: Option<Id>,
    /// Of every amount.
    pub currency_code: String,
}

impl From<&credit::CreditSummary> for CreditSummary {
    fn from(summary: &credit::CreditSummary) -> Self {
        let account = &summary.account;
        Self {
            customer_id: account.party.id().into(),
            is_credit_approved: account.approved,
            credit_frozen: account.frozen,
            credit_limit: Money(account.limit),
            outstanding_amount: Money(summary.balance.unpaid),
            available_credit: Money(summary.available()),
            deposit_balance: Money(summary.balance.ahead),
            credit_duration: account.duration_days,
            last_repayment_date: account.last_payment_at.map(Into::into),
            last_repayment_amount: account.last_payment_amount.map(Money),
            credit_approved_by_user_id: account.approved_by.map(Into::into),
            currency_code: summary.currency.code().to_owned(),
        }
    }
}

/// An order that was bought on account and is not paid yet.
#[derive(SimpleObject)]
#[graphql(name = "UnpaidOrder")]
pub struct UnpaidOrder {
    /// The order.
    pub order: Order,
    /// What is unpaid of it.
    pub outstanding_amount: Money,
    /// The day by which it is to be paid.
    pub due_date: Date,
}

impl From<DomainUnpaidOrder> for UnpaidOrder {
    fn from(unpaid: DomainUnpaidOrder) -> Self {
        Self {
            order: Order::from(unpaid.order),
            outstanding_amount: Money(unpaid.unpaid),
            due_date: Date(unpaid.due),
        }
    }
}

/// What of an order was paid.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaidOrder")]
pub struct PaidOrder {
    /// The order; null for a debt that is of no order.
    pub order_id: Option<Id>,
    /// How much was paid now.
    pub amount_paid: Money,
    /// What is unpaid of it now.
    pub outstanding_amount: Money,
}

/// What was paid of what was bought on account.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaymentAllocation")]
pub struct PaymentAllocation {
    /// Under which it is booked.
    pub payment_id: Id,
    /// What each order got, oldest first.
    pub orders_paid: Vec<PaidOrder>,
    /// All of that.
    pub total_allocated: Money,
    /// What was kept as the customer's deposit.
    pub deposited_amount: Money,
    /// What is to be handed back.
    pub excess_payment: Money,
    /// The customer's account afterwards.
    pub summary: CreditSummary,
}

impl From<&credit::Repayment> for PaymentAllocation {
    fn from(repayment: &credit::Repayment) -> Self {
        let paid = |(order, paid, left): &(Option<soko_kernel::OrderId>, i64, i64)| PaidOrder {
            order_id: order.map(Into::into),
            amount_paid: Money(*paid),
            outstanding_amount: Money(*left),
        };
        Self {
            payment_id: repayment.id.into(),
            orders_paid: repayment.paid.iter().map(paid).collect(),
            total_allocated: Money(repayment.allocated),
            deposited_amount: Money(repayment.kept),
            excess_payment: Money(repayment.returned),
            summary: CreditSummary::from(&repayment.summary),
        }
    }
}

/// What becomes of money above what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "ExcessPayment")]
pub enum ExcessPayment {
    /// It is kept for what comes.
    #[graphql(name = "KEEP")]
    Keep,
    /// It is handed back at once.
    #[graphql(name = "RETURN")]
    Return,
}

impl ExcessPayment {
    /// What the domain is to do; it is handed back where nobody says otherwise.
    pub fn or_return(this: Option<Self>) -> Excess {
        match this {
            Some(Self::Keep) => Excess::Keep,
            Some(Self::Return) | None => Excess::Return,
        }
    }
}

/// What happened between the shop and a customer or supplier in a period, by days.
#[derive(SimpleObject)]
#[graphql(name = "PartyStatement")]
pub struct PartyStatement {
    /// Of every amount.
    pub currency_code: String,
    /// What was unpaid before the period, less what was paid ahead.
    pub opening_balance: Money,
    /// The same at its end.
    pub closing_balance: Money,
    /// This page. An amount above zero makes more unpaid.
    pub items: Vec<LedgerStatementLine>,
    /// Lines in the whole period.
    pub total_items: i64,
}

impl From<&ledger::PartyStatement> for PartyStatement {
    fn from(statement: &ledger::PartyStatement) -> Self {
        Self {
            currency_code: statement.currency.code().to_owned(),
            opening_balance: Money(statement.opening),
            closing_balance: Money(statement.closing),
            items: statement.lines.items.iter().map(LedgerStatementLine::from).collect(),
            total_items: statement.lines.total,
        }
    }
}

/// Whether a customer could buy for so much on account.
#[derive(Union)]
#[graphql(name = "ValidateCreditResult")]
pub enum ValidateCreditResult {
    CreditSummary(CreditSummary),
    CreditNotApprovedError(CreditNotApprovedError),
    CreditFrozenError(CreditFrozenError),
    CreditLimitExceededError(CreditLimitExceededError),
}

/// What was paid, or why nothing was.
#[derive(Union)]
#[graphql(name = "PaymentAllocationResult")]
pub enum PaymentAllocationResult {
    PaymentAllocation(Box<PaymentAllocation>),
    NothingOwedError(NothingOwedError),
    PaymentExceedsOwedError(PaymentExceedsOwedError),
    InsufficientDepositError(InsufficientDepositError),
}

impl PaymentAllocationResult {
    /// The answer of a repayment that came to this.
    ///
    /// # Errors
    /// What is no expected refusal.
    pub(super) fn of(outcome: Result<credit::Repayment, CreditError>) -> ApiResult<Self> {
        let refused = match outcome {
            Ok(repayment) => {
                return Ok(Self::PaymentAllocation(Box::new(PaymentAllocation::from(&repayment))));
            }
            Err(error) => error,
        };
        let message = refused.to_string();
        Ok(match refused {
            CreditError::NothingOwed | CreditError::NothingOwedFor(_) => {
                Self::NothingOwedError(NothingOwedError::new().because(message))
            }
            CreditError::MoreThanOwed { owed } => {
                Self::PaymentExceedsOwedError(PaymentExceedsOwedError::new(Money(owed)).because(message))
            }
            CreditError::Refused(CreditRefusal::DepositExceeded { available }) => {
                Self::InsufficientDepositError(InsufficientDepositError::new(Money(available)))
            }
            error => return Err(error.into()),
        })
    }
}

/// The refusals of buying on account.
pub(super) enum NoCredit {
    NotApproved(CreditNotApprovedError),
    Frozen(CreditFrozenError),
    Limit(CreditLimitExceededError),
    Deposit(InsufficientDepositError),
}

impl NoCredit {
    /// The refusal of an answer.
    ///
    /// # Errors
    /// What is no expected refusal.
    pub(super) fn of(refusal: CreditRefusal) -> ApiResult<Self> {
        Ok(match refusal {
            CreditRefusal::NotApproved => Self::NotApproved(CreditNotApprovedError::new()),
            CreditRefusal::Frozen => Self::Frozen(CreditFrozenError::new()),
            CreditRefusal::LimitExceeded { available } => {
                let error = CreditLimitExceededError::new(Money(available));
                Self::Limit(error.because(refusal.to_string()))
            }
            CreditRefusal::DepositExceeded { available } => {
                let error = InsufficientDepositError::new(Money(available));
                Self::Deposit(error.because(refusal.to_string()))
            }
            CreditRefusal::NotTheCustomer | CreditRefusal::Currency => {
                return Err(ApiError::from(CreditError::Refused(refusal)));
            }
        })
    }
}
