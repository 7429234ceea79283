//! Groups of customers: what taxes and pricing plugins tell customers apart by.

use std::collections::HashMap;

use soko_kernel::{Actor, CustomerGroupId, CustomerId, ListQuery, Page, Permission};

use super::entity::{Customer, CustomerGroup, check_name};
use super::error::CustomerError;
use super::{Customers, check_count, repo};

const READ: &[Permission] = &[Permission::ReadCustomer, Permission::ReadCustomerGroup];

impl Customers {
    /// A page of the channel's customer groups.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn list_groups(
        &self,
        actor: &Actor,
        query: &ListQuery,
    ) -> Result<Page<CustomerGroup>, CustomerError> {
        let scope = actor.require_any(READ)?;
        self.database.read(scope, async |reader| repo::list_groups(reader, scope, query).await).await
    }

    /// A customer group of the channel.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn find_group(
        &self,
        actor: &Actor,
        id: CustomerGroupId,
    ) -> Result<Option<CustomerGroup>, CustomerError> {
        let scope = actor.require_any(READ)?;
        Ok(self.database.read(scope, async |reader| repo::find_group(reader, scope, id).await).await?)
    }

    /// The groups that these customers are in, each customer's in order of name. One statement.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn groups_of(
        &self,
        actor: &Actor,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<CustomerGroup>>, CustomerError> {
        let scope = actor.require_any(READ)?;
        let found =
            self.database.read(scope, async |reader| repo::groups_of(reader, scope, customers).await).await?;
        let mut groups: HashMap<CustomerId, Vec<CustomerGroup>> = HashMap::new();
        for (customer, group) in found {
            groups.entry(customer).or_default().push(group);
        }
        Ok(groups)
    }

    /// A page of a group's customers, for those who may read customers.
    ///
    /// # Errors
    /// [`CustomerError::Forbidden`].
    pub async fn list_members(
        &self,
        actor: &Actor,
        group: CustomerGroupId,
        query: &ListQuery,
    ) -> Result<Page<Customer>, CustomerError> {
        let scope = actor.require(Permission::ReadCustomer)?;
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
        let scope = actor.require(Permission::CreateCustomerGroup)?;
        check_name("a group's name", &name)?;
        check_count(members.len())?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let group = repo::insert_group(tx, scope, &name, now).await?;
                repo::add_members(tx, scope, group.id, &members).await?;
                Ok(group)
            })
            .await
    }

    /// Gives a group another name. Plugins and taxes know it by that from then on.
    ///
    /// # Errors
    /// An unknown group, a name in use or empty.
    pub async fn update_group(
        &self,
        actor: &Actor,
        id: CustomerGroupId,
        name: Option<String>,
    ) -> Result<CustomerGroup, CustomerError> {
        let scope = actor.require(Permission::UpdateCustomerGroup)?;
        name.as_deref().map_or(Ok(()), |name| check_name("a group's name", name))?;
        let now = self.clock.now();
        self.database
            .write(scope, async move |tx| {
                let mut group =
                    repo::find_group(tx, scope, id).await?.ok_or(CustomerError::GroupNotFound(id))?;
                if let Some(name) = name {
                    repo::rename_group(tx, scope, id, &name, now).await?;
                    (group.name, group.updated_at) = (name, now);
                }
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
        let scope = actor.require(Permission::UpdateCustomerGroup)?;
        check_count(members.len())?;
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
        let scope = actor.require(Permission::UpdateCustomerGroup)?;
        check_count(members.len())?;
        self.database
            .write(scope, async move |tx| {
                let found =
                    repo::find_group(tx, scope, group).await?.ok_or(CustomerError::GroupNotFound(group))?;
                repo::remove_members(tx, scope, group, &members).await?;
                Ok(found)
            })
            .await
    }

    /// Deletes groups, whose customers stay, and says of each in turn why it was kept: a tax rate names it.
    ///
    /// # Errors
    /// An unknown group; nothing is deleted then.
    pub async fn delete_groups(
        &self,
        actor: &Actor,
        ids: Vec<CustomerGroupId>,
    ) -> Result<Vec<Result<(), CustomerError>>, CustomerError> {
        let scope = actor.require(Permission::DeleteCustomerGroup)?;
        check_count(ids.len())?;
        self.database
            .write(scope, async move |tx| {
                let mut outcomes = Vec::with_capacity(ids.len());
                for id in ids {
                    if repo::group_is_used(tx, scope, id).await? {
                        outcomes.push(Err(CustomerError::GroupInUse));
                    } else if repo::delete_group(tx, scope, id).await? {
                        outcomes.push(Ok(()));
                    } else {
                        return Err(CustomerError::GroupNotFound(id));
                    }
                }
                Ok(outcomes)
            })
            .await
    }
}
