//! Customers: who buys in a shop, guests and those with an account, and the groups they are in.
//!
//! Invariants: an e-mail address is one customer's in a channel; what a registered customer said of themselves cannot
//! be overwritten by a guest; a customer of one channel is unknown to every other.

mod entity;
mod error;
mod repo;

use std::collections::HashMap;

use soko_infra::{Database, Reader, Tx};
use soko_kernel::{
    Actor, ChannelScope, Clock, CustomerGroupId, CustomerId, ListQuery, Page, Permission, Timestamp, UserId,
};

use crate::auth::Auth;

pub use entity::{Customer, CustomerChanges, CustomerGroup, GuestCustomer, NewCustomer, ShoppingCustomer};
pub use error::CustomerError;

const READ_GROUPS: &[Permission] = &[Permission::ReadCustomer, Permission::ReadCustomerGroup];
const CREATE_GROUPS: &[Permission] = &[Permission::CreateCustomerGroup];
const UPDATE_GROUPS: &[Permission] = &[Permission::UpdateCustomerGroup];
const DELETE_GROUPS: &[Permission] = &[Permission::DeleteCustomerGroup];

/// The use cases of customers.
#[derive(Debug, Clone)]
pub struct Customers {
    database: Database,
    clock: Clock,
    auth: Auth,
}

impl Customers {
    /// The service over this store.
    pub fn new(database: Database, clock: Clock, auth: Auth) -> Self {
        Self { database, clock, auth }
    }

    /// The customer with a guest's e-mail address, created or brought up to date.
    ///
    /// # Errors
    /// [`CustomerError::EmailAddressConflict`] when a customer with an account has the address.
    pub async fn upsert_guest_in_tx(
        tx: &mut Tx,
        scope: ChannelScope,
        guest: &GuestCustomer,
        now: Timestamp,
    ) -> Result<CustomerId, CustomerError> {
        guest.check()?;
        repo::upsert_guest(tx, scope, guest, now).await?.ok_or(CustomerError::EmailAddressConflict)
    }

