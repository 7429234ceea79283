//! Logging in and out, and who is logged in.

use async_graphql::{Context, Object, Union};
use soko_domain::auth::AuthError;
use soko_domain::orders::OrderError;
use soko_kernel::Permission;

use super::customer::Customer;
use super::inputs::{AuthenticationInput, NativeAuthInput};
use super::refusals::NotVerifiedError;
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult, Nullable};
use crate::shared::people::CurrentUser;
use crate::shared::refusals::{InvalidCredentialsError, NativeAuthStrategyError};
use crate::shared::values::Success;

/// Who is logged in, or why nobody is, by identifier and password.
#[derive(Union)]
#[graphql(name = "NativeAuthenticationResult")]
pub enum NativeAuthenticationResult {
    /// Who is logged in.
    CurrentUser(CurrentUser),
    /// Identifier and password do not belong together.
    InvalidCredentialsError(InvalidCredentialsError),
    /// The address is not verified; nothing answers with it yet.
    NotVerifiedError(NotVerifiedError),
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
    /// The address is not verified; nothing answers with it yet.
    NotVerifiedError(NotVerifiedError),
}

/// Permissions that clients of the Shop API know: the core's own, of plugins, are the Admin API's.
pub(super) fn is_known(permission: Permission) -> bool {
    !matches!(
        permission,
        Permission::CreatePlugin
            | Permission::ReadPlugin
            | Permission::UpdatePlugin
            | Permission::DeletePlugin
    )
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

    /// The customer who is logged in.
    async fn active_customer(&self, context: &Context<'_>) -> Nullable<Customer> {
        let request = context.request();
        let customer = request.services.customers.active(&request.actor()).await;
        customer.map(|customer| customer.as_ref().map(Customer::from)).map_err(ApiError::from).transpose()
    }
}

async fn current_user(request: &RequestContext) -> ApiResult<Option<CurrentUser>> {
    let user = request.services.auth.current_user(&request.actor()).await?;
    let user = user.ok_or(soko_kernel::Forbidden::NotAuthenticated)?;
    Ok(Some(CurrentUser::new(user, is_known)))
}

/// Logging in and out.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Logs in by identifier and password. A guest's cart goes into the customer's.
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

    /// Logs in by one of the ways to do so. A guest's cart goes into the customer's.
    async fn authenticate(
        &self,
        context: &Context<'_>,
        input: AuthenticationInput,
        remember_me: Option<bool>,
    ) -> ApiResult<AuthenticationResult> {
        let Some(native) = input.native else {
            return Ok(AuthenticationResult::InvalidCredentialsError(refusal("no way to log in was given")));
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
    let orders = &request.services.orders;
    match orders.log_in(&actor, &input.username, input.password, remember).await {
        Ok(logged_in) => {
            request.session_issued(logged_in.token, remember);
            Ok(Ok(CurrentUser::new(logged_in.user, is_known)))
        }
        Err(OrderError::Auth(error @ AuthError::InvalidCredentials)) => Ok(Err(refusal(error.to_string()))),
        Err(error) => Err(error.into()),
    }
}

fn refusal(reason: impl Into<String>) -> InvalidCredentialsError {
    InvalidCredentialsError::new(reason.into())
}
