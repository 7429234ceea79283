//! Ways to deliver, for those who set a shop up, and what they would offer.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::orders::TrialOrder;
use soko_domain::pricing::TaxBasis;
use soko_domain::shipping::{
    self, NewShippingMethod, ShippingMethodChanges, ShippingMethodText, ShippingMethodTextChanges,
};
use soko_kernel::VariantId;

use super::lists::ShippingMethods;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, Json, Money};
use crate::shared::address::CreateAddressInput;
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::LanguageCode;
use crate::shared::list_options::ListOptions;
use crate::shared::operation::{ConfigurableOperationDefinition, ConfigurableOperationInput};
use crate::shared::shipping::ShippingMethod;
use crate::shared::values::ShippingMethodQuote;

/// A page of shipping methods.
#[derive(SimpleObject)]
#[graphql(name = "ShippingMethodList")]
pub struct ShippingMethodList {
    /// This page.
    pub items: Vec<ShippingMethod>,
    /// Methods in the whole list.
    pub total_items: i64,
}

/// A shipping method's texts in one language.
#[derive(InputObject)]
#[graphql(name = "ShippingMethodTranslationInput")]
pub struct ShippingMethodTranslationInput {
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

/// A shipping method to be added.
#[derive(InputObject)]
#[graphql(name = "CreateShippingMethodInput")]
pub struct CreateShippingMethodInput {
    /// Its code, unique in the channel.
    pub code: String,
    /// Code of the fulfillment handler: who hands the goods over.
    pub fulfillment_handler: String,
    /// Which orders it delivers.
    pub checker: ConfigurableOperationInput,
    /// What it costs.
    pub calculator: ConfigurableOperationInput,
    /// Its texts; at least one.
    pub translations: Vec<ShippingMethodTranslationInput>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<CreateShippingMethodInput> for NewShippingMethod {
    fn from(input: CreateShippingMethodInput) -> Self {
        let text = |text: ShippingMethodTranslationInput| ShippingMethodText {
            language: text.language_code.0,
            name: text.name.unwrap_or_default(),
            description: text.description.unwrap_or_default(),
        };
        Self {
            code: input.code,
            fulfillment_handler: input.fulfillment_handler,
            checker: input.checker.into(),
            calculator: input.calculator.into(),
            texts: input.translations.into_iter().map(text).collect(),
        }
    }
}

/// What changes of a shipping method; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateShippingMethodInput")]
pub struct UpdateShippingMethodInput {
    /// The method.
    pub id: Id,
    /// Its code, unique in the channel.
    pub code: Option<String>,
    /// Code of the fulfillment handler: who hands the goods over.
    pub fulfillment_handler: Option<String>,
    /// Which orders it delivers.
    pub checker: Option<ConfigurableOperationInput>,
    /// What it costs.
    pub calculator: Option<ConfigurableOperationInput>,
    /// Texts that change; other languages stay.
    pub translations: Vec<ShippingMethodTranslationInput>,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<UpdateShippingMethodInput> for ShippingMethodChanges {
    fn from(input: UpdateShippingMethodInput) -> Self {
        let text = |text: ShippingMethodTranslationInput| ShippingMethodTextChanges {
            language: text.language_code.0,
            name: text.name,
            description: text.description,
        };
        Self {
            code: input.code,
            fulfillment_handler: input.fulfillment_handler,
            checker: input.checker.map(Into::into),
            calculator: input.calculator.map(Into::into),
            texts: input.translations.into_iter().map(text).collect(),
        }
    }
}

/// Units of a variant in an order that is only imagined.
#[derive(InputObject)]
#[graphql(name = "TestShippingMethodOrderLineInput")]
pub struct TestShippingMethodOrderLineInput {
    /// The variant.
    pub product_variant_id: Id,
    /// How many units.
    pub quantity: i32,
}

/// Rules of delivery to try, and an order to try them with.
#[derive(InputObject)]
#[graphql(name = "TestShippingMethodInput")]
pub struct TestShippingMethodInput {
    /// Which orders would be delivered.
    pub checker: ConfigurableOperationInput,
    /// What it would cost.
    pub calculator: ConfigurableOperationInput,
    /// Where the order would go.
    pub shipping_address: CreateAddressInput,
    /// What it would be of.
    pub lines: Vec<TestShippingMethodOrderLineInput>,
}

/// An order to try the channel's shipping methods with.
#[derive(InputObject)]
#[graphql(name = "TestEligibleShippingMethodsInput")]
pub struct TestEligibleShippingMethodsInput {
    /// Where the order would go.
    pub shipping_address: CreateAddressInput,
    /// What it would be of.
    pub lines: Vec<TestShippingMethodOrderLineInput>,
}

fn trial(address: CreateAddressInput, lines: Vec<TestShippingMethodOrderLineInput>) -> TrialOrder {
    let line = |line: TestShippingMethodOrderLineInput| {
        (VariantId::from(line.product_variant_id), i64::from(line.quantity))
    };
    TrialOrder { shipping_address: address.into(), lines: lines.into_iter().map(line).collect() }
}

/// What rules of delivery say of an order.
#[derive(SimpleObject)]
#[graphql(name = "TestShippingMethodResult")]
pub struct TestShippingMethodResult {
    /// Whether it would be delivered.
    pub eligible: bool,
    /// What that would cost.
    pub quote: Option<TestShippingMethodQuote>,
}

/// What delivery would cost.
#[derive(SimpleObject)]
#[graphql(name = "TestShippingMethodQuote")]
pub struct TestShippingMethodQuote {
    /// Without tax.
    pub price: Money,
    /// With tax.
    pub price_with_tax: Money,
    /// What the calculator says beside the price.
    pub metadata: Option<Json>,
}

impl TestShippingMethodQuote {
    fn of(price: &shipping::ShippingPrice) -> ApiResult<Self> {
        let basis = TaxBasis { rate: price.tax_rate, includes_tax: price.includes_tax };
        let amount = basis.split(price.list_price)?;
        Ok(Self { price: Money(amount.net), price_with_tax: Money(amount.gross), metadata: None })
    }
}

/// Queries of shipping methods.
#[derive(Default)]
pub struct ShippingQuery;

#[Object]
impl ShippingQuery {
    /// A page of the channel's shipping methods.
    async fn shipping_methods(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<ShippingMethods>>,
    ) -> ApiResult<ShippingMethodList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let actor = request.actor();
        let page = request.services.shipping.list(&actor, &query).await?;
        let items = page.items.iter().map(|method| ShippingMethod::of(&actor, method)).collect();
        Ok(ShippingMethodList { items, total_items: page.total })
    }

