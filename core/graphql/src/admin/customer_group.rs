//! Groups of customers.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use soko_domain::customers;

use super::customer::{Customer, CustomerList};
use super::lists::{CustomerGroups, Customers};
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS, NoCustomFields, each_id};
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;

/// A named set of customers, which taxes and pricing plugins tell apart.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "CustomerGroup", complex)]
pub struct CustomerGroup {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its name, unique in the channel.
    pub name: String,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&customers::CustomerGroup> for CustomerGroup {
    fn from(group: &customers::CustomerGroup) -> Self {
        Self {
            id: group.id.into(),
            created_at: group.created_at.into(),
            updated_at: group.updated_at.into(),
            name: group.name.clone(),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

#[ComplexObject]
impl CustomerGroup {
    /// A page of its customers.
    async fn customers(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Customers>>,
    ) -> ApiResult<CustomerList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.customers.list_members(&request.actor(), self.id.into(), &query).await?;
        Ok(CustomerList { items: page.items.iter().map(Customer::from).collect(), total_items: page.total })
    }
}

/// A page of customer groups.
#[derive(SimpleObject)]
#[graphql(name = "CustomerGroupList")]
pub struct CustomerGroupList {
    /// This page.
    pub items: Vec<CustomerGroup>,
    /// Groups in the whole list.
    pub total_items: i64,
}

/// A group to be created.
#[derive(InputObject)]
#[graphql(name = "CreateCustomerGroupInput")]
pub struct CreateCustomerGroupInput {
    /// Its name, unique in the channel.
    pub name: String,
    /// Who is in it from the beginning.
    pub customer_ids: Option<Vec<Id>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// What changes of a group; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateCustomerGroupInput")]
pub struct UpdateCustomerGroupInput {
    /// The group.
    pub id: Id,
    /// Its name, unique in the channel.
    pub name: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// Queries of customer groups.
#[derive(Default)]
pub struct CustomerGroupQuery;

#[Object]
impl CustomerGroupQuery {
    /// A page of the channel's customer groups.
    async fn customer_groups(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<CustomerGroups>>,
    ) -> ApiResult<CustomerGroupList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.customers.list_groups(&request.actor(), &query).await?;
        let items = page.items.iter().map(CustomerGroup::from).collect();
        Ok(CustomerGroupList { items, total_items: page.total })
    }

    /// A customer group.
    async fn customer_group(&self, context: &Context<'_>, id: Id) -> Nullable<CustomerGroup> {
        let request = context.request();
        let found = request.services.customers.find_group(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(CustomerGroup::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of customer groups.
#[derive(Default)]
pub struct CustomerGroupMutation;

#[Object]
impl CustomerGroupMutation {
    /// Creates a group.
    async fn create_customer_group(
        &self,
        context: &Context<'_>,
        input: CreateCustomerGroupInput,
    ) -> ApiResult<CustomerGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = each_id(input.customer_ids).unwrap_or_default();
        let created = request.services.customers.create_group(&actor, input.name, members).await?;
        Ok(CustomerGroup::from(&created))
    }

    /// Renames a group.
    async fn update_customer_group(
        &self,
        context: &Context<'_>,
        input: UpdateCustomerGroupInput,
    ) -> ApiResult<CustomerGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changed = request.services.customers.update_group(&actor, input.id.into(), input.name).await?;
        Ok(CustomerGroup::from(&changed))
    }

    /// Deletes a group that no tax rate names. Its customers stay.
    async fn delete_customer_group(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        DeletionResponse::try_of_one(request.services.customers.delete_groups(&actor, vec![id.into()]).await?)
    }

    /// Deletes groups that no tax rate names. Their customers stay.
    async fn delete_customer_groups(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        DeletionResponse::try_of_each(request.services.customers.delete_groups(&actor, ids).await?)
    }

    /// Puts customers into a group.
    async fn add_customers_to_group(
        &self,
        context: &Context<'_>,
        customer_group_id: Id,
        customer_ids: Vec<Id>,
    ) -> ApiResult<CustomerGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = customer_ids.into_iter().map(Into::into).collect();
        let group =
            request.services.customers.add_to_group(&actor, customer_group_id.into(), members).await?;
        Ok(CustomerGroup::from(&group))
    }

    /// Takes customers out of a group.
    async fn remove_customers_from_group(
        &self,
        context: &Context<'_>,
        customer_group_id: Id,
        customer_ids: Vec<Id>,
    ) -> ApiResult<CustomerGroup> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let members = customer_ids.into_iter().map(Into::into).collect();
        let group =
            request.services.customers.remove_from_group(&actor, customer_group_id.into(), members).await?;
        Ok(CustomerGroup::from(&group))
    }
}
