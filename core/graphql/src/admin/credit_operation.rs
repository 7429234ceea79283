//! What those who sell do about buying on account.

use async_graphql::{Context, InputObject, Object, Union};
use soko_domain::credit::{CreditError, RepaymentInput, Tender};
use soko_domain::ledger::{Party, Period};
use soko_domain::orders::{OrderError, PaymentInput};
use soko_kernel::{ErrorKind, ListQuery};

use super::credit::{
    CreditSummary, ExcessPayment, NoCredit, PartyStatement, PaymentAllocationResult, UnpaidOrder,
    ValidateCreditResult,
};
use super::order::Order;
use super::order_operation::order_transition;
use super::refusals::{
    CreditFrozenError, CreditLimitExceededError, CreditNotApprovedError, InsufficientDepositError,
    ManualPaymentStateError, PaymentExceedsOwedError,
};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{Date, Id, Money};
use crate::shared::refusals::{OrderStateTransitionError, Refused as _};

/// What a customer might buy for on account.
#[derive(InputObject)]
#[graphql(name = "ValidateCreditInput")]
pub struct ValidateCreditInput {
    /// The customer.
    pub customer_id: Id,
    /// With tax.
    pub estimated_order_total: Money,
}

/// Whether a customer may buy on account; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "ApproveCustomerCreditInput")]
pub struct ApproveCustomerCreditInput {
    /// The customer.
    pub customer_id: Id,
    /// Whether there is credit.
    pub approved: bool,
    /// The most that may be unpaid.
    pub credit_limit: Option<Money>,
    /// Days in which each order is to be paid.
    pub credit_duration: Option<i64>,
}

/// Another limit; the days stay when absent.
#[derive(InputObject)]
#[graphql(name = "UpdateCustomerCreditLimitInput")]
pub struct UpdateCustomerCreditLimitInput {
    /// The customer.
    pub customer_id: Id,
    /// The most that may be unpaid.
    pub credit_limit: Money,
    /// Days in which each order is to be paid.
    pub credit_duration: Option<i64>,
}

/// Other days to pay.
#[derive(InputObject)]
#[graphql(name = "UpdateCreditDurationInput")]
pub struct UpdateCreditDurationInput {
    /// The customer.
    pub customer_id: Id,
    /// Days in which each order is to be paid.
    pub credit_duration: i64,
}

/// A balance to be corrected.
#[derive(InputObject)]
#[graphql(name = "OverrideCustomerBalanceInput")]
pub struct OverrideCustomerBalanceInput {
    /// The customer.
    pub customer_id: Id,
    /// By how much: above zero the customer owes more.
    pub change: Money,
    /// Why.
    pub reason: String,
}

/// A customer's money for what they owe.
#[derive(InputObject)]
#[graphql(name = "PaymentAllocationInput")]
pub struct PaymentAllocationInput {
    /// The customer.
    pub customer_id: Id,
    /// How much.
    pub payment_amount: Money,
    /// The orders that it is for; the oldest first when absent.
    pub order_ids: Option<Vec<Id>>,
    /// The account of cash that the money is on now. Either this or the deposit.
    pub cash_account_id: Option<Id>,
    /// Whether it is taken out of the customer's deposit.
    pub from_deposit: Option<bool>,
    /// What becomes of what is left; it is handed back when absent.
    pub excess: Option<ExcessPayment>,
}

/// Money for one order that was bought on account.
#[derive(InputObject)]
#[graphql(name = "PaySingleOrderInput")]
pub struct PaySingleOrderInput {
    /// The order.
    pub order_id: Id,
    /// How much, at most what is unpaid of it.
    pub payment_amount: Money,
    /// The account of cash that the money is on now. Either this or the deposit.
    pub cash_account_id: Option<Id>,
    /// Whether it is taken out of the customer's deposit.
    pub from_deposit: Option<bool>,
}

/// A payment of an order on its customer's account.
#[derive(InputObject)]
#[graphql(name = "CreditPaymentInput")]
pub struct CreditPaymentInput {
    /// The order.
    pub order_id: Id,
    /// Code of a payment method on account.
    pub method: String,
    /// How much; all that is left to pay when absent.
    pub amount: Option<Money>,
}

/// The order with its payment.
#[derive(Union)]
#[graphql(name = "AddCreditPaymentToOrderResult")]
pub enum AddCreditPaymentToOrderResult {
    Order(Box<Order>),
    CreditNotApprovedError(CreditNotApprovedError),
    CreditFrozenError(CreditFrozenError),
    CreditLimitExceededError(CreditLimitExceededError),
    InsufficientDepositError(InsufficientDepositError),
    PaymentExceedsOwedError(PaymentExceedsOwedError),
    ManualPaymentStateError(ManualPaymentStateError),
    OrderStateTransitionError(OrderStateTransitionError),
}

