//! `/shop-api` and `/admin-api`: from an HTTP request to an operation, and back.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{BatchRequest, BatchResponse, Request, Variables};
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use soko_domain::Services;
use soko_domain::auth::{Api, AuthError, RequestCredentials};
use soko_graphql::admin::AdminSchema;
use soko_graphql::context::{RequestContext, SessionChange};
use soko_graphql::shop::ShopSchema;
use soko_infra::DatabaseError;
use soko_infra::db::share_snapshots;
use soko_infra::idempotency::{Claim, Claimed, OperationKey};
use soko_kernel::{Actor, ErrorKind, Language};
use tracing::Instrument as _;

use super::body::{ContentType, read_json, read_multipart};
use super::explorer;
use super::finished::Finished;
use super::guard::note_channel;
use super::idempotency::{self, IDEMPOTENCY_REPLAYED, REPLAYED};
use super::refusal::Refusal;
use super::session::{AUTH_TOKEN, Presented, came_by_https, cookie, is_secure};
use super::streams::{self, Streams};
use crate::config::{Http, Sessions, Uploads};

/// Names the channel, in a header or in the address.
const CHANNEL_TOKEN: &str = "vendure-token";
/// Headers that a page of another site cannot send without asking first.
const PREFLIGHT: [&str; 2] = ["apollo-require-preflight", "x-apollo-operation-name"];
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What the endpoints need.
pub struct Endpoints {
    /// The services.
    pub services: Arc<Services>,
    /// The Shop API.
    pub shop: ShopSchema,
    /// The Admin API.
    pub admin: AdminSchema,
    /// The HTTP surface's settings.
    pub http: Http,
    /// How long a remembered session's cookie lasts.
    pub sessions: Sessions,
    /// What may be uploaded.
    pub uploads: Uploads,
    /// The subscriptions that are open.
    pub streams: Streams,
}

/// An endpoint with what is shared by both.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) api: Api,
    pub(super) shared: Arc<Endpoints>,
}

/// What a request's address may carry.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    language_code: Option<String>,
    #[serde(rename = "vendure-token")]
    channel_token: Option<String>,
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// A request's sender, what they said of themselves, and how they named their session.
struct Sender {
    actor: Actor,
    credentials: RequestCredentials,
    presented: Presented,
}

impl Endpoints {
    /// Longest that a request may run.
    fn run_limit(&self) -> Duration {
        Duration::from_secs(self.http.request_timeout_s)
    }
}

impl Endpoint {
    /// One of the endpoints.
    pub fn new(api: Api, shared: Arc<Endpoints>) -> Self {
        Self { api, shared }
    }

