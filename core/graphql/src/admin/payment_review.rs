//! Payments that people have to look at, because nobody else can say what became of them.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::payments;

use super::lists::PaymentsInReview;
use super::payment::Payment;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id};
use crate::shared::list_options::ListOptions;

/// A payment that people have to look at.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaymentInReview")]
pub struct PaymentInReview {
    /// The payment's id.
    pub id: Id,
    /// The payment.
    pub payment: Payment,
    /// The order that it is for.
    pub order_id: Id,
    /// Why people have to look at it.
    pub reason: Option<String>,
    /// How often its handler was asked what became of it.
    pub asked_times: i64,
    /// When it last changed.
    pub updated_at: DateTime,
}

impl From<&payments::Payment> for PaymentInReview {
    fn from(payment: &payments::Payment) -> Self {
        Self {
            id: payment.id.into(),
            payment: Payment::from(payment),
            order_id: payment.order_id.into(),
            reason: payment.review.clone(),
            asked_times: payment.asked_times,
            updated_at: payment.updated_at.into(),
        }
    }
}

/// A page of payments that people have to look at.
#[derive(Debug, SimpleObject)]
#[graphql(name = "PaymentInReviewList")]
pub struct PaymentInReviewList {
    /// This page.
    pub items: Vec<PaymentInReview>,
    /// Items in the whole list.
    pub total_items: i64,
}

/// What an administrator found out about a payment.
#[derive(InputObject)]
#[graphql(name = "ResolvePaymentInReviewInput")]
pub struct ResolvePaymentInReviewInput {
    /// The payment.
    pub payment_id: Id,
    /// What became of an attempt without an answer: `Settled`, `Declined` or `Error`. Absent where what is on record stands.
    pub state: Option<String>,
    /// How it is known; goes into the order's history.
    pub reason: String,
}

/// Queries of payments in review.
#[derive(Default)]
pub struct PaymentReviewQuery;

#[Object]
impl PaymentReviewQuery {
    /// A page of the payments that people have to look at, oldest first.
    async fn payments_in_review(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<PaymentsInReview>>,
    ) -> ApiResult<PaymentInReviewList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.payments.list_in_review(&request.actor(), &query).await?;
        let items = page.items.iter().map(PaymentInReview::from).collect();
        Ok(PaymentInReviewList { items, total_items: page.total })
    }
}

/// Changes of payments in review.
#[derive(Default)]
pub struct PaymentReviewMutation;

#[Object]
impl PaymentReviewMutation {
    /// Takes a payment off the list of those that people have to look at, with what was found out about it.
    async fn resolve_payment_in_review(
        &self,
        context: &Context<'_>,
        input: ResolvePaymentInReviewInput,
    ) -> ApiResult<Payment> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let (id, to) = (input.payment_id.into(), input.state.as_deref());
        let resolved = request.services.orders.resolve_payment(&actor, id, to, &input.reason).await?;
        Ok(Payment::from(&resolved))
    }
}
