//! Roles: named sets of permissions, and the channels where they hold.

use soko_infra::{DataScope, DatabaseError, Reader};
use soko_kernel::{
    Actor, ChannelId, ChannelScope, ListQuery, Page, Permission, PermissionSet, RoleId, Timestamp, UserId,
};

use super::error::AuthError;
use super::powers::{Granter, Powers};
use super::{Auth, repo};

/// Code of the role that may do everything everywhere. It belongs to no channel.
pub const SUPERADMIN_ROLE: &str = "__super_admin_role__";
const TEXT_LENGTH_MAX: usize = 200;
const DESCRIPTION_LENGTH_MAX: usize = 2000;
/// Most roles, or administrators, that one operation deletes.
const DELETED_AT_ONCE_MAX: usize = 100;

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

/// One of those who run a channel, as far as they are told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelAdministrator {
    /// The identifier that they log in with: an address of mail, but for the first of the platform's operators.
    pub login: String,
    /// Their names, if they gave any.
    pub name: Option<String>,
}

impl Auth {
    /// Who runs a channel, by a role that is given for channels: their rights there, once for each such role. The platform's
    /// operators are not among them.
    ///
    /// # Errors
    /// A failing store.
    pub async fn administrators_in(
        reader: &mut Reader,
        scope: ChannelScope,
    ) -> Result<Vec<(UserId, PermissionSet)>, DatabaseError> {
        repo::administrators_in(reader, scope).await
    }

    /// One of those who may do something in a channel, if they are and their roles permit this; on the caller's connection.
    ///
    /// # Errors
    /// A failing store.
    pub async fn administrator_in(
        reader: &mut Reader,
        scope: ChannelScope,
        user: UserId,
        needed: Permission,
    ) -> Result<Option<ChannelAdministrator>, DatabaseError> {
        let by_role = repo::administrator_in(reader, scope, user).await?;
        let permitting = by_role.into_iter().find(|(.., permissions)| permissions.allows(needed));
        Ok(permitting.map(|(login, first_name, last_name, _)| {
            let name = [first_name, last_name].map(Option::unwrap_or_default).join(" ").trim().to_owned();
            ChannelAdministrator { login, name: (!name.is_empty()).then_some(name) }
        }))
    }

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
    /// A code in use, a permission that the actor does not hold, a channel where the actor may not do so.
    pub async fn create_role(&self, actor: &Actor, new: NewRole) -> Result<Role, AuthError> {
        let scope = actor.require(Permission::CreateAdministrator)?;
        check_role_text(&new.code, &new.description)?;
        let permissions = assignable(&new.permissions)?;
        let channels = if new.channels.is_empty() { vec![scope.channel_id()] } else { new.channels };
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                powers.check(permissions, &channels, Permission::CreateAdministrator)?;
                let id = repo::insert_role(tx, &new.code, &new.description, permissions, now).await?;
                repo::set_role_channels(tx, id, &channels).await?;
                repo::find_role(tx, id).await?.ok_or(AuthError::RoleNotFound(id))
            })
            .await
    }

    /// Changes a role, for those who hold all that it gives before and after.
    ///
    /// # Errors
    /// As for [`Self::create_role`]; also an unknown role, and the super administrator's.
    pub async fn update_role(
        &self,
        actor: &Actor,
        id: RoleId,
        changes: RoleChanges,
    ) -> Result<Role, AuthError> {
        const NEEDED: Permission = Permission::UpdateAdministrator;
        actor.require(NEEDED)?;
        let permissions = changes.permissions.as_deref().map(assignable).transpose()?;
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                let mut role = changeable(tx, granter, &powers, id, NEEDED).await?;
                role.code = changes.code.unwrap_or(role.code);
                role.description = changes.description.unwrap_or(role.description);
                role.permissions = permissions.unwrap_or(role.permissions);
                role.channels = changes.channels.unwrap_or(role.channels);
                check_role_text(&role.code, &role.description)?;
                powers.check_role(&role, NEEDED)?;
                repo::update_role(tx, &role, now).await?;
                repo::set_role_channels(tx, id, &role.channels).await?;
                repo::find_role(tx, id).await?.ok_or(AuthError::RoleNotFound(id))
            })
            .await
    }

    /// Deletes roles, and says of each in turn why it was kept: somebody has it still.
    ///
    /// # Errors
    /// A role that is unknown, mightier than the actor, or the super administrator's; nothing is deleted then.
    pub async fn delete_roles(
        &self,
        actor: &Actor,
        ids: Vec<RoleId>,
    ) -> Result<Vec<Result<(), AuthError>>, AuthError> {
        const NEEDED: Permission = Permission::DeleteAdministrator;
        actor.require(NEEDED)?;
        check_count(ids.len())?;
        let granter = Granter::of(actor);
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                let mut outcomes = Vec::with_capacity(ids.len());
                for id in ids {
                    changeable(tx, granter, &powers, id, NEEDED).await?;
                    if repo::role_is_assigned(tx, id).await? {
                        outcomes.push(Err(AuthError::RoleInUse));
                        continue;
                    }
                    repo::delete_role(tx, id).await?;
                    outcomes.push(Ok(()));
                }
                Ok(outcomes)
            })
            .await
    }
}

/// The role, if whoever acts sees it and holds all that it gives: nobody changes what is mightier than they are.
async fn changeable(
    reader: &mut Reader,
    granter: Granter,
    powers: &Powers,
    id: RoleId,
    needed: Permission,
) -> Result<Role, AuthError> {
    powers.require(granter.channel, needed)?;
    let role = repo::find_role(reader, id).await?.filter(|role| granter.sees(powers, role));
    let role = role.ok_or(AuthError::RoleNotFound(id))?;
    if role.code == SUPERADMIN_ROLE {
        return Err(AuthError::RoleProtected);
    }
    powers.check_role(&role, needed)?;
    Ok(role)
}

/// The permissions, if a role can hold each of them. Power over the platform comes with the built-in role only.
fn assignable(wanted: &[Permission]) -> Result<PermissionSet, AuthError> {
    let cannot = |one: &&Permission| !one.is_assignable() || **one == Permission::SuperAdmin;
    match wanted.iter().find(cannot) {
        Some(permission) => Err(AuthError::NotAssignable(*permission)),
        None => Ok(wanted.iter().copied().collect()),
    }
}

fn check_role_text(code: &str, description: &str) -> Result<(), AuthError> {
    check_text("the code", code)?;
    if description.chars().count() > DESCRIPTION_LENGTH_MAX {
        return Err(AuthError::DescriptionTooLong { max: DESCRIPTION_LENGTH_MAX });
    }
    Ok(())
}

pub(super) fn check_text(what: &'static str, text: &str) -> Result<(), AuthError> {
    if text.trim().is_empty() || text.chars().count() > TEXT_LENGTH_MAX {
        return Err(AuthError::InvalidText(what));
    }
    Ok(())
}

pub(super) fn check_count(count: usize) -> Result<(), AuthError> {
    if count > DELETED_AT_ONCE_MAX {
        return Err(AuthError::TooMany { max: DELETED_AT_ONCE_MAX });
    }
    Ok(())
}
