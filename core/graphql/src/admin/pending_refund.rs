//! Refunds of which it is yet to be heard whether the payer has the money, and what people find out about them.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use soko_domain::orders::FoundOut;
use soko_domain::payments;

use super::lists::PendingRefunds;
use super::refund::Refund;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::Id;
use crate::shared::list_options::ListOptions;

/// A refund that is pending.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PendingRefund")]
pub struct PendingRefund {
    /// The refund's id.
    pub id: Id,
    /// The refund.
    pub refund: Refund,
    /// The order that was paid for.
    pub order_id: Id,
    /// Whether its handler was asked to give the money back and has not said what came of it. If not, people are to give it
    /// back.
    pub in_doubt: bool,
    /// What its handler said of it.
    pub message: Option<String>,
}

impl From<&payments::Refund> for PendingRefund {
    fn from(refund: &payments::Refund) -> Self {
        Self {
            id: refund.id.into(),
            refund: Refund::from(refund),
            order_id: refund.order_id.into(),
            in_doubt: refund.in_doubt,
            message: refund.error_message.clone(),
        }
    }
}

/// A page of refunds that are pending.
#[derive(Debug, SimpleObject)]
#[graphql(name = "PendingRefundList")]
pub struct PendingRefundList {
    /// This page.
    pub items: Vec<PendingRefund>,
    /// Items in the whole list.
    pub total_items: i64,
}

/// How a refund ended, as people found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PendingRefundOutcome", rename_items = "PascalCase")]
pub enum PendingRefundOutcome {
    /// The money is with the payer.
    Settled,
    /// It was not given back.
    Failed,
}

/// What an administrator found out about a refund.
#[derive(InputObject)]
#[graphql(name = "ResolvePendingRefundInput")]
pub struct ResolvePendingRefundInput {
    /// The refund.
    pub refund_id: Id,
    /// What became of it.
    pub state: PendingRefundOutcome,
    /// The provider's reference, of one that is settled.
    pub transaction_id: Option<String>,
    /// How it is known; goes into the order's history.
    pub reason: String,
}

/// Queries of refunds that are pending.
#[derive(Default)]
pub struct PendingRefundQuery;

#[Object]
impl PendingRefundQuery {
    /// A page of the refunds that are pending, oldest first.
    async fn pending_refunds(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<PendingRefunds>>,
    ) -> ApiResult<PendingRefundList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.payments.list_pending_refunds(&request.actor(), &query).await?;
        let items = page.items.iter().map(PendingRefund::from).collect();
        Ok(PendingRefundList { items, total_items: page.total })
    }
}

/// Changes of refunds that are pending.
#[derive(Default)]
pub struct PendingRefundMutation;

#[Object]
impl PendingRefundMutation {
    /// Ends a refund that is pending with what was found out about it, once its handler has had its time to answer.
    async fn resolve_pending_refund(
        &self,
        context: &Context<'_>,
        input: ResolvePendingRefundInput,
    ) -> ApiResult<Refund> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ResolvePendingRefundInput { refund_id, state, transaction_id, reason } = input;
        let found = match state {
            PendingRefundOutcome::Settled => FoundOut::Settled { transaction_id },
            PendingRefundOutcome::Failed => FoundOut::Failed,
        };
        let resolved =
            request.services.orders.resolve_refund(&actor, refund_id.into(), found, &reason).await?;
        Ok(Refund::from(&resolved))
    }
}
