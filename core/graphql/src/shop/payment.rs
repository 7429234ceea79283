//! Payments of an order, and the ways to pay.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::payments;
use soko_kernel::Actor;

use super::refund::Refund;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::loads::each;
use crate::shared::values::{PaymentMethodQuote, PaymentMethodTranslation};

/// A payment, or an attempt at one.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Payment", complex)]
pub struct Payment {
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
    /// What the shop lets the customer know about it.
    pub metadata: Option<Json>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&payments::Payment> for Payment {
    fn from(payment: &payments::Payment) -> Self {
        Self {
            id: payment.id.into(),
            created_at: payment.created_at.into(),
            updated_at: payment.updated_at.into(),
            method: payment.method.clone(),
            amount: Money(payment.amount),
            state: payment.state.as_str(),
            transaction_id: payment.transaction_id.clone(),
            error_message: payment.error_message.clone(),
            metadata: Some(Json(public_part(&payment.metadata))),
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

/// What customers may read of a payment's metadata: only what is marked public.
fn public_part(metadata: &serde_json::Value) -> serde_json::Value {
    match metadata.get("public") {
        Some(public) => serde_json::json!({ "public": public }),
        None => serde_json::json!({}),
    }
}

/// A way to pay that the shop offers.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PublicPaymentMethod")]
pub struct PublicPaymentMethod {
    /// Its id.
    pub id: Id,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its texts in every language.
    pub translations: Vec<PaymentMethodTranslation>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl PublicPaymentMethod {
    /// The method, with its texts in the actor's language.
    pub(super) fn of(actor: &Actor, method: &payments::PaymentMethod) -> Self {
        let text = method.text(actor.language, actor.channel.default_language);
        Self {
            id: method.id.into(),
            code: method.code.clone(),
            name: text.map(|text| text.name.clone()).unwrap_or_default(),
            description: text.map(|text| text.description.clone()),
            translations: method.translations.iter().map(PaymentMethodTranslation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// The method as a choice for an order.
pub(super) fn quote(actor: &Actor, method: &payments::PaymentMethod) -> PaymentMethodQuote {
    let text = method.text(actor.language, actor.channel.default_language);
    PaymentMethodQuote {
        id: method.id.into(),
        code: method.code.clone(),
        name: text.map(|text| text.name.clone()).unwrap_or_default(),
        description: text.map(|text| text.description.clone()).unwrap_or_default(),
        is_eligible: true,
        eligibility_message: None,
        custom_fields: NO_CUSTOM_FIELDS,
    }
}
