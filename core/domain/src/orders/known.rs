//! Carts as this program last read or wrote them.
//!
//! A session is read with its cart's version, and every change of an order, its lines or its delivery raises that: a cart
//! that is remembered at the same version is what the store has. What is decided by it is written onto that version only,
//! like everything that is decided about an order.

use std::collections::HashMap;
use std::sync::Arc;

use soko_infra::{Reader, RevisionMap};
use soko_kernel::{Actor, OrderId, VariantId};

use super::cart::Cart;
use super::entity::{Order, OrderLine, ShippingLine};
use super::error::OrderError;
use super::{Orders, repo};
use crate::catalogue::{KnownVariants, Variant};

/// Carts that are remembered, of all channels together.
const CARTS_MAX: usize = 4_096;
/// Most lines of one that is remembered, so that large ones do not fill the memory.
const LINES_MAX: usize = 50;

/// A cart without what is known of its variants.
#[derive(Debug, Clone)]
pub(super) struct KnownCart {
    order: Order,
    lines: Vec<OrderLine>,
    shipping: Option<ShippingLine>,
    is_untried: bool,
}

/// The carts, and the variants that they name.
#[derive(Debug, Clone)]
pub(super) struct KnownCarts {
    carts: Arc<RevisionMap<OrderId, Arc<KnownCart>>>,
    pub(super) variants: KnownVariants,
}

impl Default for KnownCarts {
    fn default() -> Self {
        Self { carts: Arc::new(RevisionMap::new(CARTS_MAX)), variants: KnownVariants::default() }
    }
}

impl Orders {
    /// Remembers a cart as the store has it now.
    pub(super) fn remember(&self, actor: &Actor, cart: &Cart) {
        let Cart { order, lines, shipping, is_untried, .. } = cart;
        if order.active && lines.len() <= LINES_MAX {
            let (id, version, is_untried) = (order.id, order.version, *is_untried);
            let (order, lines, shipping) = (order.clone(), lines.clone(), shipping.clone());
            let known = KnownCart { order, lines, shipping, is_untried };
            self.known.carts.insert(actor.channel.id, version, id, Arc::new(known));
        }
    }

    /// The session's cart where it is remembered as it was when the session was read. Once a request.
    pub(super) fn recall(&self, actor: &Actor) -> Option<Arc<KnownCart>> {
        let (id, version) = (actor.active_order?, actor.active_order_version.take()?);
        self.known.carts.get(actor.channel.id, version, id)
    }

    /// A remembered cart with its variants, if they are remembered too.
    pub(super) fn recall_variants(&self, actor: &Actor, known: &KnownCart) -> Option<Cart> {
        let variants = self.known.variants.recall(actor, &named(&known.lines, &[]))?;
        Some(known.with(variants))
    }

    /// The order with its variants and `more` of them: the remembered one, else as the store has it. At most three
    /// statements.
    pub(super) async fn load(
        &self,
        reader: &mut Reader,
        actor: &Actor,
        id: OrderId,
        known: Option<&KnownCart>,
        more: &[VariantId],
    ) -> Result<Option<Cart>, OrderError> {
        if let Some(known) = known.filter(|known| known.order.id == id) {
            let variants = self.variants(reader, actor, &named(&known.lines, more)).await?;
            return Ok(Some(known.with(variants)));
        }
        let scope = actor.public_scope();
        let Some((order, shipping)) = repo::find(reader, scope, id).await? else { return Ok(None) };
        let lines = repo::lines(reader, scope, &[id]).await?;
        let lines: Vec<OrderLine> = lines.into_iter().map(|(_, line)| line).collect();
        let variants = self.variants(reader, actor, &named(&lines, more)).await?;
        let cart = Cart { order, lines, shipping, is_untried: false, variants };
        self.remember(actor, &cart);
        Ok(Some(cart))
    }

    /// Variants whatever their state; unknown ones are left out. At most one statement.
    pub(super) async fn variants(
        &self,
        reader: &mut Reader,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Variant>, OrderError> {
        Ok(self.known.variants.load(reader, actor, ids).await?)
    }

    /// The session's cart or another order of the channel, as it is.
    pub(super) async fn find_cart(&self, actor: &Actor, id: OrderId) -> Result<Option<Cart>, OrderError> {
        let known = if actor.active_order == Some(id) { self.recall(actor) } else { None };
        let known = known.as_deref();
        if let Some(cart) = known.and_then(|known| self.recall_variants(actor, known)) {
            return Ok(Some(cart));
        }
        let scope = actor.public_scope();
        self.database.read(scope, async |reader| self.load(reader, actor, id, known, &[]).await).await
    }
}

impl KnownCart {
    fn with(&self, variants: HashMap<VariantId, Variant>) -> Cart {
        let Self { order, lines, shipping, is_untried } = self.clone();
        Cart { order, lines, shipping, is_untried, variants }
    }
}

fn named(lines: &[OrderLine], more: &[VariantId]) -> Vec<VariantId> {
    lines.iter().map(|line| line.variant_id).chain(more.iter().copied()).collect()
}
