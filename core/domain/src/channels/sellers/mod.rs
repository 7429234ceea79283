//! Sellers: the legal parties behind channels.

mod repo;

use soko_infra::DataScope;
use soko_kernel::{Actor, ListQuery, Page, Permission, SellerId};

use super::entity::Seller;
use super::error::ChannelError;
use super::{Channels, repo as channels};

const NAME_LENGTH_MAX: usize = 200;

impl Channels {
    /// A page of sellers: that of the actor's channel, or all for the platform's operators.
    ///
    /// # Errors
    /// [`ChannelError::Forbidden`].
    pub async fn list_sellers(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Seller>, ChannelError> {
        let scope = actor.require(Permission::ReadSeller)?;
        let everywhere = actor.require_superadmin().is_ok();
        self.database
            .read(scope, async |reader| repo::list(reader, (!everywhere).then_some(scope), query).await)
            .await
    }

    /// The seller of the actor's channel, or any for the platform's operators.
    ///
    /// # Errors
    /// [`ChannelError::Forbidden`].
    pub async fn find_seller_for_administrator(
        &self,
        actor: &Actor,
        id: SellerId,
    ) -> Result<Option<Seller>, ChannelError> {
        let scope = actor.require(Permission::ReadSeller)?;
        let everywhere = actor.require_superadmin().is_ok();
        self.database
            .read(scope, async |reader| repo::find(reader, (!everywhere).then_some(scope), id).await)
            .await
    }

    /// Creates a seller, for the platform's operators: no channel has it yet.
    ///
    /// # Errors
    /// An empty or overlong name.
    pub async fn create_seller_on_platform(
        &self,
        actor: &Actor,
        name: String,
    ) -> Result<Seller, ChannelError> {
        actor.require_superadmin()?;
        check_name(&name)?;
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                let id = channels::insert_seller(tx, &name, now).await?;
                repo::find(tx, None, id).await?.ok_or(ChannelError::SellerNotFound(id))
            })
            .await
    }

    /// Renames a seller: that of their own channel for those who may, any for the platform's operators.
    ///
    /// # Errors
    /// An unknown seller, an empty or overlong name.
    pub async fn update_seller(
        &self,
        actor: &Actor,
        id: SellerId,
        name: Option<String>,
    ) -> Result<Seller, ChannelError> {
        let scope = actor.require(Permission::UpdateSeller)?;
        name.as_deref().map_or(Ok(()), check_name)?;
        let visible = if actor.require_superadmin().is_ok() { None } else { Some(scope) };
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let seller = repo::find(tx, visible, id).await?.ok_or(ChannelError::SellerNotFound(id))?;
                let Some(name) = name else { return Ok(seller) };
                repo::rename(tx, id, &name, now).await?;
                Ok(Seller { name, updated_at: now, ..seller })
            })
            .await
    }
}

fn check_name(name: &str) -> Result<(), ChannelError> {
    if name.trim().is_empty() || name.chars().count() > NAME_LENGTH_MAX {
        return Err(ChannelError::InvalidSellerName);
    }
    Ok(())
}
