//! What whoever shops does with a cart.

use std::collections::HashMap;

use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, OrderId, OrderLineId, ShippingMethodId, Timestamp, VariantId};

use super::cart::{Cart, Edit, ORDER_ITEMS_MAX};
use super::entity::{OrderAddress, OrderLine, ShippingLine};
use super::error::OrderError;
use super::paying::refuse_payment_in_progress;
use super::repo;
use super::reprice::{Circumstances, shipping_line};
use super::view::OrderView;
use super::{ATTEMPTS_MAX, Orders};
use crate::auth::{Auth, NewSession};
use crate::customers::{Customers, GuestCustomer};
use crate::inventory::{Inventory, Saleable};
use crate::shipping::ShippingQuote;

/// A changed cart.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The order after the change.
    pub order: OrderView,
    /// The token of the session that began with this change, if one did.
    pub session_token: Option<String>,
}

/// What a cart was when it was read, for writing only what changed.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) lines: Vec<OrderLine>,
    pub(super) shipping: Option<ShippingLine>,
}

impl Before {
    pub(super) fn of(cart: &Cart) -> Self {
        Self { lines: cart.lines.clone(), shipping: cart.shipping.clone() }
    }
}

/// What was read before an edit is decided.
struct Findings {
    /// The cart, or an empty one.
    cart: Cart,
    /// Of the variants whose stock decides about the edit.
    stock: HashMap<VariantId, Saleable>,
    circumstances: Circumstances,
}

impl Orders {
    /// Adds units of variants to the cart, which begins with the first of them. Each item that cannot be added is
    /// refused by itself; of an item of which there is too little, as much as there is is added.
    ///
    /// # Errors
    /// What keeps all items from being added: a variant that the channel does not sell, an order that cannot be priced,
    /// too many changes at once.
    pub async fn add_items(
        &self,
        actor: &Actor,
        items: Vec<(VariantId, i64)>,
    ) -> Result<(Changed, Vec<OrderError>), OrderError> {
        if i64::try_from(items.len()).is_ok_and(|count| count > ORDER_ITEMS_MAX) {
            return Err(OrderError::Limit { max_items: ORDER_ITEMS_MAX });
        }
        self.edit(actor, Edit::AddItems(items)).await
    }

    /// Sets the quantity of a line; zero removes it.
    ///
    /// # Errors
    /// [`OrderError`]; the refusals say what was done only in part.
    pub async fn adjust_line(
        &self,
        actor: &Actor,
        line: OrderLineId,
        quantity: i64,
    ) -> Result<(Changed, Vec<OrderError>), OrderError> {
        self.edit_active(actor, Edit::AdjustLine(line, quantity)).await
    }

    /// Removes a line.
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn remove_line(&self, actor: &Actor, line: OrderLineId) -> Result<Changed, OrderError> {
        self.edit_whole(actor, Edit::AdjustLine(line, 0)).await
    }

    /// Removes every line.
    ///
    /// # Errors
    /// [`OrderError`].
    pub async fn remove_all_lines(&self, actor: &Actor) -> Result<Changed, OrderError> {
        self.edit_whole(actor, Edit::RemoveAll).await
    }

    /// Says who buys, for guests.
    ///
    /// # Errors
    /// [`OrderError::EmailAddressConflict`] when a customer with an account has the address.
    pub async fn set_customer(&self, actor: &Actor, customer: GuestCustomer) -> Result<Changed, OrderError> {
        if actor.user.is_some() {
            return Err(OrderError::AlreadyLoggedIn);
        }
        self.edit_whole(actor, Edit::SetCustomer(customer)).await
    }

    /// Says where the order goes, or takes that back. Its country must be one that the channel serves.
    ///
    /// # Errors
    /// [`OrderError::InvalidInput`] for a country that the channel does not serve.
    pub async fn set_shipping_address(
        &self,
        actor: &Actor,
        address: Option<OrderAddress>,
    ) -> Result<Changed, OrderError> {
        let address = self.with_country(actor, address).await?;
        self.edit_whole(actor, Edit::SetShippingAddress(address)).await
    }

