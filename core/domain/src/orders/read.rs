//! Reading orders.

use std::collections::HashMap;
use std::hash::Hash;

use soko_infra::Reader;
use soko_kernel::{
    Actor, ChannelScope, CustomerId, ListQuery, OrderId, Page, PaymentId, Permission, VariantId,
};

use super::cart::Cart;
use super::entity::OrderLine;
use super::error::OrderError;
use super::fulfillment::{self, Fulfillment};
use super::history::{self, HistoryEntry};
use super::repo::{self, Stored};
use super::view::OrderView;
use super::{GUEST_READS_ORDER_FOR, Orders};
use crate::catalogue::{Languages, load_variants};
use crate::customers::Customers;
use crate::payments::{Payment, Payments, Refund};

impl Orders {
    /// The session's cart, if there is one.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_active(&self, actor: &Actor) -> Result<Option<OrderView>, OrderError> {
        let Some(id) = actor.active_order else { return Ok(None) };
        let cart = self.find_cart(actor, id).await?;
        cart.filter(|cart| cart.order.active).map(OrderView::of).transpose()
    }

    /// An order of the channel: any for administrators who may read orders, their own for whoever shops.
    ///
    /// # Errors
    /// [`OrderError::Forbidden`] for an order that is somebody else's.
    pub async fn find(&self, actor: &Actor, id: OrderId) -> Result<Option<OrderView>, OrderError> {
        let scope = actor.public_scope();
        let stored = self.database.read(scope, async |reader| repo::find(reader, scope, id).await).await?;
        self.show(actor, stored, false).await
    }

    /// An order of the channel by its code. A guest may read one for two hours after placing it.
    ///
    /// # Errors
    /// [`OrderError::Forbidden`] for an order that is somebody else's.
    pub async fn find_by_code(&self, actor: &Actor, code: &str) -> Result<Option<OrderView>, OrderError> {
        let scope = actor.public_scope();
        let stored =
            self.database.read(scope, async |reader| repo::find_by_code(reader, scope, code).await).await?;
        self.show(actor, stored, true).await
    }

    /// Authorises before anything but the order's own row is read.
    async fn show(
        &self,
        actor: &Actor,
        stored: Option<Stored>,
        by_code: bool,
    ) -> Result<Option<OrderView>, OrderError> {
        let Some((order, shipping)) = stored else { return Ok(None) };
        let scope = actor.public_scope();
        let shopping = actor.session.is_some() && actor.active_order == Some(order.id);
        let just_placed =
            by_code && order.placed_at.is_some_and(|at| self.clock.now() <= at.after(GUEST_READS_ORDER_FOR));
        if !shopping && !just_placed && !self.owns(actor, order.customer_id).await? {
            actor.require(Permission::ReadOrder)?;
        }
        let views = self
            .database
            .read(scope, async |reader| {
                views_of(reader, scope, Languages::of(actor), vec![(order, shipping)]).await
            })
            .await?;
        Ok(views.into_iter().next())
    }

    pub(super) async fn owns(&self, actor: &Actor, customer: Option<CustomerId>) -> Result<bool, OrderError> {
        let (Some(user), Some(customer)) = (actor.user, customer) else { return Ok(false) };
        let scope = actor.public_scope();
        let own = self
            .database
            .read(scope, async |reader| Customers::find_of_user(reader, scope, user).await)
            .await?;
        Ok(own.is_some_and(|own| own.id == customer))
    }

    /// A page of the channel's orders, newest first unless the query says otherwise.
    ///
    /// # Errors
    /// [`OrderError::Forbidden`].
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<OrderView>, OrderError> {
        let scope = actor.require(Permission::ReadOrder)?;
        self.page(actor, scope, None, query).await
    }

    /// A page of a customer's orders, for the customer and for those who may read orders.
    ///
    /// # Errors
    /// [`OrderError::Forbidden`].
    pub async fn list_of_customer(
        &self,
        actor: &Actor,
        customer: CustomerId,
        query: &ListQuery,
    ) -> Result<Page<OrderView>, OrderError> {
        let scope = actor.public_scope();
        if !self.owns(actor, Some(customer)).await? {
            actor.require(Permission::ReadOrder)?;
        }
        self.page(actor, scope, Some(customer), query).await
    }

    async fn page(
        &self,
        actor: &Actor,
        scope: ChannelScope,
        customer: Option<CustomerId>,
        query: &ListQuery,
    ) -> Result<Page<OrderView>, OrderError> {
        self.database
            .read(scope, async |reader| {
                let page = repo::list(reader, scope, customer, query).await?;
                let items = views_of(reader, scope, Languages::of(actor), page.items).await?;
                Ok(Page { items, total: page.total })
            })
            .await
    }

    /// The payments of orders that the caller has been shown, oldest first. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn payments_of(
        &self,
        actor: &Actor,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Vec<Payment>>, OrderError> {
        let scope = actor.public_scope();
        let payments = self
            .database
            .read(scope, async |reader| Payments::of_orders(reader, scope, orders).await)
            .await?;
        Ok(group(payments, |payment| payment.order_id))
    }

    /// The refunds of payments that the caller has been shown, oldest first. Two statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn refunds_of(
        &self,
        actor: &Actor,
        payments: &[PaymentId],
    ) -> Result<HashMap<PaymentId, Vec<Refund>>, OrderError> {
        let scope = actor.public_scope();
        let refunds = self
            .database
            .read(scope, async |reader| Payments::refunds_of(reader, scope, payments).await)
            .await?;
        Ok(group(refunds, |refund| refund.payment_id))
    }

    /// Orders that the caller has been shown, such as by a refund of theirs. Three statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn shown(
        &self,
        actor: &Actor,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, OrderView>, OrderError> {
        let scope = actor.public_scope();
        let views = self
            .database
            .read(scope, async |reader| {
                let stored = repo::find_all(reader, scope, orders).await?;
                views_of(reader, scope, Languages::of(actor), stored).await
            })
            .await?;
        Ok(views.into_iter().map(|view| (view.order.id, view)).collect())
    }

    /// The fulfillments of orders that the caller has been shown, oldest first. Two statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn fulfillments_of(
        &self,
        actor: &Actor,
        orders: &[OrderId],
    ) -> Result<HashMap<OrderId, Vec<Fulfillment>>, OrderError> {
        let scope = actor.public_scope();
        let all = self
            .database
            .read(scope, async |reader| fulfillment::of_orders(reader, scope, orders).await)
            .await?;
        Ok(group(all, |fulfillment| fulfillment.order_id))
    }

    /// A page of the history of an order that the caller has been shown: all of it for those who may read orders,
    /// what is public for its customer.
    ///
    /// # Errors
    /// A failing store.
    pub async fn history(
        &self,
        actor: &Actor,
        order: OrderId,
        query: &ListQuery,
    ) -> Result<Page<HistoryEntry>, OrderError> {
        let scope = actor.public_scope();
        let public_only = actor.require(Permission::ReadOrder).is_err();
        self.database
            .read(scope, async |reader| history::list(reader, scope, order, public_only, query).await)
            .await
    }

    pub(super) async fn payment(&self, scope: ChannelScope, id: PaymentId) -> Result<Payment, OrderError> {
        let payment =
            self.database.read(scope, async |reader| Payments::find_in(reader, scope, id).await).await?;
        payment.ok_or_else(|| OrderError::NotFound(format!("payment {id}")))
    }
}

