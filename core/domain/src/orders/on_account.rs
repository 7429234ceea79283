//! Orders that customers pay for on account, and paying what they owe for them.

use jiff::ToSpan as _;
use jiff::civil::Date;
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, CustomerId, OrderId, Permission, Timestamp};

use super::bookkeeping::Doing;
use super::entity::Order;
use super::error::OrderError;
use super::paying::{PaymentInput, Way};
use super::read::{load_cart, views_of};
use super::state::OrderState;
use super::view::OrderView;
use super::{Orders, repo};
use crate::catalogue::Languages;
use crate::credit::{Act, Charge, Credit, CreditError, CreditRefusal, OnAccount, Repayment, Tender};
use crate::customers::Customers;
use crate::ledger::{Ledger, LedgerError, Party, Source, SourceKind};
use crate::payments::{Funds, Payment, PaymentState, Payments};

/// An order that was bought on account and is not paid yet.
#[derive(Debug, Clone)]
pub struct UnpaidOrder {
    /// The order.
    pub order: OrderView,
    /// What is unpaid of it, minor units.
    pub unpaid: i64,
    /// The day by which it is to be paid.
    pub due: Date,
}

impl Orders {
    /// Pays the rest of an order, or the part of it that the metadata names, on its customer's account, by one of the
    /// channel's payment methods of that kind. For those who sell; customers do it as with any other payment.
    ///
    /// # Errors
    /// [`OrderError::CreditRefused`], after which the attempt is on record as declined; [`OrderError::PaymentState`],
    /// [`OrderError::IneligiblePaymentMethod`]; [`OrderError::StateTransition`] when the stock is gone.
    pub async fn pay_on_account(
        &self,
        actor: &Actor,
        id: OrderId,
        input: PaymentInput,
    ) -> Result<OrderView, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let usable = self.payments.find_usable(actor, &input.method).await?;
        let on_account = usable.filter(|(method, _)| on_account(&method.handler.code).is_some());
        let (method, handler) = on_account.ok_or(OrderError::IneligiblePaymentMethod)?;
        let languages = Languages::of(actor);
        let cart = self
            .database
            .read(scope, async |reader| load_cart(reader, scope, languages, id, &[]).await)
            .await?;
        let cart = cart.ok_or_else(|| OrderError::NotFound(id.to_string()))?;
        match cart.order.state {
            OrderState::ArrangingPayment | OrderState::ArrangingAdditionalPayment => {}
            _ => return Err(OrderError::PaymentState),
        }
        self.pay(actor, cart, Way { method, handler, metadata: input.metadata }).await
    }

    /// Refuses a customer's payment on an account that is not theirs, or that they are not logged in to.
    pub(super) async fn check_payer(
        &self,
        actor: &Actor,
        handler: &str,
        customer: Option<CustomerId>,
    ) -> Result<(), OrderError> {
        if on_account(handler).is_none() || self.owns(actor, customer).await? {
            return Ok(());
        }
        Err(CreditRefusal::NotTheCustomer.into())
    }

    /// A customer's orders that were bought on account and are not paid yet, oldest first. Five statements.
    ///
    /// # Errors
    /// An unknown customer.
    pub async fn unpaid_of_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
    ) -> Result<Vec<UnpaidOrder>, OrderError> {
        let scope = actor.require(Permission::ReadOrder)?;
        let (currency, languages) = (actor.channel.currency, Languages::of(actor));
        self.database
            .read(scope, async |reader| {
                Customers::get_in(reader, scope, customer).await?;
                let days = Credit::duration_days_in(reader, scope, customer).await?;
                let items = Credit::unpaid_in(reader, scope, customer, currency).await?;
                let ids: Vec<OrderId> = items.iter().filter_map(|item| item.order).collect();
                let stored = repo::find_all(reader, scope, &ids).await?;
                let mut views = views_of(reader, scope, languages, stored).await?;
                let mut unpaid = Vec::with_capacity(items.len());
                for item in items {
                    let place = views.iter().position(|view| Some(view.order.id) == item.order);
                    let Some(place) = place else { continue };
                    let due = item.since.saturating_add(days.days());
                    unpaid.push(UnpaidOrder { order: views.swap_remove(place), unpaid: item.amount, due });
                }
                Ok(unpaid)
            })
            .await
    }

    /// Takes money for one order that was bought on account, and not more than is unpaid of it.
    ///
    /// # Errors
    /// [`CreditError::MoreThanOwed`], [`CreditError::NothingOwedFor`]; as of [`Credit::repay`].
    pub async fn pay_single_order(
        &self,
        actor: &Actor,
        order: OrderId,
        amount: i64,
        tender: Tender,
    ) -> Result<Repayment, OrderError> {
        let scope = actor.require(Permission::UpdateOrder)?;
        let act = Act::by(actor, self.clock.now())?;
        self.database
            .write_concurrently(scope, async move |tx| {
                let found = repo::find(tx, scope, order).await?;
                found.ok_or_else(|| OrderError::NotFound(order.to_string()))?;
                let debtor = debtor_of(tx, scope, order).await?;
                let debtor = debtor.ok_or(CreditError::NothingOwedFor(order))?;
                Ok(Credit::pay_single_in_tx(tx, scope, (debtor, order), (amount, tender), act).await?)
            })
            .await
    }
}

