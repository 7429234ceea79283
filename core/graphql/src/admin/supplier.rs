//! Buying of suppliers on account, and paying them.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use soko_domain::credit::{self, CreditError, NewPurchase, SupplierPaymentInput as NewSupplierPayment};
use soko_domain::ledger::{Party, Period};

use super::credit::{ExcessPayment, NoCredit, PartyStatement};
use super::credit_operation::party_statement;
use super::refusals::{
    CreditFrozenError, CreditLimitExceededError, CreditNotApprovedError, NothingOwedError,
    PurchaseReferenceInUseError,
};
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{Date, DateTime, Id, Money};
use crate::shared::refusals::Refused as _;

/// Whether and how much is bought of a supplier on account, and what is owed to them.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "SupplierCreditSummary")]
pub struct SupplierCreditSummary {
    /// Whose account it is.
    pub supplier_id: Id,
    /// Whether anything is bought on account.
    pub is_supplier_credit_approved: bool,
    /// Whether nothing more is bought on account for a while.
    pub supplier_credit_frozen: bool,
    /// The most that may be unpaid.
    pub supplier_credit_limit: Money,
    /// What is unpaid.
    pub outstanding_amount: Money,
    /// What may be bought on account now.
    pub available_credit: Money,
    /// What was paid ahead.
    pub advance_balance: Money,
    /// Days in which each purchase is to be paid.
    pub supplier_credit_duration: i64,
    /// When something was last paid.
    pub last_repayment_date: Option<DateTime>,
    /// How much that was.
    pub last_repayment_amount: Option<Money>,
    /// Of every amount.
    pub currency_code: String,
}

impl From<&credit::CreditSummary> for SupplierCreditSummary {
    fn from(summary: &credit::CreditSummary) -> Self {
        let account = &summary.account;
        Self {
            supplier_id: account.party.id().into(),
            is_supplier_credit_approved: account.approved,
            supplier_credit_frozen: account.frozen,
            supplier_credit_limit: Money(account.limit),
            outstanding_amount: Money(summary.balance.unpaid),
            available_credit: Money(summary.available()),
            advance_balance: Money(summary.balance.ahead),
            supplier_credit_duration: account.duration_days,
            last_repayment_date: account.last_payment_at.map(Into::into),
            last_repayment_amount: account.last_payment_amount.map(Money),
            currency_code: summary.currency.code().to_owned(),
        }
    }
}

/// Goods bought of a supplier.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "SupplierPurchase")]
pub struct SupplierPurchase {
    /// Its id.
    pub id: Id,
    /// Who sold them.
    pub supplier_id: Id,
    /// The supplier's number of it.
    pub reference_number: String,
    /// What they cost.
    pub total_cost: Money,
    /// What is unpaid of it.
    pub outstanding_amount: Money,
    /// Whether they were bought on account.
    pub is_credit_purchase: bool,
    /// For people.
    pub notes: String,
    /// The day on which they were bought.
    pub purchase_date: Date,
    /// When it was written down.
    pub created_at: DateTime,
}

impl From<&credit::Purchase> for SupplierPurchase {
    fn from(purchase: &credit::Purchase) -> Self {
        Self {
            id: purchase.id.into(),
            supplier_id: purchase.supplier.into(),
            reference_number: purchase.reference.clone(),
            total_cost: Money(purchase.cost),
            outstanding_amount: Money(purchase.cost - purchase.paid),
            is_credit_purchase: purchase.is_credit,
            notes: purchase.memo.clone(),
            purchase_date: Date(purchase.purchased_on),
            created_at: purchase.created_at.into(),
        }
    }
}

/// What of a purchase was paid.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaidPurchase")]
pub struct PaidPurchase {
    /// The purchase.
    pub purchase_id: Id,
    /// How much was paid now.
    pub amount_paid: Money,
    /// What is unpaid of it now.
    pub outstanding_amount: Money,
}

/// What a supplier was paid.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "SupplierPaymentAllocation")]
pub struct SupplierPaymentAllocation {
    /// Under which it is booked.
    pub payment_id: Id,
    /// What each purchase got, oldest first.
    pub purchases_paid: Vec<PaidPurchase>,
    /// What went to what was owed.
    pub total_allocated: Money,
    /// What was paid ahead.
    pub advance_amount: Money,
    /// What stays with the shop.
    pub excess_payment: Money,
    /// The supplier's account afterwards.
    pub summary: SupplierCreditSummary,
}

impl From<&credit::SupplierPayment> for SupplierPaymentAllocation {
    fn from(payment: &credit::SupplierPayment) -> Self {
        let paid = |paid: &credit::PaidPurchase| PaidPurchase {
            purchase_id: paid.id.into(),
            amount_paid: Money(paid.amount),
            outstanding_amount: Money(paid.unpaid),
        };
        Self {
            payment_id: payment.id.into(),
            purchases_paid: payment.paid.iter().map(paid).collect(),
            total_allocated: Money(payment.allocated),
            advance_amount: Money(payment.kept),
            excess_payment: Money(payment.returned),
            summary: SupplierCreditSummary::from(&payment.summary),
        }
    }
}