fn group<K: Eq + Hash, T>(items: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for item in items {
        groups.entry(key(&item)).or_default().push(item);
    }
    groups
}

/// An order with its lines and variants, and `more` variants. Three statements.
pub(super) async fn load_cart(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    id: OrderId,
    more: &[VariantId],
) -> Result<Option<Cart>, OrderError> {
    let Some((order, shipping)) = repo::find(reader, scope, id).await? else { return Ok(None) };
    let lines: Vec<OrderLine> =
        repo::lines(reader, scope, &[id]).await?.into_iter().map(|(_, line)| line).collect();
    let wanted: Vec<VariantId> =
        lines.iter().map(|line| line.variant_id).chain(more.iter().copied()).collect();
    let variants = load_variants(reader, scope, languages, &wanted).await?;
    let variants = variants.into_iter().map(|variant| (variant.id, variant)).collect();
    Ok(Some(Cart { order, lines, shipping, is_untried: false, variants }))
}

/// These orders with their lines and variants, in their order. Two statements, however many orders.
pub(super) async fn views_of(
    reader: &mut Reader,
    scope: ChannelScope,
    languages: Languages,
    orders: Vec<Stored>,
) -> Result<Vec<OrderView>, OrderError> {
    let ids: Vec<OrderId> = orders.iter().map(|(order, _)| order.id).collect();
    let lines = repo::lines(reader, scope, &ids).await?;
    let wanted: Vec<VariantId> = lines.iter().map(|(_, line)| line.variant_id).collect();
    let variants: HashMap<_, _> = load_variants(reader, scope, languages, &wanted)
        .await?
        .into_iter()
        .map(|variant| (variant.id, variant))
        .collect();
    let mut of_order: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for (order, line) in lines {
        of_order.entry(order).or_default().push(line);
    }
    let view = |(order, shipping): Stored| {
        let lines = of_order.remove(&order.id).unwrap_or_default();
        let own = lines.iter().filter_map(|line| variants.get(&line.variant_id));
        let variants = own.map(|variant| (variant.id, variant.clone())).collect();
        OrderView::of(Cart { order, lines, shipping, is_untried: false, variants })
    };
    orders.into_iter().map(view).collect()
}
