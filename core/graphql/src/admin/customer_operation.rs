//! What administrators ask of customers and do with them.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Union};
use soko_domain::customers::{self, CustomerChanges, CustomerError, NewCustomer};

use super::customer::{Customer, CustomerList};
use super::lists::Customers;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{Id, NoCustomFields};
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;
use crate::shared::people::CreateCustomerInput;
use crate::shared::refusals::EmailAddressConflictError;

/// What changes of a customer; absent fields stay, and `null` takes a title or a number away.
#[derive(InputObject)]
#[graphql(name = "UpdateCustomerInput")]
pub struct UpdateCustomerInput {
    /// The customer.
    pub id: Id,
    /// Form of address.
    pub title: MaybeUndefined<String>,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// As given.
    pub phone_number: MaybeUndefined<String>,
    /// Also what they log in with, if they have an account.
    pub email_address: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

impl From<UpdateCustomerInput> for CustomerChanges {
    fn from(input: UpdateCustomerInput) -> Self {
        Self {
            title: present(input.title),
            first_name: input.first_name,
            last_name: input.last_name,
            phone_number: present(input.phone_number),
            email_address: input.email_address,
        }
    }
}

/// What the client said, where it said anything. Forms send a blank for what was cleared.
fn present(value: MaybeUndefined<String>) -> Option<Option<String>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(text) => Some(Some(text).filter(|text| !text.trim().is_empty())),
    }
}

/// The new customer.
#[derive(Union)]
#[graphql(name = "CreateCustomerResult")]
pub enum CreateCustomerResult {
    Customer(Box<Customer>),
    EmailAddressConflictError(EmailAddressConflictError),
}

/// The changed customer.
#[derive(Union)]
#[graphql(name = "UpdateCustomerResult")]
pub enum UpdateCustomerResult {
    Customer(Box<Customer>),
    EmailAddressConflictError(EmailAddressConflictError),
}

type Outcome = Result<customers::Customer, CustomerError>;

/// The customer, or the refusal that the unions have.
fn answer(outcome: Outcome) -> ApiResult<Result<Box<Customer>, EmailAddressConflictError>> {
    match outcome {
        Ok(customer) => Ok(Ok(Box::new(Customer::from(&customer)))),
        Err(CustomerError::EmailAddressConflict) => Ok(Err(EmailAddressConflictError::new())),
        Err(error) => Err(error.into()),
    }
}

/// Queries of customers.
#[derive(Default)]
pub struct CustomerQuery;

#[Object]
impl CustomerQuery {
    /// A page of the channel's customers.
    async fn customers(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Customers>>,
    ) -> ApiResult<CustomerList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.customers.list(&request.actor(), &query).await?;
        Ok(CustomerList { items: page.items.iter().map(Customer::from).collect(), total_items: page.total })
    }

    /// A customer.
    async fn customer(&self, context: &Context<'_>, id: Id) -> Nullable<Customer> {
        let request = context.request();
        let found = request.services.customers.find(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Customer::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of customers.
#[derive(Default)]
pub struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Creates a customer, with an account when a password is given.
    async fn create_customer(
        &self,
        context: &Context<'_>,
        input: CreateCustomerInput,
        #[graphql(secret)] password: Option<String>,
    ) -> ApiResult<CreateCustomerResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let new = NewCustomer { facts: input.into(), password };
        Ok(match answer(request.services.customers.create(&actor, new).await)? {
            Ok(customer) => CreateCustomerResult::Customer(customer),
            Err(refusal) => CreateCustomerResult::EmailAddressConflictError(refusal),
        })
    }

    /// Changes a customer.
    async fn update_customer(
        &self,
        context: &Context<'_>,
        input: UpdateCustomerInput,
    ) -> ApiResult<UpdateCustomerResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let id = input.id.into();
        Ok(match answer(request.services.customers.update(&actor, id, input.into()).await)? {
            Ok(customer) => UpdateCustomerResult::Customer(customer),
            Err(refusal) => UpdateCustomerResult::EmailAddressConflictError(refusal),
        })
    }

    /// Deletes a customer and their account. Orders keep naming them.
    async fn delete_customer(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.customers.delete(&actor, vec![id.into()]).await?;
        Ok(DeletionResponse::deleted())
    }

    /// Deletes customers and their accounts, all or none. Orders keep naming them.
    async fn delete_customers(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let deleted = ids.iter().map(|_| DeletionResponse::deleted()).collect();
        request.services.customers.delete(&actor, ids.into_iter().map(Into::into).collect()).await?;
        Ok(deleted)
    }
}