    /// Cookies of the two APIs differ, so that one browser can be a customer and an administrator at once.
    fn cookie_name(&self) -> &'static str {
        match self.api {
            Api::Shop => "session",
            Api::Admin => "session-admin",
        }
    }

    /// What a client says of itself, and how it named its session.
    fn credentials(&self, headers: &HeaderMap, parameters: &Parameters) -> (RequestCredentials, Presented) {
        let presented = Presented::read(headers, self.cookie_name());
        let named =
            headers.get(CHANNEL_TOKEN).map(|token| String::from_utf8_lossy(token.as_bytes()).into_owned());
        let credentials = RequestCredentials {
            channel_token: named
                .or_else(|| parameters.channel_token.clone())
                .filter(|token| !token.is_empty()),
            session_token: presented.token().map(str::to_owned),
            language: parameters.language_code.as_deref().and_then(Language::parse),
            api: self.api,
        };
        (credentials, presented)
    }

    async fn sender(&self, headers: &HeaderMap, parameters: &Parameters) -> Result<Sender, Refusal> {
        let (credentials, presented) = self.credentials(headers, parameters);
        let actor = self.shared.services.auth.resolve_actor(credentials.clone()).await;
        let actor = actor.map_err(|error| refuse(&error))?;
        note_channel(&actor.channel.code);
        Ok(Sender { actor, credentials, presented })
    }

    async fn execute(&self, batch: BatchRequest, context: &Arc<RequestContext>) -> BatchResponse {
        let answer = match self.api {
            Api::Shop => self.shared.shop.execute_batch(batch, context),
            Api::Admin => self.shared.admin.execute_batch(batch, context),
        };
        share_snapshots(answer).await
    }

    async fn run(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        sender: Sender,
        batch: BatchRequest,
    ) -> Result<Response, Refusal> {
        let Sender { actor, credentials, .. } = sender;
        let mut batch = match batch {
            BatchRequest::Single(request)
                if streams::wants_events(headers) && self.is_subscription(&request) =>
            {
                let (services, assets_url) =
                    (Arc::clone(&self.shared.services), self.assets_url(headers, uri));
                let context = RequestContext::new(services, credentials, actor, &assets_url);
                return streams::events(self, request, &Arc::new(context));
            }
            batch => batch,
        };
        let key = match idempotency::read_key(headers, &mut batch)? {
            None => None,
            Some(key) => {
                let request = idempotency::Asked::by(&batch)?.digest().await?;
                let token = credentials.session_token.as_deref();
                Some(idempotency::operation_key(self.api, &key, &actor, token, request))
            }
        };
        let services = Arc::clone(&self.shared.services);
        let assets_url = self.assets_url(headers, uri);
        let context = Arc::new(RequestContext::new(services, credentials, actor, &assets_url));
        match key {
            None => Ok(self.respond(headers, self.finish(batch, &context).await?)),
            Some(key) => self.run_once(headers, key, batch, context).await,
        }
    }

    async fn finish(&self, batch: BatchRequest, context: &Arc<RequestContext>) -> Result<Finished, Refusal> {
        let answer = self.execute(batch, context).await;
        Finished::try_new(&answer, context.session_change())
    }

    /// Runs what has a key, unless it has been run: then it is answered as before.
    async fn run_once(
        &self,
        headers: &HeaderMap,
        key: OperationKey,
        batch: BatchRequest,
        context: Arc<RequestContext>,
    ) -> Result<Response, Refusal> {
        let run_ms = i64::try_from(self.shared.run_limit().as_millis()).unwrap_or(i64::MAX);
        let claimed = self.shared.services.operations.claim(&key, run_ms).await;
        match claimed.map_err(|error| refuse_for_store(&error))? {
            Claimed::Refused(refusal) => Err(idempotency::refuse(refusal)),
            Claimed::Answered(kept) => {
                let mut response = self.respond(headers, Finished::from_kept(&kept)?);
                response.headers_mut().insert(IDEMPOTENCY_REPLAYED, REPLAYED);
                Ok(response)
            }
            Claimed::Run(claim) => {
                let this = self.clone();
                // On a task of its own: clients who go away are answered when they ask again.
                let run = async move { this.run_claimed(&key, claim, batch, &context).await };
                let finished = tokio::spawn(run.in_current_span()).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "a request with an idempotency key ended badly");
                    Err(Refusal::Internal)
                });
                Ok(self.respond(headers, finished?))
            }
        }
    }

    /// Runs what has been claimed, and keeps the answer. After a fault without an effect the claim is given back.
    async fn run_claimed(
        &self,
        key: &OperationKey,
        claim: Claim,
        batch: BatchRequest,
        context: &Arc<RequestContext>,
    ) -> Result<Finished, Refusal> {
        let operations = &self.shared.services.operations;
        let run = claim.during(self.finish(batch, context));
        let run = tokio::time::timeout(self.shared.run_limit(), run).await;
        let outcome = run.unwrap_or(Err(Refusal::TimedOut));
        let failed = outcome.as_ref().map_or(true, |finished| finished.is_fault);
        if failed && operations.give_back(claim.clone()).await.map_err(|error| refuse_for_store(&error))? {
            return outcome;
        }
        let finished = outcome?;
        // The client has the answer all the same; another try would be told that it is lost.
        if let Err(error) = operations.answer(key, claim, &finished.to_kept()?).await {
            tracing::error!(%error, "the answer to a request with an idempotency key could not be kept");
        }
        Ok(finished)
    }

    /// Where clients find assets: as configured, or at the host that they called.
    fn assets_url(&self, headers: &HeaderMap, uri: &Uri) -> String {
        let configured = self.shared.http.public_url.trim_end_matches('/');
        if !configured.is_empty() {
            return format!("{configured}/assets/");
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| uri.authority().map(Authority::as_str)).unwrap_or("localhost");
        let scheme = if came_by_https(headers) { "https" } else { "http" };
        format!("{scheme}://{host}/assets/")
    }

    fn respond(&self, headers: &HeaderMap, finished: Finished) -> Response {
        let Finished { status, body, change, .. } = finished;
        let mut response = (status, body).into_response();
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, JSON);
        out.insert(header::CACHE_CONTROL, NO_STORE);
        if let Some(change) = change {
            self.tell_session(headers, out, &change);
        }
        response
    }

    fn tell_session(&self, headers: &HeaderMap, out: &mut HeaderMap, change: &SessionChange) {
        let (token, max_age_s) = match change {
            SessionChange::Issued { token, remember } => {
                (token.as_str(), remember.then_some(self.shared.sessions.remembered_s))
            }
            // Gone at once.
            SessionChange::Ended => ("", Some(0)),
        };
        if let Ok(value) = HeaderValue::from_str(token) {
            out.insert(AUTH_TOKEN, value);
        }
        let secure = is_secure(self.shared.http.cookie_secure, headers);
        if let Some(value) = cookie(self.cookie_name(), token, max_age_s, secure) {
            out.append(header::SET_COOKIE, value);
        }
    }

    /// Uploads are read to disk, so only somebody who is logged in may send them.
    fn check_upload(&self, headers: &HeaderMap, sender: &Sender) -> Result<(), Refusal> {
        if self.api == Api::Shop {
            return Err(Refusal::ContentType);
        }
        let asked_first = PREFLIGHT.iter().any(|name| headers.contains_key(*name));
        if matches!(sender.presented, Presented::Cookie(_)) && !asked_first {
            return Err(Refusal::CrossSite);
        }
        if sender.actor.user.is_none() {
            let message = soko_kernel::Forbidden::NotAuthenticated.to_string();
            return Err(Refusal::BeforeRun { message, code: ErrorKind::Unauthenticated.code() });
        }
        Ok(())
    }
}

