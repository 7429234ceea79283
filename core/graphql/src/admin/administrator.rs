//! Administrators: the people of the Admin API.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use soko_domain::auth::{self, AdministratorChanges, NewAdministrator};

use super::lists::Administrators;
use super::user::User;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS, NoCustomFields, each_id};
use crate::shared::deletion::DeletionResponse;
use crate::shared::list_options::ListOptions;

/// A person who works in the Admin API.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Administrator")]
pub struct Administrator {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they log in with.
    pub email_address: String,
    /// The account behind it.
    pub user: User,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&auth::Administrator> for Administrator {
    fn from(administrator: &auth::Administrator) -> Self {
        Self {
            id: administrator.id.into(),
            created_at: administrator.created_at.into(),
            updated_at: administrator.updated_at.into(),
            first_name: administrator.first_name.clone(),
            last_name: administrator.last_name.clone(),
            email_address: administrator.email_address.clone(),
            user: User::new(&administrator.user, &administrator.roles),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// A page of administrators.
#[derive(SimpleObject)]
#[graphql(name = "AdministratorList")]
pub struct AdministratorList {
    /// This page.
    pub items: Vec<Administrator>,
    /// Administrators in the whole list.
    pub total_items: i64,
}

/// An administrator to be created.
#[derive(InputObject)]
#[graphql(name = "CreateAdministratorInput")]
pub struct CreateAdministratorInput {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What they log in with.
    pub email_address: String,
    /// Their first password.
    #[graphql(secret)]
    pub password: String,
    /// Their roles; whoever creates them must hold all that these give.
    pub role_ids: Vec<Id>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// What changes of an administrator; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateAdministratorInput")]
pub struct UpdateAdministratorInput {
    /// The administrator.
    pub id: Id,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// What they log in with.
    pub email_address: Option<String>,
    /// A new password, which ends their other sessions and forgets the telephone number that they are sent codes at.
    #[graphql(secret)]
    pub password: Option<String>,
    /// All their roles from now on.
    pub role_ids: Option<Vec<Id>>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// What changes of the administrator who is logged in; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateActiveAdministratorInput")]
pub struct UpdateActiveAdministratorInput {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// What they log in with.
    pub email_address: Option<String>,
    /// A new password, which ends their other sessions and forgets the telephone number that they are sent codes at.
    #[graphql(secret)]
    pub password: Option<String>,
    /// None.
    pub custom_fields: Option<NoCustomFields>,
}

/// Queries of administrators.
#[derive(Default)]
pub struct AdministratorQuery;

#[Object]
impl AdministratorQuery {
    /// A page of the administrators who work in the channel.
    async fn administrators(
        &self,
        context: &Context<'_>,
        options: Option<ListOptions<Administrators>>,
    ) -> ApiResult<AdministratorList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.auth.list_administrators(&request.actor(), &query).await?;
        let items = page.items.iter().map(Administrator::from).collect();
        Ok(AdministratorList { items, total_items: page.total })
    }

    /// An administrator who works in the channel.
    async fn administrator(&self, context: &Context<'_>, id: Id) -> Nullable<Administrator> {
        let request = context.request();
        let found = request.services.auth.find_administrator(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Administrator::from)).map_err(ApiError::from).transpose()
    }

    /// The administrator who is logged in.
    async fn active_administrator(&self, context: &Context<'_>) -> Nullable<Administrator> {
        let request = context.request();
        let found = request.services.auth.active_administrator(&request.actor()).await;
        found.map(|found| found.as_ref().map(Administrator::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of administrators. Nobody changes or deletes somebody who holds more than they do.
#[derive(Default)]
pub struct AdministratorMutation;

#[Object]
impl AdministratorMutation {
    /// Creates an administrator.
    async fn create_administrator(
        &self,
        context: &Context<'_>,
        input: CreateAdministratorInput,
    ) -> ApiResult<Administrator> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let new = NewAdministrator {
            first_name: input.first_name,
            last_name: input.last_name,
            email_address: input.email_address,
            password: input.password,
            role_ids: input.role_ids.into_iter().map(Into::into).collect(),
        };
        Ok(Administrator::from(&request.services.auth.create_administrator(&actor, new).await?))
    }

    /// Changes an administrator.
    async fn update_administrator(
        &self,
        context: &Context<'_>,
        input: UpdateAdministratorInput,
    ) -> ApiResult<Administrator> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = AdministratorChanges {
            first_name: input.first_name,
            last_name: input.last_name,
            email_address: input.email_address,
            password: input.password,
            role_ids: each_id(input.role_ids),
        };
        let changed = request.services.auth.update_administrator(&actor, input.id.into(), changes).await?;
        Ok(Administrator::from(&changed))
    }

    /// Changes the administrator who is logged in.
    async fn update_active_administrator(
        &self,
        context: &Context<'_>,
        input: UpdateActiveAdministratorInput,
    ) -> ApiResult<Administrator> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = AdministratorChanges {
            first_name: input.first_name,
            last_name: input.last_name,
            email_address: input.email_address,
            password: input.password,
            role_ids: None,
        };
        let changed = request.services.auth.update_active_administrator(&actor, changes).await?;
        Ok(Administrator::from(&changed))
    }

    /// Gives an administrator one more role.
    async fn assign_role_to_administrator(
        &self,
        context: &Context<'_>,
        administrator_id: Id,
        role_id: Id,
    ) -> ApiResult<Administrator> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changed =
            request.services.auth.assign_role(&actor, administrator_id.into(), role_id.into()).await?;
        Ok(Administrator::from(&changed))
    }

    /// Deletes an administrator, unless they are the platform's last super administrator.
    async fn delete_administrator(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let outcomes = request.services.auth.delete_administrators(&actor, vec![id.into()]).await?;
        DeletionResponse::try_of_one(outcomes)
    }

    /// Deletes administrators, except the platform's last super administrator.
    async fn delete_administrators(
        &self,
        context: &Context<'_>,
        ids: Vec<Id>,
    ) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        DeletionResponse::try_of_each(request.services.auth.delete_administrators(&actor, ids).await?)
    }
}