    /// The customer behind a user of the channel, with their groups. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_of_user(
        reader: &mut Reader,
        scope: ChannelScope,
        user: UserId,
    ) -> Result<Option<ShoppingCustomer>, CustomerError> {
        Ok(repo::find_of_user(reader, scope, user).await?)
    }

    /// The customer who is logged in.
    ///
    /// # Errors
    /// A failing store.
    pub async fn active(&self, actor: &Actor) -> Result<Option<Customer>, CustomerError> {
        let (Some(user), scope) = (actor.user, actor.public_scope()) else { return Ok(None) };
        let found = self.database.read(scope, async |reader| {
            let Some(own) = repo::find_of_user(reader, scope, user).await? else { return Ok(None) };
            repo::find(reader, scope, own.id).await
        });
        Ok(found.await?)
    }

    /// Customers by id, for orders that the caller has been shown. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn by_ids(
        &self,
        actor: &Actor,
        ids: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Customer>, CustomerError> {
        let scope = actor.public_scope();
        let found = self.database.read(scope, async |reader| repo::by_ids(reader, scope, ids).await).await?;
        Ok(found.into_iter().map(|customer| (customer.id, customer)).collect())
    }

    /// A page of the channel's customers.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Customer>, CustomerError> {
        let scope = actor.require(Permission::ReadCustomer)?;
        self.database.read(scope, async |reader| repo::list(reader, scope, None, query).await).await
    }

    /// A customer of the channel.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn find(&self, actor: &Actor, id: CustomerId) -> Result<Option<Customer>, CustomerError> {
        let scope = actor.require(Permission::ReadCustomer)?;
        Ok(self.database.read(scope, async |reader| repo::find(reader, scope, id).await).await?)
    }

    /// Creates a customer, with an account when a password is given.
    ///
    /// # Errors
    /// An address in use or malformed, a password that may not be used.
    pub async fn create(&self, actor: &Actor, new: NewCustomer) -> Result<Customer, CustomerError> {
        let scope = actor.require(Permission::CreateCustomer)?;
        new.facts.check()?;
        let hash = match new.password {
            Some(password) => Some(self.auth.hash_password(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let facts = new.facts;
        self.database
            .write(scope, async move |tx| {
                let user = match hash {
                    Some(hash) => {
                        let identifier = facts.normal_email();
                        Some(Auth::create_customer_user_in_tx(tx, scope, &identifier, &hash, now).await?)
                    }
                    None => None,
                };
                let id = repo::insert(tx, scope, &facts, user, now).await?;
                repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))
            })
            .await
    }

    /// Changes a customer.
    ///
    /// # Errors
    /// An unknown customer, an address in use or malformed.
    pub async fn update(
        &self,
        actor: &Actor,
        id: CustomerId,
        changes: CustomerChanges,
    ) -> Result<Customer, CustomerError> {
        let scope = actor.require(Permission::UpdateCustomer)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let mut customer = repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))?;
                customer.apply(changes)?;
                repo::update(tx, scope, &customer, now).await?;
                repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))
            })
            .await
    }

    /// Deletes a customer. Orders keep naming them.
    ///
    /// # Errors
    /// An unknown customer.
    pub async fn delete(&self, actor: &Actor, id: CustomerId) -> Result<(), CustomerError> {
        let scope = actor.require(Permission::DeleteCustomer)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                if repo::delete(tx, scope, id, now).await? {
                    Ok(())
                } else {
                    Err(CustomerError::NotFound(id))
                }
            })
            .await
    }

    /// A page of the channel's customer groups.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn list_groups(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<CustomerGroup>, CustomerError> {
        let scope = actor.require_any(READ_GROUPS)?;
        self.database.read(scope, async |reader| repo::list_groups(reader, scope, query).await).await
    }

    /// A page of a group's customers.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn list_members(
        &self,
        actor: &Actor,
        group: CustomerGroupId,
        query: &ListQuery,
    ) -> Result<Page<Customer>, CustomerError> {
        let scope = actor.require_any(READ_GROUPS)?;
        self.database.read(scope, async |reader| repo::list(reader, scope, Some(group), query).await).await
    }

    /// Creates a group with these customers in it.
    ///
    /// # Errors
    /// A name in use or empty, an unknown customer.
    pub async fn create_group(
        &self,
        actor: &Actor,
        name: String,
        members: Vec<CustomerId>,
    ) -> Result<CustomerGroup, CustomerError> {
        let scope = actor.require_any(CREATE_GROUPS)?;
        entity::check_name("a group's name", &name)?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let group = repo::insert_group(tx, scope, &name, now).await?;
                repo::add_members(tx, scope, group.id, &members).await?;
                Ok(group)
            })
            .await
    }

    /// Puts customers into a group; those that are in it stay.
    ///
    /// # Errors
    /// An unknown group or customer.
    pub async fn add_to_group(
        &self,
        actor: &Actor,
        group: CustomerGroupId,
        members: Vec<CustomerId>,
    ) -> Result<CustomerGroup, CustomerError> {
        let scope = actor.require_any(UPDATE_GROUPS)?;
        self.database
            .write(scope, async move |tx| {
                let found =
                    repo::find_group(tx, scope, group).await?.ok_or(CustomerError::GroupNotFound(group))?;
                repo::add_members(tx, scope, group, &members).await?;
                Ok(found)
            })
            .await
    }

    /// Takes customers out of a group.
    ///
    /// # Errors
    /// An unknown group.
    pub async fn remove_from_group(
        &self,
        actor: &Actor,
        group: CustomerGroupId,
        members: Vec<CustomerId>,
    ) -> Result<CustomerGroup, CustomerError> {
        let scope = actor.require_any(UPDATE_GROUPS)?;
        self.database
            .write(scope, async move |tx| {
                let found =
                    repo::find_group(tx, scope, group).await?.ok_or(CustomerError::GroupNotFound(group))?;
                repo::remove_members(tx, scope, group, &members).await?;
                Ok(found)
            })
            .await
    }

    /// Deletes a group; its customers stay.
    ///
    /// # Errors
    /// An unknown group, or one that a tax rate names.
    pub async fn delete_group(&self, actor: &Actor, group: CustomerGroupId) -> Result<(), CustomerError> {
        let scope = actor.require_any(DELETE_GROUPS)?;
        self.database
            .write(scope, async move |tx| {
                let gone = repo::delete_group(tx, scope, group).await?;
                if gone { Ok(()) } else { Err(CustomerError::GroupNotFound(group)) }
            })
            .await
    }
}
