//! How clients name their session and learn of a new one: a bearer token or a cookie, as they like.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use data_encoding::HEXLOWER_PERMISSIVE;

use crate::config::CookieSecure;

/// Carries the token of a session that an operation began.
pub const AUTH_TOKEN: HeaderName = HeaderName::from_static("vendure-auth-token");
/// Longest session token that is looked up, in bytes; ours are shorter.
const TOKEN_BYTES_MAX: usize = 256;

/// How a client named its session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// By the `authorization` header, which no other site's page can send.
    Bearer(String),
    /// By a cookie, which browsers add by themselves.
    Cookie(String),
    /// Not at all.
    Nothing,
}

impl Presented {
    /// What the client sent: the header, or where there is none the cookie of this name.
    pub fn read(headers: &HeaderMap, cookie_name: &str) -> Self {
        if let Some(token) = bearer(headers) {
            return Self::Bearer(token);
        }
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs =
            cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut named = pairs.filter(|(name, value)| *name == cookie_name && is_plausible(value));
        named.next().map_or(Self::Nothing, |(_, token)| Self::Cookie(token.to_owned()))
    }

    /// The token.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => Some(token),
            Self::Nothing => None,
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .then(|| token.chars().take(TOKEN_BYTES_MAX).collect())
}

/// A cookie of ours, and not another program's on the same host that has the same name.
fn is_plausible(token: &str) -> bool {
    !token.is_empty()
        && token.len() <= TOKEN_BYTES_MAX
        && HEXLOWER_PERMISSIVE.decode(token.as_bytes()).is_ok()
}

/// The `set-cookie` value for a session. `max_age_s` makes it outlive the browser.
pub fn cookie(name: &str, token: &str, max_age_s: Option<u64>, secure: bool) -> Option<HeaderValue> {
    let age = max_age_s.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")).ok()
}

/// Whether the cookie is for HTTPS only.
pub fn is_secure(setting: CookieSecure, headers: &HeaderMap) -> bool {
    match setting {
        CookieSecure::Always => true,
        CookieSecure::Never => false,
        CookieSecure::Auto => came_by_https(headers),
    }
}

/// Whether the proxy in front says so. A client that lies about it harms nobody but itself.
pub fn came_by_https(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"https"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn reads_the_header_before_the_cookie() {
        let both = headers(&[("authorization", "bearer  abc"), ("cookie", "session=0a")]);
        assert_eq!(Presented::read(&both, "session"), Presented::Bearer("abc".into()));
        let cookies =
            headers(&[("authorization", "Basic xyz"), ("cookie", "a=b; session=zz; session=0a0b; c")]);
        assert_eq!(Presented::read(&cookies, "session"), Presented::Cookie("0a0b".into()));
        assert_eq!(Presented::read(&cookies, "session-admin"), Presented::Nothing);
    }

    #[test]
    fn marks_cookies_as_asked() {
        let plain = cookie("session", "0a", None, false).unwrap();
        assert_eq!(plain, "session=0a; Path=/; HttpOnly; SameSite=Lax");
        let lasting = cookie("session", "0a", Some(60), true).unwrap();
        assert_eq!(lasting, "session=0a; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        assert!(is_secure(CookieSecure::Auto, &headers(&[("x-forwarded-proto", "https")])));
        assert!(!is_secure(CookieSecure::Auto, &headers(&[])));
        assert!(!is_secure(CookieSecure::Never, &headers(&[("x-forwarded-proto", "https")])));
    }
}
