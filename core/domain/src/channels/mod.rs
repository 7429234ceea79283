//! Channels: the shops that one core serves. Everything a shop owns carries its channel's id.
//!
//! Invariants: exactly one channel is the default, which serves requests that name none; a channel that is not
//! `APPROVED` serves nobody; every change of a channel's configuration, in this domain or another, raises its
//! revision through [`Channels::touch_in_tx`].

mod entity;
mod error;
mod event;
mod repo;
mod sellers;

use std::collections::{BTreeSet, HashMap};

use soko_infra::{DataScope, Database, Reader, Tx};
use soko_kernel::{
    Actor, ActorChannel, ChannelId, ChannelScope, Clock, Forbidden, ListQuery, Page, Permission, SellerId,
    Timestamp, UserId,
};

pub use entity::{Channel, ChannelChanges, ChannelStatus, DefaultZones, NewChannel, Seller};
pub use error::ChannelError;
pub use event::ChannelStatusChanged;

/// The use cases of channels.
#[derive(Debug, Clone)]
pub struct Channels {
    database: Database,
    clock: Clock,
}

impl Channels {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// The channel that a request's token names, or the default channel for a request without one.
    ///
    /// # Errors
    /// An unknown token, or a channel that is not approved.
    pub async fn resolve(&self, token: Option<&str>) -> Result<ActorChannel, ChannelError> {
        let channel = self.database.read(DataScope::Platform, async |reader| match token {
            Some(token) => repo::find_by_token(reader, token).await,
            None => repo::find_default(reader).await,
        });
        channel.await?.ok_or(ChannelError::UnknownToken)?.serving()
    }

