//! Sessions: from what a request carries to who acts.

use sha2::{Digest as _, Sha256};
use soko_infra::{DataScope, Tx};
use soko_kernel::{
    Actor, ActorChannel, ChannelId, ChannelScope, Currency, Language, OrderId, PermissionSet, SeenVersion,
    SessionId, Timestamp, UserId,
};

use super::error::AuthError;
use super::{Auth, repo};
use crate::expiry;

const OPEN: &str = "APPROVED";

/// Which of the two APIs a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// For whoever shops: sessions belong to a channel.
    Shop,
    /// For administrators: sessions belong to the platform.
    Admin,
}

/// What a request says of its sender.
#[derive(Debug, Clone)]
pub struct RequestCredentials {
    /// The channel's token; the default channel when absent.
    pub channel_token: Option<String>,
    /// The session's token.
    pub session_token: Option<String>,
    /// The wanted language; the channel's when absent.
    pub language: Option<Language>,
    /// Which API is called.
    pub api: Api,
}

/// A session that is about to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The token, for the client alone.
    pub token: String,
    /// How long it lives after its last use, in milliseconds.
    pub lifetime_ms: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct RequestRow {
    pub(super) id: ChannelId,
    pub(super) code: String,
    pub(super) status: String,
    pub(super) revision: i64,
    pub(super) default_language: Language,
    pub(super) currency: Currency,
    pub(super) prices_include_tax: bool,
    pub(super) time_zone: String,
    pub(super) session_id: Option<SessionId>,
    pub(super) user_id: Option<UserId>,
    pub(super) active_order_id: Option<OrderId>,
    pub(super) active_order_version: Option<i64>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) lifetime_ms: Option<i64>,
}

impl Auth {
    /// Who makes a request: one statement for guests, another for the permissions of users. A session that is
    /// unknown, has ended, or is another channel's is no session.
    ///
    /// # Errors
    /// An unknown channel, or one that is not open; the platform's operators may administer it all the same.
    pub async fn resolve_actor(&self, credentials: RequestCredentials) -> Result<Actor, AuthError> {
        let now = self.clock.now();
        let RequestCredentials { channel_token, session_token, language, api } = credentials;
        let token_hash = session_token.as_deref().map(hash).unwrap_or_default();
        let row = repo::request(&self.database, channel_token.as_deref(), &token_hash, api, now).await?;
        let row = row.ok_or(AuthError::UnknownChannel)?;
        let permissions = match row.user_id {
            Some(user) => repo::permissions(&self.database, user, row.id).await?,
            None => PermissionSet::NONE,
        };
        let operator = api == Api::Admin && permissions.allows(soko_kernel::Permission::SuperAdmin);
        if row.status != OPEN && !operator {
            return Err(AuthError::ChannelNotOpen(row.status));
        }
        self.keep_alive(&row, now).await?;
        Ok(Actor {
            session: row.session_id,
            active_order: row.active_order_id,
            active_order_version: SeenVersion::new(row.active_order_version),
            user: row.user_id,
            permissions,
            language: language.unwrap_or(row.default_language),
            channel: ActorChannel {
                id: row.id,
                code: row.code,
                revision: row.revision,
                default_language: row.default_language,
                currency: row.currency,
                prices_include_tax: row.prices_include_tax,
                time_zone: row.time_zone,
            },
        })
    }

    /// Lets a used session live on. Written only when half its life is over, so that reading stays reading.
    async fn keep_alive(&self, row: &RequestRow, now: Timestamp) -> Result<(), AuthError> {
        let (Some(session), Some(expires_at), Some(lifetime_ms)) =
            (row.session_id, row.expires_at, row.lifetime_ms)
        else {
            return Ok(());
        };
        if expires_at.0.saturating_sub(now.0) > lifetime_ms / 2 {
            return Ok(());
        }
        let until = Timestamp(now.0.saturating_add(lifetime_ms));
        let work = async move |tx: &mut Tx| Ok(repo::extend_session(tx, session, until).await?);
        self.database.write_concurrently(DataScope::Platform, work).await
    }

    /// Removes expired sessions, and says how many. A job calls it now and then; nothing but the table's size depends
    /// on it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn expire_sessions(&self, now: Timestamp) -> Result<u64, AuthError> {
        Ok(expiry::sweep(&self.database, repo::DELETE_EXPIRED_SESSIONS, now).await?)
    }

    /// A token for a session that is about to begin; to be made outside the transaction.
    pub fn new_session(&self) -> NewSession {
        NewSession { token: self.random.session_token(), lifetime_ms: self.config.session_lifetime_ms }
    }

    /// Begins a session: of a channel for whoever shops, of none for administrators.
    ///
    /// # Errors
    /// A failing store.
    pub async fn begin_session_in_tx(
        tx: &mut Tx,
        channel: Option<ChannelId>,
        user: Option<UserId>,
        active_order: Option<OrderId>,
        new: &NewSession,
        now: Timestamp,
    ) -> Result<SessionId, AuthError> {
        Ok(repo::insert_session(tx, &hash(&new.token), channel, user, active_order, new.lifetime_ms, now)
            .await?)
    }

    /// Says which order the session shops for.
    ///
    /// # Errors
    /// A session that has ended meanwhile.
    pub async fn set_active_order_in_tx(
        tx: &mut Tx,
        session: SessionId,
        order: Option<OrderId>,
    ) -> Result<(), AuthError> {
        Ok(repo::set_active_order(tx, session, order).await?)
    }

    /// Takes the order from every session of the channel that shops for it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn clear_active_order_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        order: OrderId,
    ) -> Result<(), AuthError> {
        Ok(repo::clear_active_order(tx, scope, order).await?)
    }
}

/// What is stored in a token's place.
pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
