//! Buying of suppliers on account, and paying them: customers' accounts the other way round.

mod repo;

pub(super) use repo::oldest_unpaid;

use jiff::civil::Date;
use soko_infra::Tx;
use soko_kernel::{
    Actor, ChannelScope, CreditPaymentId, CustomerId, IDS_MAX, LedgerAccountId, Permission,
    SupplierPurchaseId, Timestamp,
};

use super::entity::Excess;
use super::error::CreditError;
use super::repo as accounts;
use super::{Act, Credit, CreditSummary, changed_in_tx, locked};
use crate::customers::Customers;
use crate::ledger::templates::{self, Occasion, supplier_payment};
use crate::ledger::{Ledger, Party};

const REFERENCE_LENGTH_MAX: usize = 64;
const MEMO_LENGTH_MAX: usize = 500;

/// Goods bought of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its id.
    pub id: SupplierPurchaseId,
    /// Who sold them.
    pub supplier: CustomerId,
    /// The supplier's number of it.
    pub reference: String,
    /// What they cost, minor units.
    pub cost: i64,
    /// What of it is paid.
    pub paid: i64,
    /// Whether they were bought on account.
    pub is_credit: bool,
    /// For people.
    pub memo: String,
    /// The day on which they were bought.
    pub purchased_on: Date,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// Goods that were bought of a supplier.
#[derive(Debug, Clone)]
pub struct NewPurchase {
    /// Who sold them.
    pub supplier: CustomerId,
    /// The supplier's number of it; the same one again is refused.
    pub reference: String,
    /// Minor units.
    pub cost: i64,
    /// Whether they are counted as stock.
    pub stocked: bool,
    /// The account of cash that they were paid from; absent when they are bought on account.
    pub paid_from: Option<LedgerAccountId>,
    /// For people; may be empty.
    pub memo: String,
    /// The day on which they were bought; today when absent.
    pub date: Option<Date>,
}

impl NewPurchase {
    fn check(&self) -> Result<(), CreditError> {
        if self.cost <= 0 {
            return Err(CreditError::InvalidAmount(self.cost));
        }
        let length = self.reference.chars().count();
        if self.reference.trim().is_empty() || length > REFERENCE_LENGTH_MAX {
            return Err(CreditError::InvalidReference);
        }
        if self.memo.chars().count() > MEMO_LENGTH_MAX { Err(CreditError::InvalidReason) } else { Ok(()) }
    }
}

/// Money for a supplier.
#[derive(Debug, Clone)]
pub struct SupplierPaymentInput {
    /// Who.
    pub supplier: CustomerId,
    /// Minor units.
    pub amount: i64,
    /// The account of cash that it leaves.
    pub paid_from: LedgerAccountId,
    /// The purchases that it is for; the oldest first when absent.
    pub purchases: Option<Vec<SupplierPurchaseId>>,
    /// What becomes of what is left of it.
    pub excess: Excess,
}

/// What of a purchase was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidPurchase {
    /// The purchase.
    pub id: SupplierPurchaseId,
    /// How much now, minor units.
    pub amount: i64,
    /// What is unpaid of it afterwards.
    pub unpaid: i64,
}

/// What a supplier was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierPayment {
    /// Its id.
    pub id: CreditPaymentId,
    /// What each purchase got, oldest first.
    pub paid: Vec<PaidPurchase>,
    /// What went to what was owed.
    pub allocated: i64,
    /// What was paid ahead.
    pub kept: i64,
    /// What stays with the shop.
    pub returned: i64,
    /// The account afterwards.
    pub summary: CreditSummary,
}

impl Credit {
    /// Books goods bought of a supplier: paid at once, or on account, up to the supplier's limit. What was paid ahead is
    /// taken for it.
    ///
    /// # Errors
    /// [`CreditError::Refused`], [`CreditError::ReferenceInUse`], a cost that is nothing, a closed day, an account that is
    /// not one of cash.
    pub async fn record_purchase(
        &self,
        actor: &Actor,
        new: NewPurchase,
    ) -> Result<(Purchase, CreditSummary), CreditError> {
        let scope = actor.require(Permission::ManageSupplierCreditPurchases)?;
        new.check()?;
        let act = Act::by(actor, self.clock.now())?;
        let write = async move |tx: &mut Tx| record_in_tx(tx, scope, &new, act).await;
        self.database.write_concurrently(scope, write).await
    }

    /// Pays a supplier.
    ///
    /// # Errors
    /// [`CreditError::NothingOwed`], [`CreditError::NothingOwedForPurchase`], an account that is not one of cash.
    pub async fn pay_supplier(
        &self,
        actor: &Actor,
        input: SupplierPaymentInput,
    ) -> Result<SupplierPayment, CreditError> {
        let scope = actor.require(Permission::ManageSupplierCreditPurchases)?;
        if input.amount <= 0 {
            return Err(CreditError::InvalidAmount(input.amount));
        }
        if input.purchases.as_ref().is_some_and(|purchases| purchases.len() > IDS_MAX) {
            return Err(CreditError::TooMany);
        }
        let act = Act::by(actor, self.clock.now())?;
        let write = async move |tx: &mut Tx| pay_in_tx(tx, scope, &input, act).await;
        self.database.write_concurrently(scope, write).await
    }

