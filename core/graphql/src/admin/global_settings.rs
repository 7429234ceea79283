//! What clients ask of the server as a whole before they show anything: what it offers, and the channel's defaults.

use async_graphql::{Context, Object, SimpleObject};
use soko_domain::channels;
use soko_domain::orders::OrderState;
use soko_kernel::Permission;

use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::enums::LanguageCode;
use crate::shared::vocabulary::declared_only;

/// Digits after the decimal point of an amount.
const MONEY_PRECISION: i64 = 2;

declared_only! {
    /// How a custom field is set up: there are none.
    CustomFieldConfig,
}

/// The defaults of the channel that the request is for, and what the server offers. A channel has its own defaults;
/// none are shared by all.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "GlobalSettings")]
pub struct GlobalSettings {
    /// The channel's id.
    pub id: Id,
    /// When the channel was created.
    pub created_at: DateTime,
    /// When the channel last changed.
    pub updated_at: DateTime,
    /// Languages that texts may have.
    pub available_languages: Vec<LanguageCode>,
    /// Whether variants that do not say otherwise track their stock.
    pub track_inventory: bool,
    /// Units that variants which do not say otherwise keep back.
    pub out_of_stock_threshold: i64,
    /// What the server offers.
    pub server_config: ServerConfig,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&channels::Channel> for GlobalSettings {
    fn from(channel: &channels::Channel) -> Self {
        Self {
            id: channel.id.into(),
            created_at: channel.created_at.into(),
            updated_at: channel.updated_at.into(),
            available_languages: channel.available_languages.iter().copied().map(LanguageCode).collect(),
            track_inventory: channel.track_inventory,
            out_of_stock_threshold: channel.out_of_stock_threshold,
            server_config: ServerConfig::new(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// What the server offers.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ServerConfig")]
pub struct ServerConfig {
    /// The states of an order and what may follow which.
    pub order_process: Vec<OrderProcessState>,
    /// MIME types of files that can be uploaded.
    pub permitted_asset_types: Vec<&'static str>,
    /// What a role can allow.
    pub permissions: Vec<PermissionDefinition>,
    /// Digits after the decimal point of an amount.
    pub money_strategy_precision: i64,
    /// Custom fields by type: none.
    pub custom_field_config: CustomFields,
    /// Custom fields in one list: none.
    pub entity_custom_fields: Vec<EntityCustomFields>,
}

impl ServerConfig {
    fn new() -> Self {
        let state = |state: OrderState| OrderProcessState {
            name: state.as_str(),
            to: state.next().iter().map(|next| next.as_str()).collect(),
        };
        let permission = |permission: &Permission| PermissionDefinition {
            name: permission.as_str(),
            description: describe(permission.as_str()),
            assignable: permission.is_assignable(),
        };
        Self {
            order_process: OrderState::ALL.into_iter().map(state).collect(),
            permitted_asset_types: soko_domain::catalogue::PICTURE_TYPES.to_vec(),
            permissions: Permission::ALL.iter().map(permission).collect(),
            money_strategy_precision: MONEY_PRECISION,
            custom_field_config: CustomFields::default(),
            entity_custom_fields: Vec::new(),
        }
    }
}

/// What a permission allows, from the verb and the noun that its name is made of.
fn describe(name: &str) -> String {
    let verbs = ["Create", "Read", "Update", "Delete"];
    match verbs.iter().find_map(|verb| Some((verb, name.strip_prefix(verb)?))) {
        Some((verb, noun)) => format!("Lets its holder {} what is named {noun}", verb.to_lowercase()),
        None if name == Permission::SuperAdmin.as_str() => {
            "Lets its holder do everything everywhere".to_owned()
        }
        None => format!("Says of whoever acts: {name}"),
    }
}

/// A state of an order.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "OrderProcessState")]
pub struct OrderProcessState {
    /// Its name.
    pub name: &'static str,
    /// What may follow.
    pub to: Vec<&'static str>,
}

/// A permission and what it is for.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PermissionDefinition")]
pub struct PermissionDefinition {
    /// Its name.
    pub name: &'static str,
    /// What it allows.
    pub description: String,
    /// Whether a role can hold it.
    pub assignable: bool,
}

/// The custom fields of one type.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "EntityCustomFields")]
pub struct EntityCustomFields {
    /// The type.
    pub entity_name: String,
    /// Its custom fields.
    pub custom_fields: Vec<CustomFieldConfig>,
}

/// The custom fields of every type: there are none.
#[derive(Debug, Clone, Default, SimpleObject)]
#[graphql(name = "CustomFields", rename_fields = "PascalCase")]
pub struct CustomFields {
    pub address: Vec<CustomFieldConfig>,
    pub administrator: Vec<CustomFieldConfig>,
    pub api_key: Vec<CustomFieldConfig>,
    pub asset: Vec<CustomFieldConfig>,
    pub channel: Vec<CustomFieldConfig>,
    pub collection: Vec<CustomFieldConfig>,
    pub customer: Vec<CustomFieldConfig>,
    pub customer_group: Vec<CustomFieldConfig>,
    pub facet: Vec<CustomFieldConfig>,
    pub facet_value: Vec<CustomFieldConfig>,
    pub fulfillment: Vec<CustomFieldConfig>,
    pub global_settings: Vec<CustomFieldConfig>,
    pub history_entry: Vec<CustomFieldConfig>,
    pub order: Vec<CustomFieldConfig>,
    pub order_line: Vec<CustomFieldConfig>,
    pub payment: Vec<CustomFieldConfig>,
    pub payment_method: Vec<CustomFieldConfig>,
    pub product: Vec<CustomFieldConfig>,
    pub product_option: Vec<CustomFieldConfig>,
    pub product_option_group: Vec<CustomFieldConfig>,
    pub product_variant: Vec<CustomFieldConfig>,
    pub product_variant_price: Vec<CustomFieldConfig>,
    pub promotion: Vec<CustomFieldConfig>,
    pub refund: Vec<CustomFieldConfig>,
    pub region: Vec<CustomFieldConfig>,
    pub seller: Vec<CustomFieldConfig>,
    pub session: Vec<CustomFieldConfig>,
    pub shipping_line: Vec<CustomFieldConfig>,
    pub shipping_method: Vec<CustomFieldConfig>,
    pub stock_level: Vec<CustomFieldConfig>,
    pub stock_location: Vec<CustomFieldConfig>,
    pub stock_movement: Vec<CustomFieldConfig>,
    pub tax_category: Vec<CustomFieldConfig>,
    pub tax_rate: Vec<CustomFieldConfig>,
    pub user: Vec<CustomFieldConfig>,
    pub zone: Vec<CustomFieldConfig>,
}

/// Queries of the server as a whole.
#[derive(Default)]
pub struct GlobalSettingsQuery;

#[Object]
impl GlobalSettingsQuery {
    /// What the server offers, and the channel's defaults; for everybody who is logged in.
    async fn global_settings(&self, context: &Context<'_>) -> ApiResult<GlobalSettings> {
        let request = context.request();
        let channel = request.services.channels.active_for_administrator(&request.actor()).await?;
        Ok(GlobalSettings::from(&channel))
    }
}
