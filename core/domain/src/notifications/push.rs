//! Browsers in which people want to be told: each says where it is reached, and is forgotten when it is no longer.

use soko_extension::push::{PushSender, PushTarget};
use soko_infra::Tx;
use soko_kernel::{Actor, Timestamp};

use super::error::NotificationError;
use super::inbox::Owner;
use super::{Notifications, repo};

/// Browsers of one person in a shop.
pub(super) const BROWSERS_MAX: usize = 20;
/// Bytes of an endpoint, and of a key.
const ENDPOINT_BYTES_MAX: usize = 2_000;

/// A browser in which somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// The push service's address for it.
    pub endpoint: String,
    /// When it was made known.
    pub created_at: Timestamp,
}

impl Notifications {
    /// The platform's public key, which browsers are to be given; none where nobody is told in browsers.
    pub fn push_public_key(&self) -> Option<&str> {
        self.push.as_deref().map(PushSender::public_key)
    }

    /// The browsers in which the actor is told, the oldest first.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn push_subscriptions(
        &self,
        actor: &Actor,
    ) -> Result<Vec<PushSubscription>, NotificationError> {
        let owner = Owner::of(actor)?;
        let read = async |reader: &mut soko_infra::Reader| repo::push_subscriptions(reader, owner).await;
        Ok(self.database.read(owner.scope, read).await?)
    }

    /// Tells the actor in a browser from now on. One that is known already is theirs from now on.
    ///
    /// # Errors
    /// [`NotificationError::PushOff`], [`NotificationError::PushTarget`]; nobody is logged in.
    pub async fn subscribe_to_push(
        &self,
        actor: &Actor,
        target: PushTarget,
    ) -> Result<PushSubscription, NotificationError> {
        let owner = Owner::of(actor)?;
        let push = self.push.as_deref().ok_or(NotificationError::PushOff)?;
        if target.endpoint.len() > ENDPOINT_BYTES_MAX {
            return Err(NotificationError::PushTarget("the endpoint is too long".to_owned()));
        }
        push.check(&target).map_err(|refused| NotificationError::PushTarget(refused.0))?;
        let now = self.clock.now();
        self.database
            .write(owner.scope, async move |tx: &mut Tx| {
                let known = repo::push_subscriptions(tx, owner).await?;
                let is_known = known.iter().any(|one| one.endpoint == target.endpoint);
                if known.len() >= BROWSERS_MAX && !is_known {
                    let why = format!("somebody is told in at most {BROWSERS_MAX} browsers");
                    return Err(NotificationError::PushTarget(why));
                }
                repo::put_push_subscription(tx, owner, &target, now).await?;
                Ok(PushSubscription { endpoint: target.endpoint.clone(), created_at: now })
            })
            .await
    }

    /// Tells the actor no more in a browser of theirs. Says whether they were told there.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn unsubscribe_from_push(
        &self,
        actor: &Actor,
        endpoint: &str,
    ) -> Result<bool, NotificationError> {
        let owner = Owner::of(actor)?;
        let endpoint = endpoint.to_owned();
        let write = async move |tx: &mut Tx| repo::delete_push_subscription(tx, owner, &endpoint).await;
        Ok(self.database.write(owner.scope, write).await?)
    }
}
