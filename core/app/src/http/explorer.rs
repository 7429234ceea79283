//! The explorer: one page, with nothing loaded from elsewhere, to try both APIs by hand.
//!
//! The page may run its own script and style and nothing else: the policy names both by their digest.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

const PAGE: &str = include_str!("explorer.html");
/// A JSON list of `{ api, title, query, variables?, file? }`.
const EXAMPLES: &str = include_str!("explorer_examples.json");
/// Where the page wants the examples.
const EXAMPLES_PLACE: &str = "/*EXAMPLES*/[]";

static READY_PAGE: LazyLock<(Bytes, HeaderValue)> = LazyLock::new(|| {
    // `</` would end the script early; inside a JSON text `<\/` is the same.
    let page = PAGE.replacen(EXAMPLES_PLACE, EXAMPLES.trim().replace("</", "<\\/").as_str(), 1);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        digest_of(&page, "script"),
        digest_of(&page, "style"),
    );
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    (Bytes::from(page), policy)
});

/// The page.
pub async fn page() -> Response {
    let (page, policy) = &*READY_PAGE;
    let mut response = Html(page.clone()).into_response();
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    response.headers_mut().extend(fixed);
    response
}

/// Whether a request comes from somebody who typed the address, and not from a program.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The digest of the page's only element of this name, as a policy wants it.
fn digest_of(page: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let content = page
        .split_once(&open)
        .and_then(|(_, rest)| rest.split_once(&close))
        .map_or("", |(content, _)| content);
    format!("sha256-{}", BASE64.encode(&Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn is_one_page_with_its_examples_and_nothing_from_elsewhere() {
        let page = std::str::from_utf8(&READY_PAGE.0).unwrap();
        assert!(!page.contains(EXAMPLES_PLACE));
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(!page.contains(" src=") && !page.contains(" style=\"") && !page.contains("@import"));
        let examples: Vec<serde_json::Value> = serde_json::from_str(EXAMPLES).unwrap();
        assert!(examples.iter().any(|example| example["api"] == "admin-api"));
    }
}
