//! Administrators: the people of the Admin API.

use std::collections::HashMap;

use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{
    Actor, AdministratorId, ChannelId, Forbidden, ListQuery, Page, Permission, RoleId, Timestamp, UserId,
};

use super::entity::UserAccount;
use super::error::AuthError;
use super::event::{AdministratorCreated, AdministratorUpdated, UserCreated, UserUpdated};
use super::powers::{Granter, Powers};
use super::roles::{Role, SUPERADMIN_ROLE, check_count, check_text};
use super::{Auth, repo};

/// A person who works in the Admin API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Its id.
    pub id: AdministratorId,
    /// What they log in with.
    pub user: UserAccount,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Also the identifier that they log in with.
    pub email_address: String,
    /// Their roles, in order of id; to those who read of them, the roles of their own channel.
    pub roles: Vec<Role>,
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
        let mut page = self
            .database
            .read(scope, async |reader| {
                repo::list_administrators(reader, (!everywhere).then_some(scope), query).await
            })
            .await?;
        page.items.iter_mut().for_each(|found| found.show_to(actor));
        Ok(page)
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
        let mut found = found.filter(|found| everywhere || found.works_in(scope.channel_id()));
        if let Some(found) = &mut found {
            found.show_to(actor);
        }
        Ok(found)
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

    /// The administrators behind these users, for whoever has been shown what they did; deleted ones included. Three
    /// statements.
    ///
    /// # Errors
    /// A failing store.
    pub async fn administrators_of_users(
        &self,
        actor: &Actor,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Administrator>, AuthError> {
        let found = self
            .database
            .read(DataScope::Platform, async |reader| repo::administrators_of_users(reader, users).await)
            .await?;
        let shown = |mut administrator: Administrator| {
            administrator.show_to(actor);
            (administrator.user.id, administrator)
        };
        Ok(found.into_iter().map(shown).collect())
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
        const NEEDED: Permission = Permission::CreateAdministrator;
        actor.require(NEEDED)?;
        let hash = self.hash_password(new.password).await?;
        let identifier = new.email_address.trim().to_lowercase();
        check_names([&new.first_name, &new.last_name, &identifier])?;
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                powers.require(granter.channel, NEEDED)?;
                check_roles(tx, granter, &powers, &new.role_ids, NEEDED).await?;
                let user = repo::insert_user(tx, None, &identifier, Some(&hash), now).await?;
                let names = [new.first_name.as_str(), new.last_name.as_str(), identifier.as_str()];
                let id = repo::insert_administrator(tx, user, names, now).await?;
                repo::set_roles(tx, user, &new.role_ids).await?;
                let created = AdministratorCreated { administrator_id: id, user_id: user };
                tx.publish(granter.scope, now, &created)?;
                tx.publish(granter.scope, now, &UserCreated { user_id: user })?;
                repo::find_administrator(tx, id).await?.ok_or(AuthError::AdministratorNotFound(id))
            })
            .await
    }

    /// Changes an administrator, for those who hold all that the administrator holds. A new password ends the
    /// administrator's other sessions.
    ///
    /// # Errors
    /// As for [`Self::create_administrator`]; also an unknown one, and taking the last super administrator's role.
    pub async fn update_administrator(
        &self,
        actor: &Actor,
        id: AdministratorId,
        mut changes: AdministratorChanges,
    ) -> Result<Administrator, AuthError> {
        const NEEDED: Permission = Permission::UpdateAdministrator;
        actor.require(NEEDED)?;
        let hash = self.new_password(&mut changes).await?;
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                let found = manageable(tx, granter, &powers, id, NEEDED).await?;
                if let Some(roles) = &changes.role_ids {
                    check_roles(tx, granter, &powers, roles, NEEDED).await?;
                    repo::set_roles(tx, found.user.id, roles).await?;
                    refuse_without_superadmin(repo::superadmin_count(tx).await?)?;
                }
                change(tx, granter, found, changes, hash, now).await
            })
            .await
    }

    /// Changes the administrator who is logged in; their roles stay. A new password ends their other sessions.
    ///
    /// # Errors
    /// Nobody logged in, an identifier in use, a password that may not be used.
    pub async fn update_active_administrator(
        &self,
        actor: &Actor,
        mut changes: AdministratorChanges,
    ) -> Result<Administrator, AuthError> {
        let user = actor.user.ok_or(Forbidden::NotAuthenticated)?;
        let hash = self.new_password(&mut changes).await?;
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let found = repo::find_administrator_of_user(tx, user).await?;
                let found = found.ok_or(Forbidden::NotAuthenticated)?;
                change(tx, granter, found, changes, hash, now).await
            })
            .await
    }

    /// Gives an administrator one more role.
    ///
    /// # Errors
    /// An unknown administrator or role, or one that is mightier than the actor.
    pub async fn assign_role(
        &self,
        actor: &Actor,
        id: AdministratorId,
        role: RoleId,
    ) -> Result<Administrator, AuthError> {
        const NEEDED: Permission = Permission::UpdateAdministrator;
        actor.require(NEEDED)?;
        let granter = Granter::of(actor);
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                let found = manageable(tx, granter, &powers, id, NEEDED).await?;
                check_roles(tx, granter, &powers, &[role], NEEDED).await?;
                repo::add_role(tx, found.user.id, role).await?;
                repo::find_administrator(tx, id).await?.ok_or(AuthError::AdministratorNotFound(id))
            })
            .await
    }

    /// Deletes administrators and ends their sessions, and says of each in turn why it was kept: the platform's last
    /// super administrator stays.
    ///
    /// # Errors
    /// An administrator who is unknown or mightier than the actor; nobody is deleted then.
    pub async fn delete_administrators(
        &self,
        actor: &Actor,
        ids: Vec<AdministratorId>,
    ) -> Result<Vec<Result<(), AuthError>>, AuthError> {
        const NEEDED: Permission = Permission::DeleteAdministrator;
        actor.require(NEEDED)?;
        check_count(ids.len())?;
        let (now, granter) = (self.clock.now(), Granter::of(actor));
        self.database
            .write(DataScope::Platform, async move |tx| {
                let powers = granter.powers(tx).await?;
                let mut outcomes = Vec::with_capacity(ids.len());
                for id in ids {
                    let found = manageable(tx, granter, &powers, id, NEEDED).await?;
                    if found.is_superadmin() && repo::superadmin_count(tx).await? <= 1 {
                        outcomes.push(Err(AuthError::LastSuperadmin));
                        continue;
                    }
                    repo::delete_administrator(tx, id, found.user.id, now).await?;
                    outcomes.push(Ok(()));
                }
                Ok(outcomes)
            })
            .await
    }

    /// The hash of the password among the changes, which it takes out of them.
    async fn new_password(&self, changes: &mut AdministratorChanges) -> Result<Option<String>, AuthError> {
        match changes.password.take() {
            Some(password) => Ok(Some(self.hash_password(password).await?)),
            None => Ok(None),
        }
    }
}

