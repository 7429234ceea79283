//! Roles: named sets of permissions, and the channels where they hold.

use soko_infra::DataScope;
use soko_kernel::{Actor, ChannelId, ListQuery, Page, Permission, PermissionSet, RoleId, Timestamp};

use super::error::AuthError;
use super::{Auth, repo};

/// Code of the role that may do everything everywhere. It belongs to no channel.
pub const SUPERADMIN_ROLE: &str = "__super_admin_role__";
const TEXT_LENGTH_MAX: usize = 200;

/// A named set of permissions in some channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its unique name.
    pub code: String,
    /// Shown to administrators.
    pub description: String,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Where it holds, in order of id.
    pub channels: Vec<ChannelId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new role needs.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// Its unique name.
    pub code: String,
    /// Shown to administrators.
    pub description: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// Where it holds; the actor's channel when empty.
    pub channels: Vec<ChannelId>,
}

/// What may change; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewRole")]
pub struct RoleChanges {
    pub code: Option<String>,
    pub description: Option<String>,
    pub permissions: Option<Vec<Permission>>,
    pub channels: Option<Vec<ChannelId>>,
}

impl Auth {
    /// A page of roles: those of the actor's channel, or all for the platform's operators.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`].
    pub async fn list_roles(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Role>, AuthError> {
        let scope = actor.require(Permission::ReadAdministrator)?;
        let everywhere = actor.require_superadmin().is_ok();
        self.database
            .read(scope, async |reader| repo::list_roles(reader, (!everywhere).then_some(scope), query).await)
            .await
    }

    /// A role of the actor's channel, or any for the platform's operators.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`].
    pub async fn find_role(&self, actor: &Actor, id: RoleId) -> Result<Option<Role>, AuthError> {
        let scope = actor.require(Permission::ReadAdministrator)?;
        let role = self.database.read(scope, async |reader| repo::find_role(reader, id).await).await?;
        let everywhere = actor.require_superadmin().is_ok();
        Ok(role.filter(|role| everywhere || role.channels.contains(&scope.channel_id())))
    }

    /// Creates a role.
    ///
    /// # Errors
    /// A code in use, a permission that the actor does not hold, a channel that is not the actor's.
    pub async fn create_role(&self, actor: &Actor, new: NewRole) -> Result<Role, AuthError> {
        let scope = actor.require(Permission::CreateAdministrator)?;
        check_text("the code", &new.code)?;
        let permissions = grantable(actor, &new.permissions)?;
        let channels = if new.channels.is_empty() { vec![scope.channel_id()] } else { new.channels };
        check_channels(actor, &channels)?;
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                let id = repo::insert_role(tx, &new.code, &new.description, permissions, now).await?;
                repo::set_role_channels(tx, id, &channels).await?;
                repo::find_role(tx, id).await?.ok_or(AuthError::RoleNotFound(id))
            })
            .await
    }

    /// Changes a role.
    ///
    /// # Errors
    /// As for [`Self::create_role`]; also an unknown role, and the super administrator's.
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: RoleId,
        changes: RoleChanges,
    ) -> Result<Role, AuthError> {
        actor.require(Permission::UpdateAdministrator)?;
        let role = self.find_role(actor, id).await?.ok_or(AuthError::RoleNotFound(id))?;
        if role.code == SUPERADMIN_ROLE {
            return Err(AuthError::RoleProtected);
        }
        check_channels(actor, &role.channels)?;
        let permissions =
            changes.permissions.as_deref().map(|wanted| grantable(actor, wanted)).transpose()?;
        if let Some(channels) = &changes.channels {
            check_channels(actor, channels)?;
        }
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                let mut role = repo::find_role(tx, id).await?.ok_or(AuthError::RoleNotFound(id))?;
                role.code = changes.code.unwrap_or(role.code);
                role.description = changes.description.unwrap_or(role.description);
                role.permissions = permissions.unwrap_or(role.permissions);
                check_text("the code", &role.code)?;
                repo::update_role(tx, &role, now).await?;
                if let Some(channels) = changes.channels {
                    repo::set_role_channels(tx, id, &channels).await?;
                }
                repo::find_role(tx, id).await?.ok_or(AuthError::RoleNotFound(id))
            })
            .await
    }

    /// Deletes a role that nobody has.
    ///
    /// # Errors
    /// A role that is assigned, unknown, or the super administrator's.
    pub async fn delete_role(&self, actor: &Actor, id: RoleId) -> Result<(), AuthError> {
        actor.require(Permission::DeleteAdministrator)?;
        let role = self.find_role(actor, id).await?.ok_or(AuthError::RoleNotFound(id))?;
        if role.code == SUPERADMIN_ROLE {
            return Err(AuthError::RoleProtected);
        }
        check_channels(actor, &role.channels)?;
        self.database
            .write(DataScope::Platform, async move |tx| {
                if repo::role_is_assigned(tx, id).await? {
                    return Err(AuthError::RoleInUse);
                }
                Ok(repo::delete_role(tx, id).await?)
            })
            .await
    }
}

/// The permissions, if the actor holds each of them.
pub(super) fn grantable(actor: &Actor, wanted: &[Permission]) -> Result<PermissionSet, AuthError> {
    for permission in wanted {
        if !permission.is_assignable() {
            return Err(AuthError::NotAssignable(*permission));
        }
        if !actor.permissions.allows(*permission) {
            return Err(AuthError::Escalation(*permission));
        }
    }
    Ok(wanted.iter().copied().collect())
}

/// Channels other than the actor's own are the platform's operators' matter.
pub(super) fn check_channels(actor: &Actor, channels: &[ChannelId]) -> Result<(), AuthError> {
    if channels.iter().any(|channel| *channel != actor.channel.id) || channels.is_empty() {
        actor.require_superadmin()?;
    }
    Ok(())
}

pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), AuthError> {
    if text.trim().is_empty() || text.chars().count() > TEXT_LENGTH_MAX {
        return Err(AuthError::InvalidText(what));
    }
    Ok(())
}
