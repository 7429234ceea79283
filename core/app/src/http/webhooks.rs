//! `POST /webhooks/{channel}/{method}`: what payment providers send. It is on disk and in force before it is answered.
//!
//! A provider that gets another answer than 200 sends it again. Whether a callback is genuine, the method's handler says;
//! the address alone gives nobody a right.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use soko_domain::Services;
use soko_domain::orders::CallbackError;
use soko_extension::payment::{Callback, CallbackRefusal};
use soko_kernel::{Actor, ActorChannel, ErrorKind};

use super::refusal::Refusal;

/// Bytes of a callback's body.
const BODY_BYTES_MAX: u64 = 256 << 10;
/// Bytes of the parameters of a callback's address.
const QUERY_BYTES_MAX: usize = 4 << 10;
/// Headers of a callback that are looked at.
const HEADERS_MAX: usize = 64;

/// Takes a callback.
pub async fn post(
    State(services): State<Arc<Services>>,
    Path((channel, method)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&services, &channel, &method, (query.unwrap_or_default(), headers, body)).await {
        Ok(()) => (StatusCode::OK, axum::Json(json!({ "received": true }))).into_response(),
        Err(refused) => refused,
    }
}

async fn take(
    services: &Services,
    channel: &str,
    method: &str,
    (query, headers, body): (String, HeaderMap, Body),
) -> Result<(), Response> {
    let found = services.channels.find_for_callback(channel).await;
    let found = found.map_err(|error| {
        tracing::error!(%error, "the channel of a callback cannot be looked for");
        unavailable()
    })?;
    let actor = nobody_in(found.ok_or_else(|| Refusal::NotFound.into_response())?);
    if query.len() > QUERY_BYTES_MAX {
        let what = format!("a callback's parameters have at most {QUERY_BYTES_MAX} bytes");
        return Err(Refusal::Malformed(what).into_response());
    }
    let limit = usize::try_from(BODY_BYTES_MAX).unwrap_or(usize::MAX);
    let body = to_bytes(body, limit).await;
    let body = body.map_err(|_| Refusal::TooLarge { limit_bytes: BODY_BYTES_MAX }.into_response())?.to_vec();
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = headers.iter().filter_map(text).take(HEADERS_MAX).collect();
    let callback = Callback { headers, query, body };
    services.orders.take_callback(&actor, method, callback).await.map_err(|error| refused(&error))
}

/// Somebody without a right, in a channel.
fn nobody_in(channel: ActorChannel) -> Actor {
    let language = channel.default_language;
    let permissions = std::iter::empty().collect();
    Actor { channel, session: None, active_order: None, user: None, permissions, language }
}

fn refused(error: &CallbackError) -> Response {
    match error {
        CallbackError::UnknownMethod(_) => Refusal::NotFound.into_response(),
        CallbackError::Refused(CallbackRefusal::Unauthentic(_)) => {
            tracing::warn!(%error, "a callback was refused");
            said(StatusCode::FORBIDDEN, "the callback is not genuine")
        }
        CallbackError::Refused(CallbackRefusal::Malformed(_)) => {
            tracing::warn!(%error, "a callback was refused");
            said(StatusCode::BAD_REQUEST, "the callback cannot be read")
        }
        CallbackError::Refused(CallbackRefusal::Unavailable(_)) => {
            tracing::warn!(%error, "a callback is to be sent again");
            unavailable()
        }
        CallbackError::Order(inner) => {
            if inner.kind() == ErrorKind::Internal {
                tracing::error!(error = %inner, "a callback could not be dealt with");
            }
            unavailable()
        }
    }
}

fn unavailable() -> Response {
    said(StatusCode::SERVICE_UNAVAILABLE, "the callback cannot be dealt with now; send it again")
}

fn said(status: StatusCode, message: &'static str) -> Response {
    (status, axum::Json(json!({ "error": message }))).into_response()
}
