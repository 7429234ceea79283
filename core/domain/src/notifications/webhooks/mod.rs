//! Where a shop wants events sent, and with which secrets what is sent is signed.

mod signature;

use soko_extension::webhook::WebhookSender;
use soko_infra::Tx;
use soko_kernel::{Actor, ChannelScope, Permission, Timestamp, WebhookEndpointId};

use super::catalogue::EventType;
use super::error::NotificationError;
use super::{Notifications, repo};
use crate::plugins::{Place, Vault};

pub(super) use signature::headers as signed_headers;

/// Endpoints that a shop may have.
const ENDPOINTS_MAX: i64 = 50;
const URL_LENGTH_MAX: usize = 1_000;
const DESCRIPTION_LENGTH_MAX: usize = 500;
/// How long the previous secret signs, too, after it was changed.
const PREVIOUS_SIGNS_FOR: std::time::Duration = std::time::Duration::from_hours(24);

/// Where a shop wants events sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// The address.
    pub url: String,
    /// For people; may be empty.
    pub description: String,
    /// Which events; all where there is none.
    pub events: Vec<&'static str>,
    /// Whether anything is sent.
    pub enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl WebhookEndpoint {
    pub(super) fn wants(&self, event: &EventType) -> bool {
        self.enabled && (self.events.is_empty() || self.events.contains(&event.name))
    }
}

/// An endpoint to be made or, with absent fields that stay, changed.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of WebhookEndpoint")]
pub struct WebhookChanges {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

impl WebhookChanges {
    fn apply(
        self,
        endpoint: &mut WebhookEndpoint,
        sender: &dyn WebhookSender,
    ) -> Result<(), NotificationError> {
        if let Some(url) = self.url {
            if url.len() > URL_LENGTH_MAX {
                return Err(NotificationError::WebhookUrl(format!(
                    "it has more than {URL_LENGTH_MAX} bytes"
                )));
            }
            sender.check(&url).map_err(|refused| NotificationError::WebhookUrl(refused.0))?;
            endpoint.url = url;
        }
        if let Some(description) = self.description {
            if description.chars().count() > DESCRIPTION_LENGTH_MAX {
                return Err(NotificationError::WebhookDescription);
            }
            endpoint.description = description;
        }
        if let Some(events) = self.events {
            let known = |name: String| match EventType::find(&name) {
                Some(event) => Ok(event.name),
                None => Err(NotificationError::UnknownEvent(name)),
            };
            endpoint.events = events.into_iter().map(known).collect::<Result<_, _>>()?;
            endpoint.events.sort_unstable();
            endpoint.events.dedup();
        }
        endpoint.enabled = self.enabled.unwrap_or(endpoint.enabled);
        Ok(())
    }
}

impl Notifications {
    /// The channel's endpoints, by their ids.
    ///
    /// # Errors
    /// [`NotificationError::Forbidden`].
    pub async fn webhooks(&self, actor: &Actor) -> Result<Vec<WebhookEndpoint>, NotificationError> {
        let scope = actor.require(Permission::ReadSettings)?;
        Ok(self.database.read(scope, async |reader| repo::webhooks(reader, scope).await).await?)
    }

