//! Customers who log in with a guest's cart in their hands.
//!
//! The guest's lines go into the customer's own cart, where the guest's quantity counts, and the guest's cart is gone;
//! a customer without a cart goes on with the guest's, now theirs and priced for them. Orders that are being paid for
//! are left alone: a payment that is under way rests on the order as it was read.

use std::collections::HashMap;

use soko_infra::{Reader, Tx};
use soko_kernel::{Actor, ChannelScope, CustomerId, OrderId, PermissionSet, Timestamp, VariantId};

use super::cart::{Cart, most};
use super::checkout::record_transition;
use super::entity::OrderLine;
use super::error::OrderError;
use super::history::{self, NewEntry};
use super::read::load_cart;
use super::shopping::{Before, save_cart_in_tx};
use super::state::OrderState;
use super::{ATTEMPTS_MAX, ORDER_ITEMS_MAX, Orders, repo};
use crate::auth::{Api, Auth, LoggedIn, Verified};
use crate::catalogue::Languages;
use crate::customers::Customers;
use crate::inventory::{Inventory, Saleable};
use crate::payments::{Payment, PaymentState, Payments};

/// What a log-in finds.
#[derive(Default)]
struct Found {
    customer: Option<CustomerId>,
    /// The cart of the session, which is not the customer's yet.
    guest: Option<Cart>,
    /// The customer's own cart from before.
    own: Option<Cart>,
    payments: Vec<Payment>,
    stock: HashMap<VariantId, Saleable>,
}

/// What becomes of the carts.
#[derive(Clone, Default)]
struct Outcome {
    /// What the session shops for.
    active: Option<OrderId>,
    /// A cart that changed, as it was and as it is.
    changed: Option<(Before, OrderState, Cart)>,
    /// The guest's cart, whose lines are elsewhere now.
    gone: Option<Cart>,
    /// Whether the cart that is gone has payments, which keep its row.
    gone_has_payments: bool,
}

impl Orders {
    /// Checks a customer's password and begins their session; the guest's cart goes into theirs.
    ///
    /// # Errors
    /// As for [`Auth::log_in`].
    pub async fn log_in(
        &self,
        actor: &Actor,
        identifier: &str,
        password: String,
        remember_me: bool,
    ) -> Result<LoggedIn, OrderError> {
        let verified = self.auth.verify(actor, Api::Shop, identifier, password, remember_me).await?;
        for _ in 0..ATTEMPTS_MAX {
            let outcome = self.decide_carts(actor, &verified).await?;
            match self.begin(actor, &verified, outcome).await {
                Err(OrderError::VersionConflict(_)) => {}
                begun => return begun,
            }
        }
        // Who has proved who they are is let in, whatever keeps changing their carts.
        self.begin(actor, &verified, Outcome { active: actor.active_order, ..Outcome::default() }).await
    }

    async fn decide_carts(&self, actor: &Actor, verified: &Verified) -> Result<Outcome, OrderError> {
        let now = self.clock.now();
        let found = self.find_carts(actor, verified, now).await?;
        let as_it_is = Outcome {
            active: found.guest.as_ref().or(found.own.as_ref()).map(|cart| cart.order.id),
            ..Outcome::default()
        };
        let Some(customer) = found.customer else { return Ok(as_it_is) };
        let mut outcome = found.decide(customer, now);
        let Some((_, _, cart)) = &mut outcome.changed else { return Ok(outcome) };
        let shopper = Actor {
            user: Some(verified.user),
            permissions: PermissionSet::NONE,
            active_order: Some(cart.order.id),
            ..actor.clone()
        };
        let circumstances = self.circumstances(&shopper, cart).await?;
        match self.reprice(&shopper, cart, &circumstances, now).await {
            Ok(_) => Ok(outcome),
            // A rule of the shop that fails must not keep its customers out.
            Err(error) => {
                tracing::warn!(%error, "carts were not merged at a log-in");
                Ok(as_it_is)
            }
        }
    }

    async fn find_carts(
        &self,
        actor: &Actor,
        verified: &Verified,
        now: Timestamp,
    ) -> Result<Found, OrderError> {
        let (scope, languages, user) = (actor.public_scope(), Languages::of(actor), verified.user);
        // The cart of somebody else who is logged in is not carried over to the next.
        let carried = actor.active_order.filter(|_| actor.user.is_none_or(|other| other == user));
        self.database
            .read(scope, async |reader| {
                let customer = Customers::find_of_user(reader, scope, user).await?.map(|found| found.id);
                let guest = active(reader, scope, languages, carried).await?;
                let own = match customer {
                    Some(customer) => repo::find_active_of_customer(reader, scope, customer, carried).await?,
                    None => None,
                };
                let own = active(reader, scope, languages, own).await?;
                let ids: Vec<OrderId> = guest.iter().chain(&own).map(|cart| cart.order.id).collect();
                let payments = Payments::of_orders(reader, scope, &ids).await?;
                let wanted: Vec<VariantId> =
                    guest.iter().flat_map(|cart| &cart.lines).map(|line| line.variant_id).collect();
                let stock = if own.is_some() && !wanted.is_empty() {
                    Inventory::saleable_in(reader, scope, &wanted, now).await?
                } else {
                    HashMap::new()
                };
                Ok(Found { customer, guest, own, payments, stock })
            })
            .await
    }