/// Whether and how much is bought of a supplier on account; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "ApproveSupplierCreditInput")]
pub struct ApproveSupplierCreditInput {
    /// The supplier.
    pub supplier_id: Id,
    /// Whether anything is bought on account.
    pub approved: bool,
    /// The most that may be unpaid.
    pub supplier_credit_limit: Option<Money>,
    /// Days in which each purchase is to be paid.
    pub supplier_credit_duration: Option<i64>,
}

/// Another limit; the days stay when absent.
#[derive(InputObject)]
#[graphql(name = "UpdateSupplierCreditLimitInput")]
pub struct UpdateSupplierCreditLimitInput {
    /// The supplier.
    pub supplier_id: Id,
    /// The most that may be unpaid.
    pub supplier_credit_limit: Money,
    /// Days in which each purchase is to be paid.
    pub supplier_credit_duration: Option<i64>,
}

/// Other days to pay.
#[derive(InputObject)]
#[graphql(name = "UpdateSupplierCreditDurationInput")]
pub struct UpdateSupplierCreditDurationInput {
    /// The supplier.
    pub supplier_id: Id,
    /// Days in which each purchase is to be paid.
    pub supplier_credit_duration: i64,
}

/// Goods that were bought of a supplier.
#[derive(InputObject)]
#[graphql(name = "RecordPurchaseInput")]
pub struct RecordPurchaseInput {
    /// Who sold them.
    pub supplier_id: Id,
    /// The supplier's number of it; the same one again is refused.
    pub reference_number: String,
    /// What they cost.
    pub total_cost: Money,
    /// Whether they are counted as stock; they are, when absent.
    pub stocked: Option<bool>,
    /// The account of cash that they were paid from; absent when they are bought on account.
    pub paid_from_account_id: Option<Id>,
    /// For people.
    pub notes: Option<String>,
    /// The day on which they were bought; today when absent.
    pub purchase_date: Option<Date>,
}

/// Money for a supplier.
#[derive(InputObject)]
#[graphql(name = "SupplierPaymentAllocationInput")]
pub struct SupplierPaymentAllocationInput {
    /// Who.
    pub supplier_id: Id,
    /// How much.
    pub payment_amount: Money,
    /// The account of cash that it leaves.
    pub paid_from_account_id: Id,
    /// The purchases that it is for; the oldest first when absent.
    pub purchase_ids: Option<Vec<Id>>,
    /// What becomes of what is left; it stays with the shop when absent.
    pub excess: Option<ExcessPayment>,
}

/// A balance to be corrected.
#[derive(InputObject)]
#[graphql(name = "OverrideSupplierBalanceInput")]
pub struct OverrideSupplierBalanceInput {
    /// The supplier.
    pub supplier_id: Id,
    /// By how much: above zero more is owed.
    pub change: Money,
    /// Why.
    pub reason: String,
}

/// The purchase, or why it was not written down.
#[derive(Union)]
#[graphql(name = "RecordPurchaseResult")]
pub enum RecordPurchaseResult {
    SupplierPurchase(SupplierPurchase),
    CreditNotApprovedError(CreditNotApprovedError),
    CreditFrozenError(CreditFrozenError),
    CreditLimitExceededError(CreditLimitExceededError),
    PurchaseReferenceInUseError(PurchaseReferenceInUseError),
}

/// What was paid, or why nothing was.
#[derive(Union)]
#[graphql(name = "SupplierPaymentAllocationResult")]
pub enum SupplierPaymentAllocationResult {
    SupplierPaymentAllocation(Box<SupplierPaymentAllocation>),
    NothingOwedError(NothingOwedError),
}

/// Queries of suppliers.
#[derive(Default)]
pub struct SupplierQuery;

#[Object]
impl SupplierQuery {
    /// Whether and how much is bought of a supplier on account, and what is owed to them.
    async fn supplier_credit_summary(
        &self,
        context: &Context<'_>,
        supplier_id: Id,
    ) -> ApiResult<SupplierCreditSummary> {
        let request = context.request();
        let party = Party::Supplier(supplier_id.into());
        let summary = request.services.credit.summary(&request.actor(), party).await?;
        Ok(SupplierCreditSummary::from(&summary))
    }

    /// What was bought of a supplier and is not paid yet, oldest first.
    async fn unpaid_purchases_for_supplier(
        &self,
        context: &Context<'_>,
        supplier_id: Id,
    ) -> ApiResult<Vec<SupplierPurchase>> {
        let request = context.request();
        let unpaid = request.services.credit.unpaid_purchases(&request.actor(), supplier_id.into()).await?;
        Ok(unpaid.iter().map(SupplierPurchase::from).collect())
    }