    /// The actor's own channel in full.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn active(&self, actor: &Actor) -> Result<Channel, ChannelError> {
        let scope = actor.public_scope();
        let channel = self.database.read(scope, async |reader| repo::find(reader, scope.channel_id()).await);
        channel.await?.ok_or(ChannelError::NotFound(scope.channel_id()))
    }

    /// The same for whoever is logged in to administer it.
    ///
    /// # Errors
    /// [`ChannelError::Forbidden`] for strangers.
    pub async fn active_for_administrator(&self, actor: &Actor) -> Result<Channel, ChannelError> {
        actor.user.ok_or(Forbidden::NotAuthenticated)?;
        self.active(actor).await
    }

    /// A page of all channels of the platform, for its operators.
    ///
    /// # Errors
    /// [`ChannelError::Forbidden`] for everybody else.
    pub async fn list_across_platform(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Channel>, ChannelError> {
        actor.require_superadmin()?;
        self.database.read(DataScope::Platform, async |reader| repo::list(reader, query).await).await
    }

    /// A channel by its id: any for the platform's operators, their own for those who may read channels.
    ///
    /// # Errors
    /// [`ChannelError::Forbidden`].
    pub async fn find(&self, actor: &Actor, id: ChannelId) -> Result<Option<Channel>, ChannelError> {
        let own = actor.require(Permission::ReadChannel)?;
        if own.channel_id() != id {
            actor.platform_scope(id)?;
        }
        self.database.read(own, async |reader| repo::find(reader, id).await).await
    }

    /// Creates a channel with its seller, for the platform's operators.
    ///
    /// # Errors
    /// A code or token in use, or input that breaks a rule.
    pub async fn create_on_platform(&self, actor: &Actor, new: NewChannel) -> Result<Channel, ChannelError> {
        actor.require_superadmin()?;
        new.check()?;
        let (now, user) = (self.clock.now(), actor.user);
        self.database
            .write(DataScope::Platform, async move |tx| {
                let channel = Self::create_in_tx(tx, &new, now).await?;
                repo::insert_audit(tx, channel.id, user, "createChannel", &channel.code, now).await?;
                Ok(channel)
            })
            .await
    }

    /// Creates a channel inside another's transaction: provisioning and first start.
    ///
    /// # Errors
    /// A code or token in use, or input that breaks a rule.
    pub async fn create_in_tx(
        tx: &mut Tx,
        new: &NewChannel,
        now: Timestamp,
    ) -> Result<Channel, ChannelError> {
        new.check()?;
        let seller = repo::insert_seller(tx, &new.seller_name, now).await?;
        let id = repo::insert(tx, new, seller, now).await?;
        repo::find(tx, id).await?.ok_or(ChannelError::NotFound(id))
    }

    /// Changes a channel: any for the platform's operators, their own for those who may update channels. Token and
    /// status are the operators' alone.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn update(
        &self,
        actor: &Actor,
        id: ChannelId,
        changes: ChannelChanges,
    ) -> Result<Channel, ChannelError> {
        let own = actor.require(Permission::UpdateChannel)?;
        let scope =
            if own.channel_id() != id || changes.needs_operator() { actor.platform_scope(id)? } else { own };
        let (now, user) = (self.clock.now(), actor.user);
        self.database
            .write(scope, async move |tx| {
                let mut channel = repo::find(tx, id).await?.ok_or(ChannelError::NotFound(id))?;
                let before = channel.status;
                channel.apply(&changes)?;
                check_zones(tx, id, &changes).await?;
                repo::update(tx, &channel, now).await?;
                repo::insert_audit(tx, id, user, "updateChannel", &channel.code, now).await?;
                if channel.status != before {
                    let (code, from, to) = (channel.code, before.as_str(), channel.status.as_str());
                    tx.publish(scope, now, &ChannelStatusChanged { code, from, to })?;
                }
                repo::find(tx, id).await?.ok_or(ChannelError::NotFound(id))
            })
            .await
    }

    /// Channels by id, of those that the actor may see: their own, or any for the platform's operators. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn visible(
        &self,
        actor: &Actor,
        ids: &[ChannelId],
    ) -> Result<HashMap<ChannelId, Channel>, ChannelError> {
        let scope = actor.public_scope();
        let everywhere = actor.require_superadmin().is_ok();
        let seen: Vec<ChannelId> =
            ids.iter().copied().filter(|id| everywhere || *id == scope.channel_id()).collect();
        let found = self.database.read(scope, async |reader| repo::by_ids(reader, &seen).await).await?;
        Ok(found.into_iter().map(|channel| (channel.id, channel)).collect())
    }

    /// The seller behind a channel.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_seller(&self, actor: &Actor, id: SellerId) -> Result<Option<Seller>, ChannelError> {
        let scope = actor.public_scope();
        self.database.read(scope, async |reader| repo::find_seller(reader, scope, id).await).await
    }

    /// Raises the channel's revision, so that no cache serves the configuration of before. To be called in every
    /// transaction that changes a channel's configuration.
    ///
    /// # Errors
    /// A failing store.
    pub async fn touch_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        now: Timestamp,
    ) -> Result<(), soko_infra::DatabaseError> {
        repo::touch(tx, scope, now).await
    }

    /// The zones that are assumed before an address is known.
    ///
    /// # Errors
    /// A failing store.
    pub async fn default_zones_in(
        reader: &mut Reader,
        scope: ChannelScope,
    ) -> Result<DefaultZones, soko_infra::DatabaseError> {
        repo::default_zones(reader, scope).await
    }

    /// Whether the platform has any channel yet.
    ///
    /// # Errors
    /// A failing store.
    pub async fn exist(&self) -> Result<bool, ChannelError> {
        self.database.read(DataScope::Platform, async |reader| Self::exist_in(reader).await).await
    }

    /// [`Self::exist`], for whoever holds a connection already.
    ///
    /// # Errors
    /// A failing store.
    pub async fn exist_in(reader: &mut Reader) -> Result<bool, ChannelError> {
        Ok(repo::find_default(reader).await?.is_some())
    }

    /// The platform's own hand in channels, in the order of their ids; unknown ones are absent. For jobs, never for a
    /// request.
    ///
    /// # Errors
    /// A failing store.
    pub async fn hands_in(reader: &mut Reader, ids: &[ChannelId]) -> Result<Vec<Actor>, ChannelError> {
        let found = repo::by_ids(reader, ids).await?;
        Ok(found.iter().map(|channel| Actor::system(channel.for_actor())).collect())
    }

    /// The same, each beside what is to be done in it, in the order of that. What is of no channel is left out.
    ///
    /// # Errors
    /// A failing store.
    pub async fn with_hands_in<T>(
        reader: &mut Reader,
        things: Vec<(ChannelId, T)>,
    ) -> Result<Vec<(Actor, T)>, ChannelError> {
        let ids: BTreeSet<ChannelId> = things.iter().map(|(channel, _)| *channel).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let hands = Self::hands_in(reader, &ids.into_iter().collect::<Vec<_>>()).await?;
        let beside =
            |(channel, thing)| Some((hands.iter().find(|hand| hand.channel.id == channel)?.clone(), thing));
        Ok(things.into_iter().filter_map(beside).collect())
    }

    /// Writes down what the platform's operator did in a channel.
    ///
    /// # Errors
    /// A failing store.
    pub async fn note_in_tx(
        tx: &mut Tx,
        id: ChannelId,
        user: Option<UserId>,
        (what, detail): (&str, &str),
        now: Timestamp,
    ) -> Result<(), ChannelError> {
        repo::insert_audit(tx, id, user, what, detail, now).await
    }

    /// Every channel, for the platform's own work on all of them.
    ///
    /// # Errors
    /// A failing store.
    pub async fn all_across_platform_in(reader: &mut Reader) -> Result<Vec<Channel>, ChannelError> {
        repo::all(reader).await
    }

    /// The channel with this code as an actor has it, for callbacks whose address names it.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_for_callback(&self, code: &str) -> Result<Option<ActorChannel>, ChannelError> {
        let found =
            self.database.read(DataScope::Platform, async |reader| repo::find_by_code(reader, code).await);
        Ok(found.await?.map(|channel| channel.for_actor()))
    }

    /// The channel with this code, for commands of the platform's operators that run beside the server.
    ///
    /// # Errors
    /// An unknown code.
    pub async fn get_by_code_for_command(&self, code: &str) -> Result<Channel, ChannelError> {
        let channel =
            self.database.read(DataScope::Platform, async |reader| repo::find_by_code(reader, code).await);
        channel.await?.ok_or_else(|| ChannelError::UnknownCode(code.to_owned()))
    }
}

/// Refuses default zones that are not the channel's own.
async fn check_zones(tx: &mut Tx, id: ChannelId, changes: &ChannelChanges) -> Result<(), ChannelError> {
    let wanted = [changes.default_tax_zone_id, changes.default_shipping_zone_id];
    for zone in wanted.into_iter().flatten() {
        if !repo::has_zone(tx, id, zone).await? {
            return Err(ChannelError::UnknownZone(zone));
        }
    }
    Ok(())
}