    /// What was bought of a supplier and is not paid yet, oldest first.
    ///
    /// # Errors
    /// An unknown supplier.
    pub async fn unpaid_purchases(
        &self,
        actor: &Actor,
        supplier: CustomerId,
    ) -> Result<Vec<Purchase>, CreditError> {
        let scope = actor.require(Permission::ManageSupplierCreditPurchases)?;
        self.database
            .read(scope, async |reader| {
                Customers::get_in(reader, scope, supplier).await?;
                Ok(repo::unpaid(reader, scope, supplier).await?)
            })
            .await
    }
}

async fn record_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    new: &NewPurchase,
    act: Act,
) -> Result<(Purchase, CreditSummary), CreditError> {
    let party = Party::Supplier(new.supplier);
    let account = locked(tx, scope, party, act.now).await?;
    let balance = Ledger::party_balance_in(tx, scope, party, act.currency()).await?;
    let (paid_from, paid) = match new.paid_from {
        Some(id) => (Some(Ledger::cash_account_in_tx(tx, scope, id, act.now).await?), new.cost),
        None => {
            let ahead = balance.ahead.min(new.cost);
            if new.cost > ahead {
                account.check(balance.unpaid, new.cost - ahead)?;
            }
            (None, ahead)
        }
    };
    let date = new.date.unwrap_or(act.occasion.date);
    let purchase = repo::insert(tx, scope, new, (paid, date), (act.user, act.now)).await?;
    let bought =
        templates::Purchase { supplier: new.supplier, cost: new.cost, stocked: new.stocked, paid_from };
    let entry = templates::purchase(Occasion { date, ..act.occasion }, purchase.id, &bought)?;
    Ledger::post_in_tx(tx, scope, &entry, act.user, act.now).await?;
    let summary = changed_in_tx(tx, scope, party, act).await?;
    Ok((purchase, summary))
}

async fn pay_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    input: &SupplierPaymentInput,
    act: Act,
) -> Result<SupplierPayment, CreditError> {
    let (supplier, chosen) = (input.supplier, input.purchases.as_deref());
    let party = Party::Supplier(supplier);
    let mut account = locked(tx, scope, party, act.now).await?;
    let owed = Ledger::party_balance_in(tx, scope, party, act.currency()).await?.unpaid;
    let mut paid = pay_off(tx, scope, supplier, input.amount, chosen, act.now).await?;
    let mut allocated = input.amount.min(owed);
    if chosen.is_some() {
        // Each part is of the amount.
        let for_chosen = paid.iter().map(|paid| paid.amount).sum::<i64>();
        if input.excess == Excess::Keep && for_chosen < input.amount {
            // What the supplier keeps is off what is owed to them, whichever purchase it is for.
            paid.extend(pay_off(tx, scope, supplier, input.amount - for_chosen, None, act.now).await?);
        } else {
            allocated = for_chosen;
        }
    }
    let excess = input.amount - allocated;
    let kept = if input.excess == Excess::Keep { excess } else { 0 };
    let booked = allocated + kept;
    if booked == 0 {
        return Err(CreditError::NothingOwed);
    }
    let from = Ledger::cash_account_in_tx(tx, scope, input.paid_from, act.now).await?;
    let id = accounts::insert_payment(tx, scope, party, booked, act.user, act.now).await?;
    let entry = supplier_payment(act.occasion, id, supplier, from, booked)?;
    Ledger::post_in_tx(tx, scope, &entry, act.user, act.now).await?;
    account.last_payment_at = Some(act.now);
    account.last_payment_amount = Some(booked);
    accounts::update(tx, scope, &account, act.now).await?;
    let summary = changed_in_tx(tx, scope, party, act).await?;
    Ok(SupplierPayment { id, paid, allocated, kept, returned: excess - kept, summary })
}

/// Marks purchases as paid, oldest first or the chosen ones, as far as the money goes. Under the supplier's lock.
pub(super) async fn pay_off(
    tx: &mut Tx,
    scope: ChannelScope,
    supplier: CustomerId,
    amount: i64,
    chosen: Option<&[SupplierPurchaseId]>,
    now: Timestamp,
) -> Result<Vec<PaidPurchase>, CreditError> {
    let unpaid = repo::unpaid(tx, scope, supplier).await?;
    if let Some(settled) =
        chosen.into_iter().flatten().find(|id| !unpaid.iter().any(|purchase| purchase.id == **id))
    {
        return Err(CreditError::NothingOwedForPurchase(*settled));
    }
    let mut left = amount;
    let mut paid = Vec::new();
    for purchase in unpaid {
        if chosen.is_some_and(|chosen| !chosen.contains(&purchase.id)) {
            continue;
        }
        let open = purchase.cost - purchase.paid;
        let part = open.min(left);
        if part > 0 {
            left -= part;
            paid.push(PaidPurchase { id: purchase.id, amount: part, unpaid: open - part });
        }
    }
    repo::mark_paid(tx, scope, &paid, now).await?;
    Ok(paid)
}
