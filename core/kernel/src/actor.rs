//! Who acts, in which channel, with which rights. The channel comes from the request's token or session.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::ErrorKind;
use crate::id::{ChannelId, OrderId, SessionId, UserId};
use crate::locale::{Currency, Language};
use crate::permission::{Permission, PermissionSet};

/// Who makes a request. Built once per request by the auth domain, or by a job or command for itself.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The channel, as its row was when the request began.
    pub channel: ActorChannel,
    /// The session, if the request named a valid one.
    pub session: Option<SessionId>,
    /// The order that the session is shopping for, as the session said when the request began.
    pub active_order: Option<OrderId>,
    /// At which version that order was then.
    pub active_order_version: SeenVersion,
    /// Who is logged in.
    pub user: Option<UserId>,
    /// What the user's roles allow in this channel.
    pub permissions: PermissionSet,
    /// The language of the answer.
    pub language: Language,
}

/// The version of something as it was when the request began. It can be relied on once: what is done of a request may
/// change the thing, so that whoever comes later asks the store. Clones are of one request, and share it.
#[derive(Debug, Clone, Default)]
pub struct SeenVersion(Arc<AtomicI64>);

impl SeenVersion {
    /// What no version is; they begin with 1.
    const NONE: i64 = 0;

    /// A version that was just read, if there was one.
    pub fn new(version: Option<i64>) -> Self {
        Self(Arc::new(AtomicI64::new(version.unwrap_or(Self::NONE))))
    }

    /// The version, for the first who asks.
    pub fn take(&self) -> Option<i64> {
        Some(self.0.swap(Self::NONE, Ordering::Relaxed)).filter(|version| *version != Self::NONE)
    }
}

/// The channel's facts that nearly every operation needs.
#[derive(Debug, Clone)]
pub struct ActorChannel {
    /// The channel.
    pub id: ChannelId,
    /// Its code.
    pub code: String,
    /// Counts changes of the channel's configuration; caches of configuration are keyed by it.
    pub revision: i64,
    /// The language when the client asks for none, or for one without a translation.
    pub default_language: Language,
    /// The currency of the price list.
    pub currency: Currency,
    /// Whether list prices are with tax.
    pub prices_include_tax: bool,
    /// IANA name of the shop's time zone.
    pub time_zone: String,
}

/// Proof that an actor may touch a channel's data: the only way to a repository of tenant data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelScope {
    channel: ChannelId,
}

impl ChannelScope {
    /// The channel whose rows may be touched.
    pub fn channel_id(self) -> ChannelId {
        self.channel
    }
}

/// The actor may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Nobody is logged in.
    #[error("you are not logged in, or your session has ended")]
    NotAuthenticated,
    /// The user's roles do not allow it in this channel.
    #[error("you are not currently authorized to perform this action: it needs {0}")]
    Missing(Permission),
}

impl Forbidden {
    /// The kind that clients can tell apart.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::NotAuthenticated => ErrorKind::Unauthenticated,
            Self::Missing(_) => ErrorKind::Forbidden,
        }
    }
}

impl Actor {
    /// Data of the actor's channel that the public may reach by operations of the Shop API.
    pub fn public_scope(&self) -> ChannelScope {
        ChannelScope { channel: self.channel.id }
    }

    /// Data of the actor's channel, for a user whose roles allow one of `permissions` there.
    ///
    /// # Errors
    /// [`Forbidden`] with the first of the permissions.
    pub fn require_any(&self, permissions: &[Permission]) -> Result<ChannelScope, Forbidden> {
        if permissions.iter().any(|permission| self.permissions.allows(*permission)) {
            return Ok(ChannelScope { channel: self.channel.id });
        }
        match (self.user, permissions.first()) {
            (Some(_), Some(permission)) => Err(Forbidden::Missing(*permission)),
            (Some(_), None) => Err(Forbidden::Missing(Permission::SuperAdmin)),
            (None, _) => Err(Forbidden::NotAuthenticated),
        }
    }

    /// Data of the actor's channel, for a user whose roles allow `permission` there.
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn require(&self, permission: Permission) -> Result<ChannelScope, Forbidden> {
        self.require_any(&[permission])
    }

    /// Right to act on the platform as a whole.
    ///
    /// # Errors
    /// [`Forbidden`] for everybody but the platform's operators.
    pub fn require_superadmin(&self) -> Result<(), Forbidden> {
        self.require(Permission::SuperAdmin).map(|_| ())
    }

    /// Another channel's data, for the platform's operators only. Callers write an audit entry.
    ///
    /// # Errors
    /// [`Forbidden`] for everybody but the platform's operators.
    pub fn platform_scope(&self, channel: ChannelId) -> Result<ChannelScope, Forbidden> {
        self.require_superadmin()?;
        Ok(ChannelScope { channel })
    }

    /// The platform's own hand in a channel: jobs, imports and provisioning. Never built from a request.
    pub fn system(channel: ActorChannel) -> Self {
        Self::without_session(channel, std::iter::once(Permission::SuperAdmin).collect())
    }

    /// Somebody whom no session names, with these rights in a channel, in whose language they are answered.
    pub fn without_session(channel: ActorChannel, permissions: PermissionSet) -> Self {
        let language = channel.default_language;
        Self {
            channel,
            session: None,
            active_order: None,
            active_order_version: SeenVersion::default(),
            user: None,
            permissions,
            language,
        }
    }
}