    async fn begin(
        &self,
        actor: &Actor,
        verified: &Verified,
        outcome: Outcome,
    ) -> Result<LoggedIn, OrderError> {
        let (scope, now, old) = (actor.public_scope(), self.clock.now(), actor.session);
        let (token, verified) = (verified.session.token.clone(), verified.clone());
        let user = self
            .database
            .write(scope, async move |tx| {
                let Outcome { active, changed, gone, gone_has_payments } = outcome;
                if let Some(cart) = gone {
                    discard(tx, scope, cart, gone_has_payments, now).await?;
                }
                if let Some((before, from, mut cart)) = changed {
                    save_cart_in_tx(tx, scope, &before, &mut cart, now).await?;
                    if from != cart.order.state {
                        Inventory::release_holds_in_tx(tx, scope, cart.order.id).await?;
                        record_transition(tx, scope, &cart, from, Some(verified.user), now).await?;
                    }
                }
                Ok::<_, OrderError>(
                    Auth::begin_verified_session_in_tx(tx, &verified, old, active, now).await?,
                )
            })
            .await?;
        Ok(LoggedIn { token, user })
    }
}

impl Found {
    fn decide(self, customer: CustomerId, now: Timestamp) -> Outcome {
        let Self { guest, own, payments, stock, .. } = self;
        let is_theirs = |cart: &Cart| cart.order.customer_id == Some(customer);
        match (guest, own) {
            (Some(guest), _) if is_theirs(&guest) || is_being_paid(&guest, &payments) => {
                Outcome { active: Some(guest.order.id), ..Outcome::default() }
            }
            (Some(guest), Some(own)) if !is_being_paid(&own, &payments) => {
                let gone_has_payments = payments.iter().any(|payment| payment.order_id == guest.order.id);
                let active = Some(own.order.id);
                let changed =
                    (!guest.lines.is_empty()).then(|| reopened(own, |cart| cart.merge(&guest, &stock, now)));
                Outcome { active, changed, gone: Some(guest), gone_has_payments }
            }
            (Some(guest), _) => {
                let active = Some(guest.order.id);
                let changed = reopened(guest, |cart| cart.order.customer_id = Some(customer));
                Outcome { active, changed: Some(changed), ..Outcome::default() }
            }
            (None, own) => Outcome { active: own.map(|cart| cart.order.id), ..Outcome::default() },
        }
    }
}

/// A changed cart, back among those that are being filled: what was arranged was arranged at another price.
fn reopened(mut cart: Cart, change: impl FnOnce(&mut Cart)) -> (Before, OrderState, Cart) {
    let before = Before::of(&cart);
    let from = cart.order.state;
    change(&mut cart);
    cart.order.state = OrderState::AddingItems;
    (before, from, cart)
}

/// Whether money for the cart is on its way, reserved or here.
fn is_being_paid(cart: &Cart, payments: &[Payment]) -> bool {
    let mut own = payments.iter().filter(|payment| payment.order_id == cart.order.id);
    own.any(|payment| payment.state == PaymentState::Created || payment.state.covers())
}

impl Cart {
    /// Takes over what a guest wants: the guest's quantity of each variant, as far as the stock goes and the order has
    /// room. Variants that are no longer sold are left behind.
    pub(super) fn merge(&mut self, guest: &Self, stock: &HashMap<VariantId, Saleable>, now: Timestamp) {
        for line in &guest.lines {
            let variant = guest.variants.get(&line.variant_id).filter(|variant| variant.is_sold());
            let Some(variant) = variant else { continue };
            let present = self.lines.iter().position(|own| own.variant_id == variant.id);
            let before = present.map_or(0, |index| self.lines[index].quantity);
            let others = self.lines.iter().map(|own| own.quantity).sum::<i64>() - before;
            let wanted = line.quantity.min(ORDER_ITEMS_MAX - others);
            let allowed =
                if wanted <= before { wanted } else { most(stock, variant.id).min(wanted).max(before) };
            if allowed <= 0 {
                continue;
            }
            match present {
                Some(index) => self.lines[index].quantity = allowed,
                None => {
                    let price = variant.list_price.minor();
                    self.lines.push(OrderLine::new(variant.id, allowed, price, now));
                    self.variants.insert(variant.id, variant.clone());
                }
            }
        }
    }
}

async fn active(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    id: Option<OrderId>,
) -> Result<Option<Cart>, OrderError> {
    let Some(id) = id else { return Ok(None) };
    let cart = load_cart(reader, scope, languages, id, &[]).await?;
    Ok(cart.filter(|cart| cart.order.active))
}

/// Does away with a cart whose lines have gone elsewhere. Where there was an attempt to pay for it, its row stays.
async fn discard(
    tx: &mut Tx,
    scope: ChannelScope,
    mut cart: Cart,
    has_payments: bool,
    now: Timestamp,
) -> Result<(), OrderError> {
    let id = cart.order.id;
    Inventory::release_holds_in_tx(tx, scope, id).await?;
    Auth::clear_active_order_in_tx(tx, scope, id).await?;
    if !has_payments {
        return repo::delete_cart(tx, scope, &cart.order).await;
    }
    (cart.order.state, cart.order.active) = (OrderState::Cancelled, false);
    repo::update(tx, scope, &mut cart.order, now).await?;
    let entry = NewEntry::cancellation("its lines went into the customer's cart at the log-in");
    Ok(history::write_in_tx(tx, scope, id, None, &[entry], now).await?)
}
