//! Payments of orders.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::payments;

use super::refund::Refund;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::loads::each;

/// A payment, or an attempt at one.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Payment", complex)]
pub struct Payment {
    /// The states that it may go to next.
    pub next_states: Vec<&'static str>,
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Code of the payment method.
    pub method: String,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: &'static str,
    /// The provider's reference.
    pub transaction_id: Option<String>,
    /// Why it was declined or failed.
    pub error_message: Option<String>,
    /// What the client sent along.
    pub metadata: Option<Json>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&payments::Payment> for Payment {
    fn from(payment: &payments::Payment) -> Self {
        Self {
            next_states: payment.state.next().iter().map(|state| state.as_str()).collect(),
            id: payment.id.into(),
            created_at: payment.created_at.into(),
            updated_at: payment.updated_at.into(),
            method: payment.method.clone(),
            amount: Money(payment.amount),
            state: payment.state.as_str(),
            transaction_id: payment.transaction_id.clone(),
            error_message: payment.error_message.clone(),
            metadata: Some(Json(payment.metadata.clone())),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl Payment {
    /// Money given back of it.
    async fn refunds(&self, context: &Context<'_>) -> ApiResult<Vec<Refund>> {
        Ok(each(&context.request().refunds_of_payment(self.id.into()).await?))
    }
}