    /// Says who is billed, or takes that back.
    ///
    /// # Errors
    /// [`OrderError::InvalidInput`] for a country that the channel does not serve.
    pub async fn set_billing_address(
        &self,
        actor: &Actor,
        address: Option<OrderAddress>,
    ) -> Result<Changed, OrderError> {
        let address = self.with_country(actor, address).await?;
        self.edit_whole(actor, Edit::SetBillingAddress(address)).await
    }

    /// Chooses a delivery.
    ///
    /// # Errors
    /// [`OrderError::IneligibleShippingMethod`].
    pub async fn set_shipping_method(
        &self,
        actor: &Actor,
        method: ShippingMethodId,
    ) -> Result<Changed, OrderError> {
        self.edit_whole(actor, Edit::SetShippingMethod(method)).await
    }

    /// The deliveries that the cart can have; none without a cart.
    ///
    /// # Errors
    /// A failing store.
    pub async fn eligible_shipping(&self, actor: &Actor) -> Result<Vec<ShippingQuote>, OrderError> {
        let Some(id) = actor.active_order else { return Ok(Vec::new()) };
        let cart = self.find_cart(actor, id).await?.filter(|cart| cart.order.active);
        let Some(cart) = cart else { return Ok(Vec::new()) };
        self.quotes(actor, &cart).await
    }

    pub(super) async fn with_country(
        &self,
        actor: &Actor,
        address: Option<OrderAddress>,
    ) -> Result<Option<OrderAddress>, OrderError> {
        let Some(mut address) = address else { return Ok(None) };
        let code = address.country_code.clone().unwrap_or_default();
        let taxes = self.tax.setup(actor).await?;
        let name = taxes.country_name(&code, actor.language);
        let name =
            name.ok_or_else(|| OrderError::InvalidInput(format!("the country {code:?} is not served")))?;
        address.country = Some(name);
        Ok(Some(address))
    }

    /// An edit that is done whole or refused.
    async fn edit_whole(&self, actor: &Actor, edit: Edit) -> Result<Changed, OrderError> {
        let (changed, refusals) = self.edit_active(actor, edit).await?;
        refusals.into_iter().next().map_or(Ok(changed), Err)
    }

    async fn edit_active(&self, actor: &Actor, edit: Edit) -> Result<(Changed, Vec<OrderError>), OrderError> {
        if actor.active_order.is_none() {
            return Err(OrderError::NoActiveOrder);
        }
        self.edit(actor, edit).await
    }

    /// Reads, decides, prices and writes; all anew when the order changed meanwhile.
    async fn edit(&self, actor: &Actor, edit: Edit) -> Result<(Changed, Vec<OrderError>), OrderError> {
        for _ in 0..ATTEMPTS_MAX {
            match self.try_edit(actor, edit.clone()).await {
                Err(OrderError::VersionConflict(_)) => {}
                outcome => return outcome,
            }
        }
        Err(OrderError::Busy)
    }

    async fn try_edit(&self, actor: &Actor, edit: Edit) -> Result<(Changed, Vec<OrderError>), OrderError> {
        let now = self.clock.now();
        let Findings { mut cart, stock, circumstances } = self.read_for(actor, &edit, now).await?;
        if !cart.is_new() && !cart.order.state.is_cart() {
            return self.edit_priced(actor, cart, edit, now).await;
        }
        let before = Before::of(&cart);
        let refusals = self.decide(actor, &mut cart, &edit, &stock, now).await?;
        // Nothing has changed: nothing is priced or written.
        if !refusals.is_empty() && !cart.is_new() && cart.lines == before.lines {
            return Ok((Changed { order: OrderView::of(cart)?, session_token: None }, refusals));
        }
        // A cart that nobody's name is on becomes that of whoever is logged in.
        if cart.order.customer_id.is_none() {
            cart.order.customer_id = circumstances.customer.as_ref().map(|customer| customer.id);
        }
        self.reprice(actor, &mut cart, &circumstances, now).await?;
        let guest = if let Edit::SetCustomer(guest) = edit { Some(guest) } else { None };
        let changed = self.write_cart(actor, before, cart, guest, now).await?;
        Ok((changed, refusals))
    }