    /// What happened between the shop and a supplier from one day to another, both counted.
    async fn supplier_statement(
        &self,
        context: &Context<'_>,
        supplier_id: Id,
        from: Date,
        to: Date,
        skip: Option<i32>,
        take: Option<i32>,
    ) -> ApiResult<PartyStatement> {
        let period = Period { from: from.0, to: to.0 };
        party_statement(context, Party::Supplier(supplier_id.into()), period, (skip, take)).await
    }
}

/// Changes of what is bought of suppliers and paid to them.
#[derive(Default)]
pub struct SupplierMutation;

#[Object]
impl SupplierMutation {
    /// Says whether anything is bought of a supplier on account.
    async fn approve_supplier_credit(
        &self,
        context: &Context<'_>,
        input: ApproveSupplierCreditInput,
    ) -> ApiResult<SupplierCreditSummary> {
        let request = context.request();
        let party = Party::Supplier(input.supplier_id.into());
        let terms = (input.supplier_credit_limit.map(|limit| limit.0), input.supplier_credit_duration);
        let credit = &request.services.credit;
        let summary = credit.approve(&request.actor(), party, input.approved, terms).await?;
        Ok(SupplierCreditSummary::from(&summary))
    }

    /// Changes the most that may be owed to a supplier.
    async fn update_supplier_credit_limit(
        &self,
        context: &Context<'_>,
        input: UpdateSupplierCreditLimitInput,
    ) -> ApiResult<SupplierCreditSummary> {
        let terms = (Some(input.supplier_credit_limit.0), input.supplier_credit_duration);
        set_terms(context, input.supplier_id, terms).await
    }

    /// Changes the days in which each purchase of a supplier is to be paid.
    async fn update_supplier_credit_duration(
        &self,
        context: &Context<'_>,
        input: UpdateSupplierCreditDurationInput,
    ) -> ApiResult<SupplierCreditSummary> {
        set_terms(context, input.supplier_id, (None, Some(input.supplier_credit_duration))).await
    }

    /// Writes down goods bought of a supplier, and books them.
    async fn record_purchase(
        &self,
        context: &Context<'_>,
        input: RecordPurchaseInput,
    ) -> ApiResult<RecordPurchaseResult> {
        use RecordPurchaseResult as R;
        let request = context.request();
        let new = NewPurchase {
            supplier: input.supplier_id.into(),
            reference: input.reference_number,
            cost: input.total_cost.0,
            stocked: input.stocked.unwrap_or(true),
            paid_from: input.paid_from_account_id.map(Into::into),
            memo: input.notes.unwrap_or_default(),
            date: input.purchase_date.map(|day| day.0),
        };
        let refusal = match request.services.credit.record_purchase(&request.actor(), new).await {
            Ok((purchase, _)) => return Ok(R::SupplierPurchase(SupplierPurchase::from(&purchase))),
            Err(error @ CreditError::ReferenceInUse(_)) => {
                let refusal = PurchaseReferenceInUseError::new().because(error.to_string());
                return Ok(R::PurchaseReferenceInUseError(refusal));
            }
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

    /// Pays a supplier.
    async fn allocate_bulk_supplier_payment(
        &self,
        context: &Context<'_>,
        input: SupplierPaymentAllocationInput,
    ) -> ApiResult<SupplierPaymentAllocationResult> {
        use SupplierPaymentAllocationResult as R;
        let request = context.request();
        let new = NewSupplierPayment {
            supplier: input.supplier_id.into(),
            amount: input.payment_amount.0,
            paid_from: input.paid_from_account_id.into(),
            purchases: input.purchase_ids.map(|ids| ids.into_iter().map(Into::into).collect()),
            excess: ExcessPayment::or_return(input.excess),
        };
        Ok(match request.services.credit.pay_supplier(&request.actor(), new).await {
            Ok(paid) => R::SupplierPaymentAllocation(Box::new(SupplierPaymentAllocation::from(&paid))),
            Err(error @ (CreditError::NothingOwed | CreditError::NothingOwedForPurchase(_))) => {
                R::NothingOwedError(NothingOwedError::new().because(error.to_string()))
            }
            Err(error) => return Err(error.into()),
        })
    }

    /// Corrects what is owed to a supplier, and books it.
    async fn override_supplier_balance(
        &self,
        context: &Context<'_>,
        input: OverrideSupplierBalanceInput,
    ) -> ApiResult<SupplierCreditSummary> {
        let request = context.request();
        let party = Party::Supplier(input.supplier_id.into());
        let credit = &request.services.credit;
        let changed = credit.override_balance(&request.actor(), party, input.change.0, input.reason).await?;
        Ok(SupplierCreditSummary::from(&changed))
    }
}

async fn set_terms(
    context: &Context<'_>,
    supplier: Id,
    terms: (Option<i64>, Option<i64>),
) -> ApiResult<SupplierCreditSummary> {
    let request = context.request();
    let party = Party::Supplier(supplier.into());
    let summary = request.services.credit.set_terms(&request.actor(), party, terms).await?;
    Ok(SupplierCreditSummary::from(&summary))
}
