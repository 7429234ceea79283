//! Customers: who buys in a shop, guests and those with an account, and the groups they are in.
//!
//! Invariants: an e-mail address is one customer's in a channel; what a registered customer said of themselves cannot
//! be overwritten by a guest; a customer of one channel is unknown to every other; who is deleted cannot log in.

mod entity;
mod error;
mod event;
mod groups;
mod repo;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use soko_infra::{Database, DatabaseError, Reader, Tx};
use soko_kernel::{Actor, ChannelScope, Clock, CustomerId, ListQuery, Page, Permission, Timestamp, UserId};

use crate::auth::Auth;

pub use entity::{
    Customer, CustomerChanges, CustomerGroup, GuestCustomer, NewCustomer, ShoppingCustomer, is_email_address,
};
pub use error::CustomerError;
pub use event::CustomerCreated;

/// Most customers, or groups, that one operation names.
const NAMED_AT_ONCE_MAX: usize = 1000;

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

    /// A customer with their groups, as pricing and taxes see them. One statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_shopping(
        reader: &mut Reader,
        scope: ChannelScope,
        id: CustomerId,
    ) -> Result<Option<ShoppingCustomer>, CustomerError> {
        Ok(repo::find_shopping(reader, scope, id).await?)
    }

    /// A customer of the channel.
    ///
    /// # Errors
    /// [`CustomerError::NotFound`].
    pub async fn get_in(
        reader: &mut Reader,
        scope: ChannelScope,
        id: CustomerId,
    ) -> Result<Customer, CustomerError> {
        Self::find_in(reader, scope, id).await?.ok_or(CustomerError::NotFound(id))
    }

    /// A customer of the channel, if it has them.
    ///
    /// # Errors
    /// A failing store.
    pub async fn find_in(
        reader: &mut Reader,
        scope: ChannelScope,
        id: CustomerId,
    ) -> Result<Option<Customer>, CustomerError> {
        Ok(repo::find(reader, scope, id).await?)
    }

    /// As whom these customers log in; those who cannot are not there.
    ///
    /// # Errors
    /// A failing store.
    pub async fn users_in(
        reader: &mut Reader,
        scope: ChannelScope,
        ids: impl IntoIterator<Item = CustomerId>,
    ) -> Result<HashMap<CustomerId, UserId>, DatabaseError> {
        repo::users_of(reader, scope, ids).await
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
                let customer = repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))?;
                let (first_name, has_account) = (customer.first_name.clone(), user.is_some());
                tx.publish(scope, now, &CustomerCreated { customer_id: id, first_name, has_account })?;
                Ok(customer)
            })
            .await
    }

    /// Changes a customer; who has an account logs in with the new address from then on.
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
                let before = customer.email_address.clone();
                customer.apply(changes)?;
                repo::update(tx, scope, &customer, now).await?;
                if let Some(user) = customer.user_id.filter(|_| customer.email_address != before) {
                    let identifier = &customer.email_address;
                    Auth::rename_customer_user_in_tx(tx, scope, user, identifier, now).await?;
                }
                repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))
            })
            .await
    }

    /// Deletes customers, their accounts and sessions with them. Orders keep naming them.
    ///
    /// # Errors
    /// An unknown customer; nobody is deleted then.
    pub async fn delete(&self, actor: &Actor, ids: Vec<CustomerId>) -> Result<(), CustomerError> {
        let scope = actor.require(Permission::DeleteCustomer)?;
        check_count(ids.len())?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                for id in ids {
                    let found = repo::find(tx, scope, id).await?.ok_or(CustomerError::NotFound(id))?;
                    repo::delete(tx, scope, id, now).await?;
                    if let Some(user) = found.user_id {
                        Auth::delete_customer_user_in_tx(tx, scope, user, now).await?;
                    }
                }
                Ok(())
            })
            .await
    }
}

/// Whether so many things may be named by one operation.
fn check_count(count: usize) -> Result<(), CustomerError> {
    if count > NAMED_AT_ONCE_MAX {
        return Err(CustomerError::TooMany { max: NAMED_AT_ONCE_MAX });
    }
    Ok(())
}
