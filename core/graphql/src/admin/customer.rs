//! Customers.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::customers;
use soko_kernel::{CustomerId, UserId};

use super::customer_group::CustomerGroup;
use super::lists::Orders;
use super::order::{Order, OrderList};
use super::user::User;
use crate::context::OfRequest as _;
use crate::error::{ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::absent::Address;
use crate::shared::list_options::ListOptions;
use crate::shared::loads::each;

/// Who buys.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Customer", complex)]
pub struct Customer {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Form of address.
    pub title: Option<String>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// As given.
    pub phone_number: Option<String>,
    /// In lower case.
    pub email_address: String,
    /// Stored addresses.
    pub addresses: Option<Vec<Address>>,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    user_id: Option<UserId>,
}

impl From<&customers::Customer> for Customer {
    fn from(customer: &customers::Customer) -> Self {
        Self {
            id: customer.id.into(),
            created_at: customer.created_at.into(),
            updated_at: customer.updated_at.into(),
            title: customer.title.clone(),
            first_name: customer.first_name.clone(),
            last_name: customer.last_name.clone(),
            phone_number: customer.phone_number.clone(),
            email_address: customer.email_address.clone(),
            addresses: Some(Vec::new()),
            custom_fields: NO_CUSTOM_FIELDS,
            user_id: customer.user_id,
        }
    }
}

impl Customer {
    /// The customer with this id, for whoever has been shown what names them.
    pub(super) async fn load(context: &Context<'_>, id: CustomerId) -> ApiResult<Option<Self>> {
        Ok(context.request().customer(id).await?.as_deref().map(Self::from))
    }
}

#[ComplexObject]
impl Customer {
    /// The groups that they are in.
    async fn groups(&self, context: &Context<'_>) -> ApiResult<Vec<CustomerGroup>> {
        Ok(each(&context.request().groups_of_customer(self.id.into()).await?))
    }

    /// The account; none for guests.
    async fn user(&self, context: &Context<'_>) -> Nullable<User> {
        let account = context.request().account_of_customer(self.user_id?).await;
        account.map(|account| account.map(|account| User::new(&account, &[]))).transpose()
    }

    /// A page of their orders.
    async fn orders(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Orders>>,
    ) -> ApiResult<OrderList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.orders.list_of_customer(&request.actor(), self.id.into(), &query).await?;
        Ok(OrderList { items: page.items.into_iter().map(Order::from).collect(), total_items: page.total })
    }
}

/// A page of customers.
#[derive(SimpleObject)]
#[graphql(name = "CustomerList")]
pub struct CustomerList {
    /// This page.
    pub items: Vec<Customer>,
    /// Customers in the whole list.
    pub total_items: i64,
}
