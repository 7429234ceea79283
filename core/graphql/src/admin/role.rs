//! Roles: named sets of permissions, and the channels where they hold.

use async_graphql::{ComplexObject, Context, InputObject, Object, SimpleObject};
use soko_domain::auth::{self, NewRole, RoleChanges};
use soko_kernel::ChannelId;

use super::lists::Roles;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, each_id};
use crate::shared::channel::Channel;
use crate::shared::deletion::DeletionResponse;
use crate::shared::enums::Permission;
use crate::shared::list_options::ListOptions;

/// A named set of permissions in some channels.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Role", complex)]
pub struct Role {
    /// Its id.
    pub id: Id,
    /// When it was created.
    pub created_at: DateTime,
    /// When it last changed.
    pub updated_at: DateTime,
    /// Its unique name.
    pub code: String,
    /// Shown to administrators.
    pub description: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    #[graphql(skip)]
    channel_ids: Vec<ChannelId>,
}

impl From<&auth::Role> for Role {
    fn from(role: &auth::Role) -> Self {
        Self {
            id: role.id.into(),
            created_at: role.created_at.into(),
            updated_at: role.updated_at.into(),
            code: role.code.clone(),
            description: role.description.clone(),
            permissions: role.permissions.iter().map(Permission).collect(),
            channel_ids: role.channels.clone(),
        }
    }
}

#[ComplexObject]
impl Role {
    /// Where it holds, of the channels that whoever asks may see.
    async fn channels(&self, context: &Context<'_>) -> ApiResult<Vec<Channel>> {
        let request = context.request();
        let loads = self.channel_ids.iter().map(|id| request.visible_channel(*id));
        let channels = futures_util::future::try_join_all(loads).await?;
        Ok(channels.iter().flatten().map(|channel| Channel::from(&**channel)).collect())
    }
}

/// A page of roles.
#[derive(SimpleObject)]
#[graphql(name = "RoleList")]
pub struct RoleList {
    /// This page.
    pub items: Vec<Role>,
    /// Roles in the whole list.
    pub total_items: i64,
}

/// A role to be created.
#[derive(InputObject)]
#[graphql(name = "CreateRoleInput")]
pub struct CreateRoleInput {
    /// Its unique name.
    pub code: String,
    /// Shown to administrators.
    pub description: String,
    /// What it allows; each permission must be held by whoever creates it.
    pub permissions: Vec<Permission>,
    /// Where it holds; the request's channel when absent.
    pub channel_ids: Option<Vec<Id>>,
}

/// What changes of a role; absent fields stay.
#[derive(InputObject)]
#[graphql(name = "UpdateRoleInput")]
pub struct UpdateRoleInput {
    /// The role.
    pub id: Id,
    /// Its unique name.
    pub code: Option<String>,
    /// Shown to administrators.
    pub description: Option<String>,
    /// What it allows; each permission must be held by whoever changes it.
    pub permissions: Option<Vec<Permission>>,
    /// Where it holds.
    pub channel_ids: Option<Vec<Id>>,
}

fn permissions(input: Vec<Permission>) -> Vec<soko_kernel::Permission> {
    input.into_iter().map(|permission| permission.0).collect()
}

/// Queries of roles.
#[derive(Default)]
pub struct RoleQuery;

#[Object]
impl RoleQuery {
    /// A page of the channel's roles.
    async fn roles(&self, context: &Context<'_>, options: Option<ListOptions<Roles>>) -> ApiResult<RoleList> {
        let query = ListOptions::query(options)?;
        let request = context.request();
        let page = request.services.auth.list_roles(&request.actor(), &query).await?;
        Ok(RoleList { items: page.items.iter().map(Role::from).collect(), total_items: page.total })
    }

    /// A role of the channel.
    async fn role(&self, context: &Context<'_>, id: Id) -> Nullable<Role> {
        let request = context.request();
        let found = request.services.auth.find_role(&request.actor(), id.into()).await;
        found.map(|found| found.as_ref().map(Role::from)).map_err(ApiError::from).transpose()
    }
}

/// Changes of roles. Nobody grants what they do not hold, and nobody changes what holds more.
#[derive(Default)]
pub struct RoleMutation;

#[Object]
impl RoleMutation {
    /// Creates a role.
    async fn create_role(&self, context: &Context<'_>, input: CreateRoleInput) -> ApiResult<Role> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let new = NewRole {
            code: input.code,
            description: input.description,
            permissions: permissions(input.permissions),
            channels: each_id(input.channel_ids).unwrap_or_default(),
        };
        Ok(Role::from(&request.services.auth.create_role(&actor, new).await?))
    }

    /// Changes a role.
    async fn update_role(&self, context: &Context<'_>, input: UpdateRoleInput) -> ApiResult<Role> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let changes = RoleChanges {
            code: input.code,
            description: input.description,
            permissions: input.permissions.map(permissions),
            channels: each_id(input.channel_ids),
        };
        Ok(Role::from(&request.services.auth.update_role(&actor, input.id.into(), changes).await?))
    }

    /// Deletes a role that nobody has.
    async fn delete_role(&self, context: &Context<'_>, id: Id) -> ApiResult<DeletionResponse> {
        let request = context.request();
        let actor = request.current_actor().await?;
        DeletionResponse::try_of_one(request.services.auth.delete_roles(&actor, vec![id.into()]).await?)
    }

    /// Deletes roles that nobody has.
    async fn delete_roles(&self, context: &Context<'_>, ids: Vec<Id>) -> ApiResult<Vec<DeletionResponse>> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let ids = ids.into_iter().map(Into::into).collect();
        DeletionResponse::try_of_each(request.services.auth.delete_roles(&actor, ids).await?)
    }
}