impl Administrator {
    fn works_in(&self, channel: ChannelId) -> bool {
        self.roles.iter().any(|role| role.channels.contains(&channel))
    }

    fn is_superadmin(&self) -> bool {
        self.roles.iter().any(|role| role.code == SUPERADMIN_ROLE)
    }

    /// Leaves out the roles of other channels, for everybody but the platform's operators.
    fn show_to(&mut self, actor: &Actor) {
        if actor.require_superadmin().is_err() {
            self.roles.retain(|role| role.channels.contains(&actor.channel.id));
        }
    }
}

/// The administrator, if whoever acts sees them and holds all that they hold: nobody changes somebody mightier.
async fn manageable(
    reader: &mut Reader,
    granter: Granter,
    powers: &Powers,
    id: AdministratorId,
    needed: Permission,
) -> Result<Administrator, AuthError> {
    powers.require(granter.channel, needed)?;
    let found = repo::find_administrator(reader, id).await?;
    let found = found.filter(|found| powers.everywhere || found.works_in(granter.channel));
    let found = found.ok_or(AuthError::AdministratorNotFound(id))?;
    found.roles.iter().try_for_each(|role| powers.check_role(role, needed))?;
    Ok(found)
}

/// Whether these roles may be given: each is known where the giver acts, and gives nothing that the giver lacks.
/// Administrators without any role belong to no channel, and so to the platform's operators.
async fn check_roles(
    reader: &mut Reader,
    granter: Granter,
    powers: &Powers,
    ids: &[RoleId],
    needed: Permission,
) -> Result<(), AuthError> {
    if ids.is_empty() && !powers.everywhere {
        return Err(Forbidden::Missing(Permission::SuperAdmin).into());
    }
    let roles = repo::roles(reader, ids).await?;
    for id in ids {
        let role = roles.iter().find(|role| role.id == *id && granter.sees(powers, role));
        powers.check_role(role.ok_or(AuthError::RoleNotFound(*id))?, needed)?;
    }
    Ok(())
}

/// Writes the changes of an administrator's own facts.
async fn change(
    tx: &mut Tx,
    granter: Granter,
    found: Administrator,
    changes: AdministratorChanges,
    hash: Option<String>,
    now: Timestamp,
) -> Result<Administrator, AuthError> {
    let (id, user) = (found.id, found.user.id);
    let before = found.email_address.clone();
    let email = changes.email_address.map_or(found.email_address, |text| text.trim().to_lowercase());
    let first_name = changes.first_name.unwrap_or(found.first_name);
    let last_name = changes.last_name.unwrap_or(found.last_name);
    check_names([&first_name, &last_name, &email])?;
    repo::update_administrator(tx, id, [&first_name, &last_name, &email], now).await?;
    repo::set_identifier(tx, user, &email, now).await?;
    if let Some(hash) = hash {
        repo::set_password(tx, user, &hash, now).await?;
        repo::remove_phone_number(tx, user).await?;
        let own = granter.session.filter(|_| granter.user == Some(user));
        repo::delete_sessions_of_user(tx, user, own).await?;
    }
    tx.publish(granter.scope, now, &AdministratorUpdated { administrator_id: id, user_id: user })?;
    if email != before {
        tx.publish(granter.scope, now, &UserUpdated { user_id: user })?;
    }
    repo::find_administrator(tx, id).await?.ok_or(AuthError::AdministratorNotFound(id))
}

/// First name, last name, e-mail address.
fn check_names([first, last, email]: [&str; 3]) -> Result<(), AuthError> {
    check_text("the first name", first)?;
    check_text("the last name", last)?;
    check_text("the email address", email)
}

fn refuse_without_superadmin(count: i64) -> Result<(), AuthError> {
    if count == 0 { Err(AuthError::LastSuperadmin) } else { Ok(()) }
}
