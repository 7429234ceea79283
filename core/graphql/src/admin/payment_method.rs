//! Ways to pay, for those who set a shop up.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use soko_domain::payments::{self, MethodText, MethodTextChanges, NewPaymentMethod, PaymentMethodChanges};
use soko_kernel::Actor;

use super::lists::PaymentMethods;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::operation::{
    ConfigArgDefinition, ConfigurableOperationDefinition, ConfigurableOperationInput,
};
use crate::shared::values::{ConfigurableOperation, PaymentMethodTranslation};

/// A way to pay.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PaymentMethod")]
pub struct PaymentMethod {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Its description.
    pub description: String,
    /// Whether customers may use it.
    pub enabled: bool,
    /// Which orders may be paid with it; all when absent.
    pub checker: Option<ConfigurableOperation>,
    /// Who moves the money.
    pub handler: ConfigurableOperation,
    /// Its texts in every language.
    pub translations: Vec<PaymentMethodTranslation>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl PaymentMethod {
    /// The method, with its texts in the actor's language.
    fn of(actor: &Actor, method: &payments::PaymentMethod) -> Self {
        let text = method.text(actor.language, actor.channel.default_language);
        Self {
            id: method.id.into(),
            created_at: method.created_at.into(),
            updated_at: method.updated_at.into(),
            name: text.map(|text| text.name.clone()).unwrap_or_default(),
            code: method.code.clone(),
            description: text.map(|text| text.description.clone()).unwrap_or_default(),
            enabled: method.enabled,
            checker: method.checker.as_ref().map(ConfigurableOperation::from),
            handler: ConfigurableOperation::from(&method.handler),
            translations: method.translations.iter().map(PaymentMethodTranslation::from).collect(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// A page of payment methods.
#[derive(SimpleObject)]
#[graphql(name = "PaymentMethodList")]
pub struct PaymentMethodList {
    /// This page.
    pub items: Vec<PaymentMethod>,
    /// Methods in the whole list.
    pub total_items: i64,
}

/// A payment method's texts in one language.
#[derive(InputObject)]
#[graphql(name = "PaymentMethodTranslationInput")]
pub struct PaymentMethodTranslationInput {
    /// The text's id; the language says which text it is.
    pub id: Option<Id>,
    /// The language.
    pub language_code: LanguageCode,
    /// Shown to customers.
    pub name: Option<String>,
    /// Shown to customers.
    pub description: Option<String>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A payment method to be added.
#[derive(InputObject)]
#[graphql(name = "CreatePaymentMethodInput")]
pub struct CreatePaymentMethodInput {
    /// Its code, unique in the channel.
    pub code: String,
    /// Whether customers may use it.
    pub enabled: bool,
    /// Which orders may be paid with it; all when absent.
    pub checker: Option<ConfigurableOperationInput>,
    /// Who moves the money.
    pub handler: ConfigurableOperationInput,
    /// Its texts; at least one.
    pub translations: Vec<PaymentMethodTranslationInput>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<CreatePaymentMethodInput> for NewPaymentMethod {
    fn from(input: CreatePaymentMethodInput) -> Self {
        let text = |text: PaymentMethodTranslationInput| MethodText {
            language: text.language_code.0,
            name: text.name.unwrap_or_default(),
            description: text.description.unwrap_or_default(),
        };
        Self {
            code: input.code,
            enabled: input.enabled,
            handler: input.handler.into(),
            checker: input.checker.map(Into::into),
            texts: input.translations.into_iter().map(text).collect(),
        }
    }
}

/// What changes of a payment method; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdatePaymentMethodInput")]
pub struct UpdatePaymentMethodInput {
    /// The method.
    pub id: Id,
    /// Its code, unique in the channel.
    pub code: Option<String>,
    /// Whether customers may use it.
    pub enabled: Option<bool>,
    /// Which orders may be paid with it; null for all.
    pub checker: MaybeUndefined<ConfigurableOperationInput>,
    /// Who moves the money.
    pub handler: Option<ConfigurableOperationInput>,
    /// Texts that change; other languages stay.
    pub translations: Option<Vec<PaymentMethodTranslationInput>>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<UpdatePaymentMethodInput> for PaymentMethodChanges {
    fn from(input: UpdatePaymentMethodInput) -> Self {
        let text = |text: PaymentMethodTranslationInput| MethodTextChanges {
            language: text.language_code.0,
            name: text.name,
            description: text.description,
        };
        Self {
            code: input.code,
            enabled: input.enabled,
            handler: input.handler.map(Into::into),
            checker: input.checker.map_value(Into::into).into(),
            texts: input.translations.into_iter().flatten().map(text).collect(),
        }
    }
}

/// Queries of payment methods.
#[derive(Default)]
pub struct PaymentMethodQuery;

#[Object]
impl PaymentMethodQuery {
    /// A page of the channel's payment methods.
    async fn payment_methods(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<PaymentMethods>>,
    ) -> ApiResult<PaymentMethodList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let actor = request.actor();
        let page = request.services.payments.list_methods(&actor, &query).await?;
        let items = page.items.iter().map(|method| PaymentMethod::of(&actor, method)).collect();
        Ok(PaymentMethodList { items, total_items: page.total })
    }

    /// A payment method.
    async fn payment_method(&self, context: &Context<'_>, id: Id) -> Nullable<PaymentMethod> {
        let request = context.request();
        let actor = request.actor();
        let found = request.services.payments.find_method(&actor, id.into()).await;
        found
            .map(|found| found.map(|method| PaymentMethod::of(&actor, &method)))
            .map_err(ApiError::from)
            .transpose()
    }

    /// The rules by which a method can choose the orders that may be paid with it: there are none yet.
    async fn payment_method_eligibility_checkers(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let checkers = request.services.payments.list_checkers(&request.actor())?;
        Ok(checkers.iter().map(ConfigurableOperationDefinition::from).collect())
    }

    /// Who can move the money.
    async fn payment_method_handlers(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let handlers = request.services.payments.list_handlers(&request.actor()).await?;
        let definition = |handler: &std::sync::Arc<dyn soko_extension::payment::PaymentHandler>| {
            ConfigurableOperationDefinition {
                code: handler.code().to_owned(),
                args: handler.arguments().iter().map(ConfigArgDefinition::from).collect(),
                description: handler.description().to_owned(),
            }
        };
        Ok(handlers.iter().map(definition).collect())
    }
}

/// Changes of payment methods.
#[derive(Default)]
pub struct PaymentMethodMutation;

#[Object]
impl PaymentMethodMutation {
    /// Adds a payment method.
    async fn create_payment_method(
        &self,
        context: &Context<'_>,
        input: CreatePaymentMethodInput,
    ) -> ApiResult<PaymentMethod> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.payments.create_method(&actor, input.into()).await?;
        request.configuration_changed();
        Ok(PaymentMethod::of(&actor, &created))
    }

    /// Changes a payment method.
    async fn update_payment_method(
        &self,
        context: &Context<'_>,
        input: UpdatePaymentMethodInput,
    ) -> ApiResult<PaymentMethod> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.payments.update_method(&actor, id, input.into()).await?;
        request.configuration_changed();
        Ok(PaymentMethod::of(&actor, &changed))
    }

    /// Deletes a payment method. A method belongs to one channel, so that `force` makes no difference.
    async fn delete_payment_method(
        &self,
        context: &Context<'_>,
        id: Id,
        #[graphql(name = "force")] _force: Option<bool>,
    ) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.payments.delete_methods(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::deleted())
    }

    /// Deletes payment methods. A method belongs to one channel, so that `force` makes no difference.
    async fn delete_payment_methods(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
        #[graphql(name = "force")] _force: Option<bool>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let responses = ids.iter().map(|_| DeletionResponse::deleted()).collect();
        let ids = ids.into_iter().map(Into::into).collect();
        request.services.payments.delete_methods(&actor, ids).await?;
        request.configuration_changed();
        Ok(responses)
    }
}
