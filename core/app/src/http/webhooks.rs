//! `POST /webhooks/{channel}/{method}`: what payment providers send. It is on disk and in force before it is answered.
//!
//! A provider that gets another answer than 200 sends it again. Whether a callback is genuine, the method's handler says;
//! the address alone gives nobody a right.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use soko_domain::Services;
use soko_domain::orders::CallbackError;
use soko_extension::payment::{Callback, CallbackRefusal};
use soko_kernel::{Actor, ErrorKind, PermissionSet};

use super::guard::note_channel;
use super::refusal::Refusal;

/// Bytes of a callback's body.
const BODY_BYTES_MAX: usize = 256 << 10;
/// Bytes of the parameters of a callback's address.
const QUERY_BYTES_MAX: usize = 4 << 10;
/// Headers of a callback that are looked at.
const HEADERS_MAX: usize = 64;

/// Why a callback is not taken, as its sender hears of it.
enum Untaken {
    /// It is none that could be read.
    Refused(Refusal),
    /// With this status, for this reason.
    Told(StatusCode, &'static str),
}

impl From<Refusal> for Untaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for Untaken {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::Told(status, why) => (status, axum::Json(json!({ "error": why }))).into_response(),
        }
    }
}

/// It cannot be dealt with at the moment.
const LATER: Untaken =
    Untaken::Told(StatusCode::SERVICE_UNAVAILABLE, "the callback cannot be dealt with now; send it again");

/// Takes a callback.
pub async fn post(
    State(services): State<Arc<Services>>,
    Path((channel, method)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&services, (&channel, &method), (query.unwrap_or_default(), headers, body)).await {
        Ok(()) => axum::Json(json!({ "received": true })).into_response(),
        Err(untaken) => untaken.into_response(),
    }
}

async fn take(
    services: &Services,
    (channel, method): (&str, &str),
    (query, headers, body): (String, HeaderMap, Body),
) -> Result<(), Untaken> {
    let found = services.channels.find_for_callback(channel).await;
    let found = found.map_err(|error| {
        tracing::error!(%error, "the channel of a callback cannot be looked for");
        LATER
    })?;
    // Whoever calls has no right.
    let actor = Actor::without_session(found.ok_or(Refusal::NotFound)?, PermissionSet::NONE);
    note_channel(&actor.channel.code);
    if query.len() > QUERY_BYTES_MAX {
        let what = format!("a callback's parameters have at most {QUERY_BYTES_MAX} bytes");
        return Err(Refusal::Malformed(what).into());
    }
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let too_large = |_| Refusal::TooLarge { limit_bytes: BODY_BYTES_MAX as u64 };
    let body = body.map_err(too_large)?.to_vec();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = headers.iter().filter_map(text).take(HEADERS_MAX).collect();
    let callback = Callback { headers, query, body };
    services.orders.take_callback(&actor, method, callback).await.map_err(|error| refused(&error))
}

fn refused(error: &CallbackError) -> Untaken {
    match error {
        CallbackError::UnknownMethod(_) => Refusal::NotFound.into(),
        CallbackError::Refused(CallbackRefusal::Unauthentic(_)) => {
            tracing::warn!(%error, "a callback was refused");
            Untaken::Told(StatusCode::FORBIDDEN, "the callback is not genuine")
        }
        CallbackError::Refused(CallbackRefusal::Malformed(_)) => {
            tracing::warn!(%error, "a callback was refused");
            Untaken::Told(StatusCode::BAD_REQUEST, "the callback cannot be read")
        }
        CallbackError::Refused(CallbackRefusal::Unavailable(_)) => {
            tracing::warn!(%error, "a callback is to be sent again");
            LATER
        }
        CallbackError::Order(inner) => {
            if inner.kind() == ErrorKind::Internal {
                tracing::error!(error = %inner, "a callback could not be dealt with");
            }
            LATER
        }
    }
}
