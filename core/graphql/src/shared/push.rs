//! Browsers in which whoever is logged in is told: the same in both endpoints.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::notifications;
use soko_extension::push::PushTarget;

use super::values::Success;
use crate::context::OfRequest as _;
use crate::error::ApiResult;
use crate::scalars::DateTime;

/// A browser in which somebody is told.
#[derive(Debug, SimpleObject)]
#[graphql(name = "PushSubscription")]
pub struct PushSubscription {
    /// The push service's address for it.
    pub endpoint: String,
    /// When it was made known.
    pub created_at: DateTime,
}

impl From<notifications::PushSubscription> for PushSubscription {
    fn from(subscription: notifications::PushSubscription) -> Self {
        Self { endpoint: subscription.endpoint, created_at: subscription.created_at.into() }
    }
}

/// What a browser says when somebody lets it show messages: the JSON of its `PushSubscription`.
#[derive(InputObject)]
#[graphql(name = "SubscribeToPushInput")]
pub struct SubscribeToPushInput {
    /// The push service's address for the browser.
    pub endpoint: String,
    /// `keys.p256dh`.
    pub p256dh: String,
    /// `keys.auth`.
    pub auth: String,
}

/// Queries of browsers.
#[derive(Default)]
pub struct PushQuery;

#[Object]
impl PushQuery {
    /// The platform's public key, for `applicationServerKey` of a browser's `pushManager.subscribe`; absent where nobody is
    /// told in browsers.
    async fn push_public_key(&self, context: &Context<'_>) -> Option<String> {
        context.request().services.notifications.push_public_key().map(str::to_owned)
    }

    /// The browsers in which whoever is logged in is told.
    async fn push_subscriptions(&self, context: &Context<'_>) -> ApiResult<Vec<PushSubscription>> {
        let request = context.request();
        let subscriptions = request.services.notifications.push_subscriptions(&request.actor()).await?;
        Ok(subscriptions.into_iter().map(PushSubscription::from).collect())
    }
}

/// Changes of browsers.
#[derive(Default)]
pub struct PushMutation;

#[Object]
impl PushMutation {
    /// Tells whoever is logged in in a browser from now on.
    async fn subscribe_to_push(
        &self,
        context: &Context<'_>,
        input: SubscribeToPushInput,
    ) -> ApiResult<PushSubscription> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let SubscribeToPushInput { endpoint, p256dh, auth } = input;
        let target = PushTarget { endpoint, p256dh, auth };
        Ok(request.services.notifications.subscribe_to_push(&actor, target).await?.into())
    }

    /// Tells whoever is logged in no more in a browser of theirs; the others stay. No success when they were not told there.
    async fn unsubscribe_from_push(&self, context: &Context<'_>, endpoint: String) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let success = request.services.notifications.unsubscribe_from_push(&actor, &endpoint).await?;
        Ok(Success { success })
    }
}