    /// An edit of an order whose payment is being arranged: its price has been told, so it stands, and what would change
    /// it is refused.
    async fn edit_priced(
        &self,
        actor: &Actor,
        mut cart: Cart,
        edit: Edit,
        now: Timestamp,
    ) -> Result<(Changed, Vec<OrderError>), OrderError> {
        let state = cart.order.state;
        let before = Before::of(&cart);
        let guest = match edit {
            Edit::AddItems(items) => {
                let refusals = items.iter().map(|_| OrderError::NotModifiable(state)).collect();
                return Ok((Changed { order: OrderView::of(cart)?, session_token: None }, refusals));
            }
            Edit::AdjustLine(..) | Edit::RemoveAll | Edit::SetShippingMethod(_) => {
                return Err(OrderError::NotModifiable(state));
            }
            Edit::SetCustomer(guest) => {
                guest.check()?;
                Some(guest)
            }
            Edit::SetShippingAddress(address) => {
                let zone = self.tax_zone(actor, &cart).await?;
                cart.order.shipping_address = address;
                let same_taxes = self.tax_zone(actor, &cart).await? == zone;
                if !same_taxes || !self.delivers_as_chosen(actor, &cart).await? {
                    return Err(OrderError::NotModifiable(state));
                }
                None
            }
            Edit::SetBillingAddress(address) => {
                cart.order.billing_address = address;
                None
            }
        };
        Ok((self.write_cart(actor, before, cart, guest, now).await?, Vec::new()))
    }

    /// Everything that the edit and the price after it depend on, as of one moment. No statement where all of it is
    /// remembered.
    async fn read_for(&self, actor: &Actor, edit: &Edit, now: Timestamp) -> Result<Findings, OrderError> {
        let unknowns = self.unknowns(actor).await?;
        let more = edit.new_variants();
        let known = self.recall(actor);
        let known = known.as_deref();
        if !edit.needs_stock()
            && let Some(cart) = known.and_then(|known| self.recall_variants(actor, known))
            && let Some(circumstances) = unknowns.recall(actor, &cart.variants)
        {
            return Ok(Findings { cart, stock: HashMap::new(), circumstances });
        }
        let scope = actor.public_scope();
        let fresh = || Cart::empty(actor.channel.currency, self.random.order_code(), now);
        let may_begin = matches!(edit, Edit::AddItems(_));
        self.database
            .read(scope, async |reader| {
                let found = match actor.active_order {
                    Some(id) => self.load(reader, actor, id, known, &more).await?,
                    None => None,
                };
                let cart = match found.filter(|cart| cart.order.active) {
                    Some(cart) => cart,
                    None if may_begin => {
                        Cart { variants: self.variants(reader, actor, &more).await?, ..fresh() }
                    }
                    None => return Err(OrderError::NoActiveOrder),
                };
                let wanted: Vec<VariantId> = match edit {
                    Edit::AddItems(_) => more.clone(),
                    _ if edit.needs_stock() => cart.lines.iter().map(|line| line.variant_id).collect(),
                    _ => Vec::new(),
                };
                let stock = if wanted.is_empty() {
                    HashMap::new()
                } else {
                    Inventory::saleable_in(reader, scope, &wanted, now).await?
                };
                let variants: Vec<VariantId> = cart.variants.keys().copied().collect();
                let circumstances = unknowns.read(reader, scope, &variants).await?;
                Ok(Findings { cart, stock, circumstances })
            })
            .await
    }

