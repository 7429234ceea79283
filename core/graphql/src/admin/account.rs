//! Logging in and out, and who is logged in.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union};
use soko_domain::auth::{AuthError, LoggedIn};

use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult, Nullable};
use crate::scalars::DateTime;
use crate::shared::people::CurrentUser;
use crate::shared::refusals::{InvalidCredentialsError, NativeAuthStrategyError};
use crate::shared::values::Success;

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

/// What became of a request for a code to log in with.
#[derive(SimpleObject)]
#[graphql(name = "OTPResponse")]
pub struct OtpResponse {
    /// Whether it was taken.
    pub success: bool,
    /// What happens now.
    pub message: String,
    /// Until when the code is good.
    pub expires_at: DateTime,
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

    /// The telephone number that codes to log in with are sent to, of whoever is logged in.
    async fn login_phone_number(&self, context: &Context<'_>) -> Nullable<String> {
        let request = context.request();
        let found = request.services.auth.phone_number(&request.actor()).await;
        found.map_err(ApiError::from).transpose()
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

    /// Has a code to log in with sent to the administrator with this telephone number, as a text message. The answer is the
    /// same whether or not there is somebody, and a number gets one a minute at most.
    #[graphql(name = "requestLoginOTP")]
    async fn request_login_otp(&self, context: &Context<'_>, phone_number: String) -> ApiResult<OtpResponse> {
        let services = &context.request().services;
        let expires_at = services.notifications.send_login_code(&services.auth, &phone_number).await?;
        let message = "If an administrator has this telephone number, a code is on its way.".to_owned();
        Ok(OtpResponse { success: true, message, expires_at: expires_at.into() })
    }

    /// Logs in by telephone number and the code that was sent there.
    #[graphql(name = "verifyLoginOTP")]
    async fn verify_login_otp(
        &self,
        context: &Context<'_>,
        phone_number: String,
        #[graphql(secret)] otp: String,
    ) -> ApiResult<AuthenticationResult> {
        let request = context.request();
        let actor = request.current_actor().await?;
        let logged_in = request.services.auth.log_in_by_code(&actor, &phone_number, &otp).await;
        Ok(match begin_session(request, logged_in, false)? {
            Ok(user) => AuthenticationResult::CurrentUser(user),
            Err(refusal) => AuthenticationResult::InvalidCredentialsError(refusal),
        })
    }

    /// Sends a code to a telephone number of whoever is logged in, by which they show that it is theirs.
    #[graphql(name = "requestPhoneNumberOTP")]
    async fn request_phone_number_otp(
        &self,
        context: &Context<'_>,
        phone_number: String,
        #[graphql(secret)] password: String,
    ) -> ApiResult<OtpResponse> {
        let request = context.request();
        let (actor, services) = (request.current_actor().await?, &request.services);
        let notifications = &services.notifications;
        let sent = notifications.send_number_code(&services.auth, &actor, &phone_number, password).await;
        let message = "A code is on its way.".to_owned();
        Ok(OtpResponse { success: true, message, expires_at: sent?.into() })
    }

    /// Has codes to log in with sent to the telephone number from now on to which this code was, and ends the other sessions
    /// of whoever is logged in. Nobody else has the number any more.
    #[graphql(name = "verifyPhoneNumberOTP")]
    async fn verify_phone_number_otp(
        &self,
        context: &Context<'_>,
        #[graphql(secret)] otp: String,
    ) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Success { success: request.services.auth.confirm_number(&actor, &otp).await? })
    }

    /// Has no codes sent any more to whoever is logged in, and ends their other sessions.
    async fn remove_phone_number(&self, context: &Context<'_>) -> ApiResult<Success> {
        let request = context.request();
        let actor = request.current_actor().await?;
        Ok(Success { success: request.services.auth.remove_number(&actor).await? })
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
    let auth = &request.services.auth;
    let logged_in = auth.log_in(&actor, request.api, &input.username, input.password, remember).await;
    begin_session(request, logged_in, remember)
}

fn begin_session(
    request: &RequestContext,
    logged_in: Result<LoggedIn, AuthError>,
    remember: bool,
) -> ApiResult<Result<CurrentUser, InvalidCredentialsError>> {
    match logged_in {
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