    /// A shipping method.
    async fn shipping_method(&self, context: &Context<'_>, id: Id) -> Nullable<ShippingMethod> {
        let request = context.request();
        let actor = request.actor();
        let found = request.services.shipping.find(&actor, id.into()).await;
        found
            .map(|found| found.map(|method| ShippingMethod::of(&actor, &method)))
            .map_err(ApiError::from)
            .transpose()
    }

    /// The rules by which a method can choose the orders that it delivers.
    async fn shipping_eligibility_checkers(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let checkers = request.services.shipping.checkers(&request.actor())?;
        Ok(checkers.iter().map(ConfigurableOperationDefinition::from).collect())
    }

    /// The rules by which a method's price can be found.
    async fn shipping_calculators(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let calculators = request.services.shipping.calculators(&request.actor())?;
        Ok(calculators.iter().map(ConfigurableOperationDefinition::from).collect())
    }

    /// The ways in which goods can be handed over.
    async fn fulfillment_handlers(
        &self,
        context: &Context<'_>,
    ) -> ApiResult<Vec<ConfigurableOperationDefinition>> {
        let request = context.request();
        let handlers = request.services.shipping.fulfillment_handlers(&request.actor())?;
        Ok(handlers.iter().map(ConfigurableOperationDefinition::from).collect())
    }

    /// What rules of delivery would say of an order.
    async fn test_shipping_method(
        &self,
        context: &Context<'_>,
        input: TestShippingMethodInput,
    ) -> ApiResult<TestShippingMethodResult> {
        let request = context.request();
        let (checker, calculator) = (input.checker.into(), input.calculator.into());
        let order = trial(input.shipping_address, input.lines);
        let orders = &request.services.orders;
        let price = orders.try_shipping(&request.actor(), &checker, &calculator, order).await?;
        let quote = price.as_ref().map(TestShippingMethodQuote::of).transpose()?;
        Ok(TestShippingMethodResult { eligible: quote.is_some(), quote })
    }

    /// What the channel's shipping methods would offer an order, cheapest first.
    async fn test_eligible_shipping_methods(
        &self,
        context: &Context<'_>,
        input: TestEligibleShippingMethodsInput,
    ) -> ApiResult<Vec<ShippingMethodQuote>> {
        let request = context.request();
        let actor = request.actor();
        let order = trial(input.shipping_address, input.lines);
        let quotes = request.services.orders.try_eligible_shipping(&actor, order).await?;
        quotes.iter().map(|quote| ShippingMethodQuote::of(&actor, quote)).collect()
    }
}

/// Changes of shipping methods.
#[derive(Default)]
pub struct ShippingMutation;

#[Object]
impl ShippingMutation {
    /// Adds a shipping method.
    async fn create_shipping_method(
        &self,
        context: &Context<'_>,
        input: CreateShippingMethodInput,
    ) -> ApiResult<ShippingMethod> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let created = request.services.shipping.create(&actor, input.into()).await?;
        request.configuration_changed();
        Ok(ShippingMethod::of(&actor, &created))
    }

    /// Changes a shipping method.
    async fn update_shipping_method(
        &self,
        context: &Context<'_>,
        input: UpdateShippingMethodInput,
    ) -> ApiResult<ShippingMethod> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        let changed = request.services.shipping.update(&actor, id, input.into()).await?;
        request.configuration_changed();
        Ok(ShippingMethod::of(&actor, &changed))
    }

    /// Deletes a shipping method. Orders that chose it keep it.
    async fn delete_shipping_method(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.shipping.delete(&actor, vec![id.into()]).await?;
        request.configuration_changed();
        Ok(DeletionResponse::deleted())
    }

    /// Deletes shipping methods. Orders that chose them keep them.
    async fn delete_shipping_methods(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let responses = ids.iter().map(|_| DeletionResponse::deleted()).collect();
        request.services.shipping.delete(&actor, ids.into_iter().map(Into::into).collect()).await?;
        request.configuration_changed();
        Ok(responses)
    }
}
