//! What somebody was told within the system: their own, and nobody else's.

use soko_kernel::{Actor, ChannelScope, Forbidden, InboxMessageId, ListQuery, Page, PermissionSet, UserId};

use super::entity::InboxMessage;
use super::error::NotificationError;
use super::{Notifications, repo};

/// Whose inbox it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) scope: ChannelScope,
    pub(super) user: UserId,
    /// As what they were told.
    pub(super) kind: &'static str,
}

impl Owner {
    /// Who is logged in. Whoever has no rights in the shop any more does not see what they were told as one of those who
    /// run it.
    pub(super) fn of(actor: &Actor) -> Result<Self, Forbidden> {
        let user = actor.user.ok_or(Forbidden::NotAuthenticated)?;
        let kind = if actor.permissions == PermissionSet::NONE { "customer" } else { "administrator" };
        Ok(Self { scope: actor.public_scope(), user, kind })
    }
}

impl Notifications {
    /// A page of the actor's messages, the latest first unless the query says otherwise.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn list_messages(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<InboxMessage>, NotificationError> {
        let owner = Owner::of(actor)?;
        self.database
            .read(owner.scope, async |reader| Ok(repo::list_messages(reader, owner, query).await?))
            .await
    }

    /// How many messages the actor has not read.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn unread_count(&self, actor: &Actor) -> Result<i64, NotificationError> {
        let owner = Owner::of(actor)?;
        self.database.read(owner.scope, async |reader| Ok(repo::unread_count(reader, owner).await?)).await
    }

    /// Marks one of the actor's messages as read.
    ///
    /// # Errors
    /// [`NotificationError::NotFound`], also of a message that is somebody else's.
    pub async fn mark_read(&self, actor: &Actor, id: InboxMessageId) -> Result<(), NotificationError> {
        let (owner, now) = (Owner::of(actor)?, self.clock.now());
        let write = async move |tx: &mut soko_infra::Tx| repo::mark_read(tx, owner, id, now).await;
        if self.database.write_concurrently(owner.scope, write).await? {
            return Ok(());
        }
        Err(NotificationError::NotFound(id))
    }

    /// Marks all of the actor's messages as read, and says how many were not.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn mark_all_read(&self, actor: &Actor) -> Result<u64, NotificationError> {
        let (owner, now) = (Owner::of(actor)?, self.clock.now());
        let write = async move |tx: &mut soko_infra::Tx| repo::mark_all_read(tx, owner, now).await;
        Ok(self.database.write_concurrently(owner.scope, write).await?)
    }
}