/// Who bought this order on credit; the order itself may be somebody else's by now.
async fn debtor_of(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
) -> Result<Option<CustomerId>, OrderError> {
    let payments = Payments::of_orders(tx, scope, &[order]).await?;
    let on_credit = payments.iter().find(|payment| {
        payment.state == PaymentState::Settled && Funds::of_handler(&payment.handler) == Funds::Credit
    });
    match on_credit {
        Some(payment) => payer_of(tx, scope, payment).await.map(Some),
        None => Ok(None),
    }
}

/// Out of what a payment by this handler is paid, if it is on account.
pub(super) fn on_account(handler: &str) -> Option<OnAccount> {
    match Funds::of_handler(handler) {
        Funds::Outside => None,
        Funds::Credit => Some(OnAccount::Credit),
        Funds::Deposit => Some(OnAccount::Deposit),
    }
}

/// What an attempt charges to its customer's account, if it is on account.
fn charge_of(order: &Order, payment: &Payment) -> Result<Option<Charge>, CreditRefusal> {
    let Some(out_of) = on_account(&payment.handler) else { return Ok(None) };
    let customer = order.customer_id.ok_or(CreditRefusal::NotTheCustomer)?;
    let (amount, currency) = (payment.amount, order.currency);
    Ok(Some(Charge { customer, order: order.id, out_of, amount, currency }))
}

/// Why an attempt is not paid on account, if it is to be and cannot. Holds the account's lock until the transaction ends.
pub(super) async fn refusal_of(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    payment: &Payment,
    doing: Doing,
) -> Result<Option<CreditRefusal>, OrderError> {
    let charge = match charge_of(order, payment) {
        Ok(None) => return Ok(None),
        Ok(Some(charge)) if charge.currency != doing.currency() => return Ok(Some(CreditRefusal::Currency)),
        Ok(Some(charge)) => charge,
        Err(refusal) => return Ok(Some(refusal)),
    };
    Ok(Credit::decide_in_tx(tx, scope, charge, doing.now).await?.err())
}

/// On whose account a payment was booked.
pub(super) async fn payer_of(
    tx: &mut Tx,
    scope: ChannelScope,
    payment: &Payment,
) -> Result<CustomerId, OrderError> {
    let kind = match on_account(&payment.handler) {
        Some(OnAccount::Credit) => SourceKind::CreditSale,
        Some(OnAccount::Deposit) | None => SourceKind::Payment,
    };
    let source = Source::new(kind, payment.id);
    match Ledger::party_of_in(tx, scope, &source).await? {
        Some(Party::Customer(customer)) => Ok(customer),
        _ => Err(LedgerError::UnknownSource { kind: kind.as_str(), id: source.id }.into()),
    }
}

/// Where a refund of a payment on account goes, and to whom.
pub(super) async fn given_back(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    payment: &Payment,
    (out_of, amount): (OnAccount, i64),
) -> Result<(CustomerId, Vec<(Option<OrderId>, i64)>), OrderError> {
    let customer = payer_of(tx, scope, payment).await?;
    let charge = Charge { customer, order: order.id, out_of, amount, currency: order.currency };
    Ok((customer, Credit::given_back_in_tx(tx, scope, charge).await?))
}

/// States what a customer owes after a payment or a refund on their account.
pub(super) async fn state_balance(
    tx: &mut Tx,
    scope: ChannelScope,
    order: &Order,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(), OrderError> {
    Ok(Credit::state_balance_in_tx(tx, scope, customer, order.currency, now).await?)
}
