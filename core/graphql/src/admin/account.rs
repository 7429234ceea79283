//! Logging in and out, and who is logged in.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use soko_domain::auth::{self, AuthError};

use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::enums::Permission;
use crate::shared::people::CurrentUser;
use crate::shared::refusals::{InvalidCredentialsError, NativeAuthStrategyError};
use crate::shared::values::Success;

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
            user: User {
                id: administrator.user_id.into(),
                identifier: administrator.email_address.clone(),
                last_login: administrator.last_login_at.map(DateTime),
                roles: administrator.roles.iter().map(Role::from).collect(),
                custom_fields: NO_CUSTOM_FIELDS,
            },
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// The account of an administrator.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "User")]
pub struct User {
    /// Its id.
    pub id: Id,
    /// What they log in with.
    pub identifier: String,
    /// When they last logged in.
    pub last_login: Option<DateTime>,
    /// What they may do, and where.
    pub roles: Vec<Role>,
    /// None.
    pub custom_fields: Option<Json>,
}

/// A named set of permissions in some channels.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Role")]
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
        }
    }
}

/// Who logs in, by one of the ways to do so.
#[derive(InputObject)]
#[graphql(name = "AuthenticationInput")]
pub struct AuthenticationInput {
    /// By identifier and password.
    pub native: Option<NativeAuthInput>,
}

/// An identifier and its password.
#[derive(InputObject)]
#[graphql(name = "NativeAuthInput")]
pub struct NativeAuthInput {
    /// The identifier.
    pub username: String,
    /// The password.
    #[graphql(secret)]
    pub password: String,
}

/// Who is logged in, or why nobody is, by identifier and password.
#[derive(Union)]
#[graphql(name = "NativeAuthenticationResult")]
pub enum NativeAuthenticationResult {
    /// Who is logged in.
    CurrentUser(CurrentUser),
    /// Identifier and password do not belong together.
    InvalidCredentialsError(InvalidCredentialsError),
    /// The way to log in is off; nothing answers with it yet.
    NativeAuthStrategyError(NativeAuthStrategyError),
}

/// Who is logged in, or why nobody is.
#[derive(Union)]
#[graphql(name = "AuthenticationResult")]
pub enum AuthenticationResult {
    /// Who is logged in.
    CurrentUser(CurrentUser),
    /// What was given proves nothing.
    InvalidCredentialsError(InvalidCredentialsError),
}

/// Queries about whoever asks.
#[derive(Default)]
pub struct AccountQuery;

#[Object]
impl AccountQuery {
    /// Who is logged in; an error for nobody.
    async fn me(&self, context: &Context<'_>) -> Nullable<CurrentUser> {
        current_user(context.request()).await.transpose()
    }

    /// The administrator who is logged in.
    async fn active_administrator(&self, context: &Context<'_>) -> Nullable<Administrator> {
        let request = context.request();
        let found = request.services.auth.active_administrator(&request.actor()).await;
        found.map(|found| found.as_ref().map(Administrator::from)).map_err(ApiError::from).transpose()
    }
}

async fn current_user(request: &RequestContext) -> ApiResult<Option<CurrentUser>> {
    let user = request.services.auth.current_user(&request.actor()).await?;
    let user = user.ok_or(soko_kernel::Forbidden::NotAuthenticated)?;
    Ok(Some(CurrentUser::new(user, |_| true)))
}

/// Logging in and out.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Logs in by identifier and password.
    async fn login(
        &self,
        context: &Context<'_>,
        username: String,
        #[graphql(secret)] password: String,
        remember_me: Option<bool>,
    ) -> ApiResult<NativeAuthenticationResult> {
        let input = NativeAuthInput { username, password };
        Ok(match log_in(context.request(), input, remember_me).await? {
            Ok(user) => NativeAuthenticationResult::CurrentUser(user),
            Err(refusal) => NativeAuthenticationResult::InvalidCredentialsError(refusal),
        })
    }

    /// Logs in by one of the ways to do so.
    async fn authenticate(
        &self,
        context: &Context<'_>,
        input: AuthenticationInput,
        remember_me: Option<bool>,
    ) -> ApiResult<AuthenticationResult> {
        let Some(native) = input.native else {
            let refusal = InvalidCredentialsError::new("no way to log in was given".to_owned());
            return Ok(AuthenticationResult::InvalidCredentialsError(refusal));
        };
        Ok(match log_in(context.request(), native, remember_me).await? {
            Ok(user) => AuthenticationResult::CurrentUser(user),
            Err(refusal) => AuthenticationResult::InvalidCredentialsError(refusal),
        })
    }

    /// Ends the session.
    async fn logout(&self, context: &Context<'_>) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        request.services.auth.log_out(&actor).await?;
        request.session_ended();
        Ok(Success { success: actor.session.is_some() })
    }
}

async fn log_in(
    request: &RequestContext,
    input: NativeAuthInput,
    remember_me: Option<bool>,
) -> ApiResult<Result<CurrentUser, InvalidCredentialsError>> {
    let remember = remember_me.unwrap_or(false);
    let actor = request.current_actor().await?;
    match request.services.auth.log_in(&actor, request.api, &input.username, input.password, remember).await {
        Ok(logged_in) => {
            request.session_issued(logged_in.token, remember);
            Ok(Ok(CurrentUser::new(logged_in.user, |_| true)))
        }
        Err(error @ AuthError::InvalidCredentials) => {
            Ok(Err(InvalidCredentialsError::new(error.to_string())))
        }
        Err(error) => Err(error.into()),
    }
}
