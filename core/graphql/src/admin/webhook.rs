//! Addresses to which a shop has its events sent.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::notifications::{self, WebhookChanges};

use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Id};
use crate::shared::values::Success;

/// An address to which events are sent.
#[derive(Debug, SimpleObject)]
#[graphql(name = "WebhookEndpoint")]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: Id,
    /// The address.
    pub url: String,
    /// For people.
    pub description: String,
    /// Which events are sent: `order.placed`; all where none is named.
    pub event_types: Vec<String>,
    /// Whether anything is sent. A receiver that answers 410 is sent nothing more.
    pub enabled: bool,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
}

impl From<notifications::WebhookEndpoint> for WebhookEndpoint {
    fn from(endpoint: notifications::WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id.into(),
            url: endpoint.url,
            description: endpoint.description,
            event_types: endpoint.events.into_iter().map(str::to_owned).collect(),
            enabled: endpoint.enabled,
            created_at: endpoint.created_at.into(),
            updated_at: endpoint.updated_at.into(),
        }
    }
}

/// A new address.
#[derive(InputObject)]
#[graphql(name = "CreateWebhookEndpointInput")]
pub struct CreateWebhookEndpointInput {
    /// The address, HTTPS unless the platform allows otherwise.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events are sent; all when absent or empty.
    pub event_types: Option<Vec<String>>,
    /// Whether anything is sent; it is when absent.
    pub enabled: Option<bool>,
}

/// Changes of an address; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateWebhookEndpointInput")]
pub struct UpdateWebhookEndpointInput {
    /// Which.
    pub id: Id,
    /// Another address.
    pub url: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Which events are sent; all when empty.
    pub event_types: Option<Vec<String>>,
    /// Whether anything is sent.
    pub enabled: Option<bool>,
}

/// Queries of webhooks.
#[derive(Default)]
pub struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// The addresses to which events are sent.
    async fn webhook_endpoints(&self, context: &Context<'_>) -> ApiResult<Vec<WebhookEndpoint>> {
        let request = context.request();
        let endpoints = request.services.notifications.webhooks(&request.actor()).await?;
        Ok(endpoints.into_iter().map(WebhookEndpoint::from).collect())
    }

    /// What signs the messages to an address, for its receiver to check them by: as Standard Webhooks has it.
    async fn webhook_endpoint_secret(&self, context: &Context<'_>, id: Id) -> ApiResult<String> {
        let request = context.request();
        Ok(request.services.notifications.webhook_secret(&request.actor(), id.into()).await?)
    }
}

/// Changes of webhooks.
#[derive(Default)]
pub struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Has events sent to an address from now on.
    async fn create_webhook_endpoint(
        &self,
        context: &Context<'_>,
        input: CreateWebhookEndpointInput,
    ) -> ApiResult<WebhookEndpoint> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let CreateWebhookEndpointInput { url, description, event_types: events, enabled } = input;
        let new = WebhookChanges { url: Some(url), description, events, enabled };
        Ok(request.services.notifications.create_webhook(&actor, new).await?.into())
    }

    /// Changes an address, or what is sent there.
    async fn update_webhook_endpoint(
        &self,
        context: &Context<'_>,
        input: UpdateWebhookEndpointInput,
    ) -> ApiResult<WebhookEndpoint> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let UpdateWebhookEndpointInput { id, url, description, event_types: events, enabled } = input;
        let changes = WebhookChanges { url, description, events, enabled };
        Ok(request.services.notifications.update_webhook(&actor, id.into(), changes).await?.into())
    }

    /// Sends nothing to an address any more, and forgets it.
    async fn delete_webhook_endpoint(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.delete_webhook(&actor, id.into()).await?;
        Ok(Success { success: true })
    }

    /// Signs messages to an address with another secret. For a day they are signed with the one before, too.
    async fn rotate_webhook_endpoint_secret(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.rotate_webhook_secret(&actor, id.into()).await?;
        Ok(Success { success: true })
    }

    /// Tries a message once more that nobody tries any more, or earlier than it would be.
    async fn retry_event_action(&self, context: &Context<'_>, id: Id) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.notifications.retry(&actor, id.into()).await?;
        Ok(Success { success: true })
    }
}