/// Queries of who buys on account.
#[derive(Default)]
pub struct CreditQuery;

#[Object]
impl CreditQuery {
    /// Whether and how much a customer may buy on account, and what they owe.
    async fn credit_summary(&self, context: &Context<'_>, customer_id: Id) -> ApiResult<CreditSummary> {
        let request = context.request();
        let party = Party::Customer(customer_id.into());
        let summary = request.services.credit.summary(&request.actor(), party).await?;
        Ok(CreditSummary::from(&summary))
    }

    /// Whether a customer could buy for so much on account now. It is decided again when they do.
    async fn validate_credit(
        &self,
        context: &Context<'_>,
        input: ValidateCreditInput,
    ) -> ApiResult<ValidateCreditResult> {
        use ValidateCreditResult as R;
        let request = context.request();
        let (customer, amount) = (input.customer_id.into(), input.estimated_order_total.0);
        let refusal = match request.services.credit.validate(&request.actor(), customer, amount).await {
            Ok(summary) => return Ok(R::CreditSummary(CreditSummary::from(&summary))),
            Err(CreditError::Refused(refusal)) => refusal,
            Err(error) => return Err(error.into()),
        };
        Ok(match NoCredit::of(refusal)? {
            NoCredit::NotApproved(error) => R::CreditNotApprovedError(error),
            NoCredit::Frozen(error) => R::CreditFrozenError(error),
            NoCredit::Limit(error) => R::CreditLimitExceededError(error),
            NoCredit::Deposit(_) => return Err(CreditError::Refused(refusal).into()),
        })
    }

    /// A customer's orders that were bought on account and are not paid yet, oldest first.
    async fn unpaid_orders_for_customer(
        &self,
        context: &Context<'_>,
        customer_id: Id,
    ) -> ApiResult<Vec<UnpaidOrder>> {
        let request = context.request();
        let unpaid = request.services.orders.unpaid_of_customer(&request.actor(), customer_id.into()).await?;
        Ok(unpaid.into_iter().map(UnpaidOrder::from).collect())
    }

    /// What happened between the shop and a customer from one day to another, both counted.
    async fn customer_statement(
        &self,
        context: &Context<'_>,
        customer_id: Id,
        from: Date,
        to: Date,
        skip: Option<i32>,
        take: Option<i32>,
    ) -> ApiResult<PartyStatement> {
        let period = Period { from: from.0, to: to.0 };
        party_statement(context, Party::Customer(customer_id.into()), period, (skip, take)).await
    }
}

/// Changes of who buys on account, and of what they owe.
#[derive(Default)]
pub struct CreditMutation;

#[Object]
impl CreditMutation {
    /// Approves a customer's credit or takes the approval back.
    async fn approve_customer_credit(
        &self,
        context: &Context<'_>,
        input: ApproveCustomerCreditInput,
    ) -> ApiResult<CreditSummary> {
        let request = context.request();
        let party = Party::Customer(input.customer_id.into());
        let terms = (input.credit_limit.map(|limit| limit.0), input.credit_duration);
        let credit = &request.services.credit;
        let summary = credit.approve(&request.actor(), party, input.approved, terms).await?;
        Ok(CreditSummary::from(&summary))
    }

    /// Changes the most that a customer may owe.
    async fn update_customer_credit_limit(
        &self,
        context: &Context<'_>,
        input: UpdateCustomerCreditLimitInput,
    ) -> ApiResult<CreditSummary> {
        let terms = (Some(input.credit_limit.0), input.credit_duration);
        set_terms(context, input.customer_id, terms).await
    }

    /// Changes the days in which a customer is to pay each order.
    async fn update_credit_duration(
        &self,
        context: &Context<'_>,
        input: UpdateCreditDurationInput,
    ) -> ApiResult<CreditSummary> {
        set_terms(context, input.customer_id, (None, Some(input.credit_duration))).await
    }

    /// Gives a customer no more credit for a while. What is owed can be paid.
    async fn freeze_customer_credit(
        &self,
        context: &Context<'_>,
        customer_id: Id,
    ) -> ApiResult<CreditSummary> {
        set_frozen(context, customer_id, true).await
    }

    /// Gives a customer credit again.
    async fn unfreeze_customer_credit(
        &self,
        context: &Context<'_>,
        customer_id: Id,
    ) -> ApiResult<CreditSummary> {
        set_frozen(context, customer_id, false).await
    }

    /// Corrects what a customer owes, and books it.
    async fn override_customer_balance(
        &self,
        context: &Context<'_>,
        input: OverrideCustomerBalanceInput,
    ) -> ApiResult<CreditSummary> {
        let request = context.request();
        let party = Party::Customer(input.customer_id.into());
        let credit = &request.services.credit;
        let changed = credit.override_balance(&request.actor(), party, input.change.0, input.reason).await?;
        Ok(CreditSummary::from(&changed))
    }

