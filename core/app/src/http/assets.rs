//! `/assets/NAME`: pictures and other files of the shops.
//!
//! A file's name is the digest of its bytes, so that it never changes: clients keep it for good. `?preset=`, by which
//! other servers choose a smaller rendition, is accepted and gives the file as it was uploaded.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use soko_infra::Blobs;

use super::refusal::Refusal;

const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// An uploaded file runs nothing and loads nothing, even when opened by itself.
const LOCKED_UP: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// What browsers show by themselves; every other file is offered for saving.
const SHOWN: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("svg", "image/svg+xml"),
    ("pdf", "application/pdf"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("txt", "text/plain; charset=utf-8"),
];

/// A file by its name.
pub async fn get(State(blobs): State<Blobs>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let tag = format!("\"{name}\"");
    let bytes = match blobs.load(&name).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Refusal::NotFound.into_response(),
        Err(error) => {
            tracing::error!(%error, name, "an asset could not be read");
            return Refusal::Internal.into_response();
        }
    };
    let has_it = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if has_it {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::body::Body::from(bytes).into_response()
    };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let shown = SHOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(extension)).map(|(_, kind)| *kind);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(shown.unwrap_or("application/octet-stream"));
    headers.insert(header::CONTENT_TYPE, kind);
    if shown.is_none() {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, FOR_GOOD);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, LOCKED_UP);
    // Storefronts live on other origins.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}