    /// Makes an endpoint, with a secret of its own. Its address must be given.
    ///
    /// # Errors
    /// [`NotificationError::WebhookUrl`], [`NotificationError::UnknownEvent`], [`NotificationError::TooManyWebhooks`];
    /// [`NotificationError::WebhooksOff`], and [`NotificationError::SecretsOff`] where the platform has no key to seal the
    /// secret with.
    pub async fn create_webhook(
        &self,
        actor: &Actor,
        new: WebhookChanges,
    ) -> Result<WebhookEndpoint, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let (sender, now) = (self.sender()?, self.clock.now());
        let mut endpoint = WebhookEndpoint {
            id: WebhookEndpointId(0),
            url: String::new(),
            description: String::new(),
            events: Vec::new(),
            enabled: true,
            created_at: now,
            updated_at: now,
        };
        let url = Some(new.url.clone().unwrap_or_default());
        WebhookChanges { url, ..new }.apply(&mut endpoint, sender)?;
        let sealed = self.new_secret(scope)?;
        self.database
            .write(scope, async move |tx: &mut Tx| {
                if repo::webhook_count(tx, scope).await? >= ENDPOINTS_MAX {
                    return Err(NotificationError::TooManyWebhooks(ENDPOINTS_MAX));
                }
                let mut endpoint = endpoint.clone();
                endpoint.id = repo::insert_webhook(tx, scope, &endpoint, sealed.clone()).await?;
                Ok(endpoint)
            })
            .await
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// As of [`Self::create_webhook`]; [`NotificationError::WebhookNotFound`].
    pub async fn update_webhook(
        &self,
        actor: &Actor,
        id: WebhookEndpointId,
        changes: WebhookChanges,
    ) -> Result<WebhookEndpoint, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let sender = self.sender()?;
        let found = self.database.read(scope, async |reader| repo::webhooks(reader, scope).await).await?;
        let found = found.into_iter().find(|endpoint| endpoint.id == id);
        let mut endpoint = found.ok_or(NotificationError::WebhookNotFound(id))?;
        changes.apply(&mut endpoint, sender)?;
        endpoint.updated_at = self.clock.now();
        let write = async move |tx: &mut Tx| {
            let changed = repo::update_webhook(tx, scope, &endpoint).await?;
            if changed { Ok(endpoint.clone()) } else { Err(NotificationError::WebhookNotFound(id)) }
        };
        self.database.write(scope, write).await
    }

    /// Removes an endpoint. What was to be sent there is not.
    ///
    /// # Errors
    /// [`NotificationError::WebhookNotFound`].
    pub async fn delete_webhook(
        &self,
        actor: &Actor,
        id: WebhookEndpointId,
    ) -> Result<(), NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let write = async move |tx: &mut Tx| repo::delete_webhook(tx, scope, id).await;
        if self.database.write(scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::WebhookNotFound(id))
    }

    /// Gives an endpoint another secret. The one that it had signs, too, for a day.
    ///
    /// # Errors
    /// [`NotificationError::WebhookNotFound`], [`NotificationError::SecretsOff`].
    pub async fn rotate_webhook_secret(
        &self,
        actor: &Actor,
        id: WebhookEndpointId,
    ) -> Result<(), NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let (sealed, now) = (self.new_secret(scope)?, self.clock.now());
        let until = now.after(PREVIOUS_SIGNS_FOR);
        let write = async move |tx: &mut Tx| {
            repo::rotate_webhook_secret(tx, scope, id, (sealed.clone(), until), now).await
        };
        if self.database.write(scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::WebhookNotFound(id))
    }

    /// The secret that signs what is sent to an endpoint, as its receiver is to be given it: `whsec_` and base64.
    ///
    /// # Errors
    /// [`NotificationError::WebhookNotFound`], [`NotificationError::SecretsOff`].
    pub async fn webhook_secret(
        &self,
        actor: &Actor,
        id: WebhookEndpointId,
    ) -> Result<String, NotificationError> {
        let scope = actor.require(Permission::UpdateSettings)?;
        let sealed =
            self.database.read(scope, async |reader| repo::webhook_secret(reader, scope, id).await).await?;
        let sealed = sealed.ok_or(NotificationError::WebhookNotFound(id))?;
        Ok(signature::shown(&self.open(scope, &sealed)?))
    }

    pub(super) fn sender(&self) -> Result<&dyn WebhookSender, NotificationError> {
        self.sender.as_deref().ok_or(NotificationError::WebhooksOff)
    }

    pub(super) fn vault(&self) -> Result<&Vault, NotificationError> {
        self.vault.as_ref().ok_or(NotificationError::SecretsOff)
    }

    /// A secret that nobody knows yet, sealed.
    fn new_secret(&self, scope: ChannelScope) -> Result<Vec<u8>, NotificationError> {
        let secret = [self.random.salt(), self.random.salt()].concat();
        Ok(self.vault()?.close(&Place::of_webhooks(scope), &secret)?)
    }

    pub(super) fn open(&self, scope: ChannelScope, sealed: &[u8]) -> Result<Vec<u8>, NotificationError> {
        Ok(self.vault()?.open(&Place::of_webhooks(scope), sealed)?)
    }
}