/// Runs what a POST request carries.
///
/// # Errors
/// [`Refusal`] when nothing was run.
pub async fn post(
    State(endpoint): State<Endpoint>,
    Query(parameters): Query<Parameters>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let content_type = ContentType::read(&headers)?;
    let (sender, batch) = match content_type {
        ContentType::Json => {
            // Read first: an answer that comes before the body was read is lost on some clients.
            let batch = read_json(&headers, body, endpoint.shared.http.json_body_bytes_max).await?;
            (endpoint.sender(&headers, &parameters).await?, batch)
        }
        ContentType::Multipart(content_type) => {
            let sender = endpoint.sender(&headers, &parameters).await?;
            endpoint.check_upload(&headers, &sender)?;
            let Uploads { file_bytes_max, files_max, .. } = endpoint.shared.uploads;
            let batch = read_multipart(&headers, &content_type, body, file_bytes_max, files_max).await?;
            (sender, batch)
        }
    };
    endpoint.run(&headers, &uri, sender, batch).await
}

/// Shows the explorer to browsers, runs a query of the Shop API from the address, and makes connections sockets.
///
/// # Errors
/// [`Refusal`] when nothing was run.
pub async fn get(
    State(endpoint): State<Endpoint>,
    Query(parameters): Query<Parameters>,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    if let Ok(upgrade) = upgrade {
        let (credentials, presented) = endpoint.credentials(&headers, &parameters);
        endpoint.check_origin(&headers, &presented)?;
        let assets_url = endpoint.assets_url(&headers, &uri);
        return streams::upgrade(endpoint, credentials, assets_url, upgrade);
    }
    let Some(query) = parameters.query.clone() else {
        if explorer::is_wanted(&headers) {
            return Ok(explorer::page().await);
        }
        return Err(Refusal::Method("send the operation with POST, or open this address in a browser"));
    };
    if endpoint.api == Api::Admin {
        return Err(Refusal::Method("the Admin API is served with POST only"));
    }
    let mut request = Request::new(query);
    request.operation_name.clone_from(&parameters.operation_name);
    if let Some(variables) = parameters.variables.as_deref().filter(|text| !text.is_empty()) {
        let variables = serde_json::from_str(variables)
            .map_err(|error| Refusal::Malformed(format!("the variables are no JSON: {error}")))?;
        request.variables = Variables::from_json(variables);
    }
    let is_stream = streams::wants_events(&headers) && endpoint.is_subscription(&request);
    if !is_stream && changes_something(&mut request) {
        return Err(Refusal::Method("a mutation is sent with POST"));
    }
    let sender = endpoint.sender(&headers, &parameters).await?;
    endpoint.run(&headers, &uri, sender, BatchRequest::Single(request)).await
}

/// Whether the document has an operation that is no query. One that cannot be parsed is left to be refused as such.
pub(super) fn changes_something(request: &mut Request) -> bool {
    let Ok(document) = request.parsed_query() else { return false };
    document.operations.iter().any(|(_, operation)| operation.node.ty != OperationType::Query)
}

/// A store that cannot say whether a request has been run.
fn refuse_for_store(error: &DatabaseError) -> Refusal {
    if error.kind() == ErrorKind::Overloaded {
        return Refusal::Overloaded;
    }
    tracing::error!(%error, "an idempotency key cannot be looked up");
    Refusal::Internal
}

/// A sender who cannot be told: their channel is unknown or closed, or the store failed.
pub(super) fn refuse(error: &AuthError) -> Refusal {
    let code = match error {
        AuthError::UnknownChannel => "CHANNEL_NOT_FOUND",
        AuthError::ChannelNotOpen(_) => "CHANNEL_NOT_AVAILABLE",
        error => error.kind().code(),
    };
    match error.kind() {
        ErrorKind::Internal => {
            tracing::error!(%error, "the sender of a request could not be told");
            Refusal::Internal
        }
        ErrorKind::Overloaded => Refusal::Overloaded,
        _ => Refusal::BeforeRun { message: error.to_string(), code },
    }
}

/// Headers that pages of other origins may send and read.
pub mod cross_origin {
    use super::{AUTH_TOKEN, HeaderName, IDEMPOTENCY_REPLAYED, header};
    use crate::http::guard::REQUEST_ID;
    use crate::trace::{TRACE_ID, TRACE_PARENT};

    /// Headers that pages may send.
    pub fn request_headers() -> Vec<HeaderName> {
        let ours =
            ["vendure-token", "apollo-require-preflight", "x-apollo-operation-name", "idempotency-key"];
        let standard =
            [header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE, REQUEST_ID, TRACE_PARENT];
        ours.into_iter().map(HeaderName::from_static).chain(standard).collect()
    }

    /// Headers that pages may read.
    pub fn response_headers() -> Vec<HeaderName> {
        vec![AUTH_TOKEN, REQUEST_ID, TRACE_ID, IDEMPOTENCY_REPLAYED]
    }
}
