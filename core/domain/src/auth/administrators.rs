//! Administrators: the people of the Admin API.

use soko_infra::DataScope;
use soko_kernel::{
    Actor, AdministratorId, ChannelId, ListQuery, Page, Permission, RoleId, Timestamp, UserId,
};

use super::error::AuthError;
use super::roles::{Role, SUPERADMIN_ROLE, check_channels, check_text};
use super::{Auth, repo};

/// A person who works in the Admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Its id.
    pub id: AdministratorId,
    /// Who logs in.
    pub user_id: UserId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they log in with.
    pub email_address: String,
    /// Their roles, in order of id.
    pub roles: Vec<Role>,
    /// When they last logged in.
    pub last_login_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a new administrator needs.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields are those of Administrator")]
pub struct NewAdministrator {
    pub first_name: String,
    pub last_name: String,
    pub email_address: String,
    pub password: String,
    pub role_ids: Vec<RoleId>,
}

/// What may change; absent fields stay.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of NewAdministrator")]
pub struct AdministratorChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email_address: Option<String>,
    pub password: Option<String>,
    pub role_ids: Option<Vec<RoleId>>,
}

impl Auth {
    /// A page of administrators: those with a role in the actor's channel, or all for the platform's operators.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`].
    pub async fn list_administrators(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<Administrator>, AuthError> {
        let scope = actor.require(Permission::ReadAdministrator)?;
        let everywhere = actor.require_superadmin().is_ok();
        self.database
            .read(scope, async |reader| {
                repo::list_administrators(reader, (!everywhere).then_some(scope), query).await
            })
            .await
    }

    /// An administrator with a role in the actor's channel, or any for the platform's operators.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`].
    pub async fn find_administrator(
        &self,
        actor: &Actor,
        id: AdministratorId,
    ) -> Result<Option<Administrator>, AuthError> {
        let scope = actor.require(Permission::ReadAdministrator)?;
        let found =
            self.database.read(scope, async |reader| repo::find_administrator(reader, id).await).await?;
        let everywhere = actor.require_superadmin().is_ok();
        Ok(found.filter(|found| everywhere || works_in(found, scope.channel_id())))
    }

    /// The administrator who is logged in.
    ///
    /// # Errors
    /// A failing store.
    pub async fn active_administrator(&self, actor: &Actor) -> Result<Option<Administrator>, AuthError> {
        let Some(user) = actor.user else { return Ok(None) };
        self.database
            .read(DataScope::Platform, async |reader| repo::find_administrator_of_user(reader, user).await)
            .await
    }

    /// Creates an administrator with a password and roles.
    ///
    /// # Errors
    /// An identifier in use, a role that the actor may not give, a password that may not be used.
    pub async fn create_administrator(
        &self,
        actor: &Actor,
        new: NewAdministrator,
    ) -> Result<Administrator, AuthError> {
        actor.require(Permission::CreateAdministrator)?;
        check_text("the email address", &new.email_address)?;
        self.check_roles(actor, &new.role_ids).await?;
        let hash = self.hash_password(new.password).await?;
        let now = self.clock.now();
        let identifier = new.email_address.trim().to_lowercase();
        self.database
            .write(DataScope::Platform, async move |tx| {
                let user = repo::insert_user(tx, None, &identifier, Some(&hash), now).await?;
                let names = [new.first_name.as_str(), new.last_name.as_str(), identifier.as_str()];
                let id = repo::insert_administrator(tx, user, names, now).await?;
                repo::set_roles(tx, user, &new.role_ids).await?;
                repo::find_administrator(tx, id).await?.ok_or(AuthError::AdministratorNotFound(id))
            })
            .await
    }

    /// Changes an administrator.
    ///
    /// # Errors
    /// As for [`Self::create_administrator`]; also an unknown one, and taking the last super administrator's role.
    pub async fn update_administrator(
        &self,
        actor: &Actor,
        id: AdministratorId,
        changes: AdministratorChanges,
    ) -> Result<Administrator, AuthError> {
        actor.require(Permission::UpdateAdministrator)?;
        let found = self.manageable(actor, id).await?;
        if let Some(roles) = &changes.role_ids {
            self.check_roles(actor, roles).await?;
        }
        let hash = match changes.password {
            Some(password) => Some(self.hash_password(password).await?),
            None => None,
        };
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                let email =
                    changes.email_address.map_or(found.email_address, |text| text.trim().to_lowercase());
                check_text("the email address", &email)?;
                let first_name = changes.first_name.unwrap_or(found.first_name);
                let last_name = changes.last_name.unwrap_or(found.last_name);
                repo::update_administrator(tx, id, [&first_name, &last_name, &email], now).await?;
                repo::set_identifier(tx, found.user_id, &email, now).await?;
                if let Some(hash) = hash {
                    repo::set_password(tx, found.user_id, &hash, now).await?;
                }
                if let Some(roles) = changes.role_ids {
                    repo::set_roles(tx, found.user_id, &roles).await?;
                    refuse_without_superadmin(repo::superadmin_count(tx).await?)?;
                }
                repo::find_administrator(tx, id).await?.ok_or(AuthError::AdministratorNotFound(id))
            })
            .await
    }

    /// Deletes an administrator and ends their sessions.
    ///
    /// # Errors
    /// An unknown administrator, or the last super administrator.
    pub async fn delete_administrator(&self, actor: &Actor, id: AdministratorId) -> Result<(), AuthError> {
        actor.require(Permission::DeleteAdministrator)?;
        let found = self.manageable(actor, id).await?;
        let now = self.clock.now();
        self.database
            .write(DataScope::Platform, async move |tx| {
                repo::delete_administrator(tx, id, found.user_id, now).await?;
                refuse_without_superadmin(repo::superadmin_count(tx).await?)
            })
            .await
    }

    /// The administrator, if all their roles are in the actor's hands: nobody changes somebody who holds more.
    async fn manageable(&self, actor: &Actor, id: AdministratorId) -> Result<Administrator, AuthError> {
        let found = self.find_administrator(actor, id).await?.ok_or(AuthError::AdministratorNotFound(id))?;
        found.roles.iter().try_for_each(|role| check_role(actor, role))?;
        Ok(found)
    }

    async fn check_roles(&self, actor: &Actor, ids: &[RoleId]) -> Result<(), AuthError> {
        let roles =
            self.database.read(DataScope::Platform, async |reader| repo::roles(reader, ids).await).await?;
        for id in ids {
            let role = roles.iter().find(|role| role.id == *id).ok_or(AuthError::RoleNotFound(*id))?;
            check_role(actor, role)?;
        }
        Ok(())
    }
}

fn works_in(administrator: &Administrator, channel: ChannelId) -> bool {
    administrator.roles.iter().any(|role| role.channels.contains(&channel))
}

fn check_role(actor: &Actor, role: &Role) -> Result<(), AuthError> {
    if role.code == SUPERADMIN_ROLE {
        return Ok(actor.require_superadmin()?);
    }
    check_channels(actor, &role.channels)?;
    match role.permissions.iter().find(|permission| !actor.permissions.allows(*permission)) {
        Some(permission) => Err(AuthError::Escalation(permission)),
        None => Ok(()),
    }
}

fn refuse_without_superadmin(count: i64) -> Result<(), AuthError> {
    if count == 0 { Err(AuthError::LastSuperadmin) } else { Ok(()) }
}