    async fn decide(
        &self,
        actor: &Actor,
        cart: &mut Cart,
        edit: &Edit,
        stock: &HashMap<VariantId, Saleable>,
        now: Timestamp,
    ) -> Result<Vec<OrderError>, OrderError> {
        match edit {
            Edit::AddItems(items) => return cart.add_items(items, stock, now),
            Edit::AdjustLine(line, quantity) => match cart.adjust_line(*line, *quantity, stock) {
                Err(refusal @ OrderError::InsufficientStock { .. }) => return Ok(vec![refusal]),
                outcome => outcome?,
            },
            Edit::RemoveAll => cart.remove_all()?,
            Edit::SetCustomer(guest) => guest.check()?,
            Edit::SetShippingAddress(address) => cart.order.shipping_address.clone_from(address),
            Edit::SetBillingAddress(address) => cart.order.billing_address.clone_from(address),
            Edit::SetShippingMethod(method) => {
                cart.check_modifiable()?;
                let quotes = self.quotes(actor, cart).await?;
                let quote = quotes.iter().find(|quote| quote.method.id == *method);
                let quote = quote.ok_or(OrderError::IneligibleShippingMethod)?;
                cart.shipping = Some(shipping_line(cart.shipping.as_ref(), quote));
            }
        }
        Ok(Vec::new())
    }

    async fn write_cart(
        &self,
        actor: &Actor,
        before: Before,
        cart: Cart,
        guest: Option<GuestCustomer>,
        now: Timestamp,
    ) -> Result<Changed, OrderError> {
        let scope = actor.public_scope();
        let (session, begun) = match (actor.session, cart.is_new()) {
            (None, true) => (None, Some(self.auth.new_session())),
            (session, _) => (session, None),
        };
        let is_new = cart.is_new();
        let (cart, session_token) = self
            .database
            .write_concurrently(scope, async move |tx| {
                let mut cart = cart;
                if let Some(guest) = guest {
                    // Where an order and its customer are both changed, the order is locked first.
                    repo::lock(tx, scope, cart.order.id).await?;
                    cart.order.customer_id =
                        Some(Customers::upsert_guest_in_tx(tx, scope, &guest, now).await?);
                }
                save_cart_in_tx(tx, scope, &before, &mut cart, now).await?;
                // By now the order is locked: a payment that begins meanwhile waits, and finds another version.
                if !is_new && !cart.order.state.is_cart() {
                    refuse_payment_in_progress(tx, scope, cart.order.id).await?;
                }
                if let (true, Some(session)) = (is_new, session) {
                    Auth::set_active_order_in_tx(tx, session, Some(cart.order.id)).await?;
                }
                let token = match begun {
                    Some(begun) => Some(begin_session(tx, scope, cart.order.id, begun, now).await?),
                    None => None,
                };
                Ok::<_, OrderError>((cart, token))
            })
            .await?;
        self.remember(actor, &cart);
        Ok(Changed { order: OrderView::of(cart)?, session_token })
    }
}

async fn begin_session(
    tx: &mut Tx,
    scope: ChannelScope,
    order: OrderId,
    begun: NewSession,
    now: Timestamp,
) -> Result<String, OrderError> {
    Auth::begin_session_in_tx(tx, Some(scope.channel_id()), None, Some(order), &begun, now).await?;
    Ok(begun.token)
}

/// Writes what changed of a cart: the order, its lines, its delivery.
pub(super) async fn save_cart_in_tx(
    tx: &mut Tx,
    scope: ChannelScope,
    before: &Before,
    cart: &mut Cart,
    now: Timestamp,
) -> Result<(), OrderError> {
    if cart.is_new() {
        repo::insert(tx, scope, &mut cart.order).await?;
    } else {
        repo::update(tx, scope, &mut cart.order, now).await?;
    }
    repo::save_lines(tx, scope, cart.order.id, &before.lines, &mut cart.lines, now).await?;
    repo::save_shipping(tx, scope, cart.order.id, before.shipping.as_ref(), &mut cart.shipping, now).await?;
    Ok(())
}