    /// Takes a customer's money for what they owe.
    async fn allocate_bulk_payment(
        &self,
        context: &Context<'_>,
        input: PaymentAllocationInput,
    ) -> ApiResult<PaymentAllocationResult> {
        let request = context.request();
        let repayment = RepaymentInput {
            customer: input.customer_id.into(),
            amount: input.payment_amount.0,
            tender: tender(input.cash_account_id, input.from_deposit)?,
            orders: input.order_ids.map(|orders| orders.into_iter().map(Into::into).collect()),
            excess: ExcessPayment::or_return(input.excess),
        };
        PaymentAllocationResult::of(request.services.credit.repay(&request.actor(), repayment).await)
    }

    /// Takes a customer's money for one order.
    async fn pay_single_order(
        &self,
        context: &Context<'_>,
        input: PaySingleOrderInput,
    ) -> ApiResult<PaymentAllocationResult> {
        let request = context.request();
        let tender = tender(input.cash_account_id, input.from_deposit)?;
        let (order, amount) = (input.order_id.into(), input.payment_amount.0);
        let orders = &request.services.orders;
        match orders.pay_single_order(&request.actor(), order, amount, tender).await {
            Ok(repayment) => PaymentAllocationResult::of(Ok(repayment)),
            Err(OrderError::Credit(error)) => PaymentAllocationResult::of(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Pays an order, or a part of it, on its customer's account.
    async fn add_credit_payment_to_order(
        &self,
        context: &Context<'_>,
        input: CreditPaymentInput,
    ) -> ApiResult<AddCreditPaymentToOrderResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let metadata = match input.amount {
            Some(amount) => serde_json::json!({ "allocatedAmount": amount.0 }),
            None => serde_json::json!({}),
        };
        let payment = PaymentInput { method: input.method, metadata };
        match request.services.orders.pay_on_account(&actor, input.order_id.into(), payment).await {
            Ok(order) => Ok(AddCreditPaymentToOrderResult::Order(Box::new(Order::from(order)))),
            Err(error) => not_added(error),
        }
    }
}

fn not_added(error: OrderError) -> ApiResult<AddCreditPaymentToOrderResult> {
    use AddCreditPaymentToOrderResult as R;
    let message = error.to_string();
    Ok(match error {
        OrderError::CreditRefused(refusal) => match NoCredit::of(refusal)? {
            NoCredit::NotApproved(error) => R::CreditNotApprovedError(error),
            NoCredit::Frozen(error) => R::CreditFrozenError(error),
            NoCredit::Limit(error) => R::CreditLimitExceededError(error),
            NoCredit::Deposit(error) => R::InsufficientDepositError(error),
        },
        OrderError::Payment(soko_domain::payments::PaymentError::Amount { outstanding }) => {
            let refusal = PaymentExceedsOwedError::new(Money(outstanding));
            R::PaymentExceedsOwedError(refusal.because(message))
        }
        OrderError::PaymentState => R::ManualPaymentStateError(ManualPaymentStateError::new()),
        error @ OrderError::StateTransition { .. } => R::OrderStateTransitionError(order_transition(error)?),
        error => return Err(error.into()),
    })
}

/// Where the money comes from: one of the two.
fn tender(cash_account: Option<Id>, from_deposit: Option<bool>) -> ApiResult<Tender> {
    match (cash_account, from_deposit) {
        (Some(account), None | Some(false)) => Ok(Tender::Cash(account.into())),
        (None, Some(true)) => Ok(Tender::Deposit),
        _ => {
            let message = "the money is on an account of cash or taken out of the deposit: name one of them";
            Err(ApiError::new(ErrorKind::InvalidInput, message))
        }
    }
}

async fn set_terms(
    context: &Context<'_>,
    customer: Id,
    terms: (Option<i64>, Option<i64>),
) -> ApiResult<CreditSummary> {
    let request = context.request();
    let party = Party::Customer(customer.into());
    let summary = request.services.credit.set_terms(&request.actor(), party, terms).await?;
    Ok(CreditSummary::from(&summary))
}

async fn set_frozen(context: &Context<'_>, customer: Id, frozen: bool) -> ApiResult<CreditSummary> {
    let request = context.request();
    let party = Party::Customer(customer.into());
    let summary = request.services.credit.set_frozen(&request.actor(), party, frozen).await?;
    Ok(CreditSummary::from(&summary))
}

pub(super) async fn party_statement(
    context: &Context<'_>,
    party: Party,
    period: Period,
    (skip, take): (Option<i32>, Option<i32>),
) -> ApiResult<PartyStatement> {
    let page = ListQuery::try_new(skip.map(i64::from), take.map(i64::from), Vec::new(), None)?;
    let request = context.request();
    let statement = request.services.credit.statement(&request.actor(), party, period, &page).await?;
    Ok(PartyStatement::from(&statement))
}
