//! The way out: one HTTP client for all guests, which connects to addresses that were checked and to no others.
//!
//! A name is resolved by the client's own resolver, which refuses it when one of its addresses is not public; the
//! connection is made to the addresses that it gave, so that a second answer of the name server changes nothing. An address
//! in the URL itself never comes to a resolver and is checked before. Redirects are not the client's to follow: each is a
//! new request that is checked like the first. The environment's proxies are not used, since they would do the resolving.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Url};
use soko_extension::effect::Capabilities;
use url::Host;

use super::address::is_public;
use super::policy::{EgressPolicy, HTTPS_PORT, matches_any, wants};
use crate::error::HostError;
use crate::limits::{EffectLimits, MESSAGE_BYTES_MAX};
use crate::sandbox::one_line;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an idle connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// Idle connections that are kept to one server.
const IDLE_PER_HOST: usize = 4;
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 3;
/// Bytes of a request's address.
const URL_BYTES_MAX: usize = 4 << 10;
/// Bytes of all headers of a request, and of those of an answer that a guest gets.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Headers that are the client's to set.
const RESERVED: [&str; 8] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "proxy-authorization",
];
/// How requests name their sender.
const USER_AGENT: &str = concat!("soko/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EgressError {
    #[error("invalid request: {0}")]
    Invalid(String),
    #[error("denied: {0}")]
    Denied(String),
    #[error("unreachable: {0}")]
    Unreachable(String),
    #[error("interrupted: {0}")]
    Interrupted(String),
    #[error("timed out")]
    TimedOut,
    #[error("too large")]
    TooLarge,
}

impl EgressError {
    /// Whether for certain no server has seen the request.
    pub(crate) fn nothing_sent(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Denied(_) | Self::Unreachable(_))
    }
}

/// A request that a guest wants sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Those of the guest.
    pub(crate) headers: HeaderMap,
    /// Those that carry secrets: not sent along to another host.
    pub(crate) credentials: HeaderMap,
    pub(crate) body: Option<bytes::Bytes>,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// The client and what the operator allows it.
pub(crate) struct Egress {
    client: Client,
    policy: Arc<EgressPolicy>,
    /// Origins by the hosts that they stand in for.
    stand_ins: HashMap<String, Url>,
    call: Duration,
    response_bytes: usize,
}

impl Egress {
    pub(crate) fn try_new(policy: EgressPolicy, limits: &EffectLimits) -> Result<Self, HostError> {
        let stand_ins = policy.stand_ins()?;
        let policy = Arc::new(policy);
        let client = Client::builder()
            .dns_resolver(Arc::new(Guarded(Arc::clone(&policy))))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| HostError::Client(error.to_string()))?;
        let call = Duration::from_millis(limits.http_ms);
        Ok(Self { client, policy, stand_ins, call, response_bytes: limits.response_bytes })
    }

    /// Sends a request within the time that one may take, redirects included.
    pub(crate) async fn send(
        &self,
        request: Outgoing,
        wanted: &Capabilities,
        granted: &Capabilities,
    ) -> Result<Incoming, EgressError> {
        let followed = self.follow(request, wanted, granted);
        tokio::time::timeout(self.call, followed).await.unwrap_or(Err(EgressError::TimedOut))
    }

    async fn follow(
        &self,
        mut request: Outgoing,
        wanted: &Capabilities,
        granted: &Capabilities,
    ) -> Result<Incoming, EgressError> {
        let mut sent = false;
        for _ in 0..=REDIRECTS_MAX {
            self.check(&request.url, wanted, granted).map_err(|why| after(sent, why))?;
            let response = self.send_once(&request).await.map_err(|why| after(sent, why))?;
            sent = true;
            if !redirected(&response, &mut request)? {
                return self.read(response).await;
            }
        }
        Err(EgressError::Interrupted(format!("redirected more than {REDIRECTS_MAX} times")))
    }

    /// Whether all who have a say allow the address.
    pub(super) fn check(
        &self,
        url: &Url,
        wanted: &Capabilities,
        granted: &Capabilities,
    ) -> Result<(), EgressError> {
        let denied = |what: String| Err(EgressError::Denied(what));
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(EgressError::Invalid("the address names no host".to_owned()));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EgressError::Invalid("the address carries a user".to_owned()));
        }
        let name = host.to_string();
        let shown = shown(&name, port);
        let private = self.policy.may_be_private(&name, port) || self.stand_ins.contains_key(&shown);
        if !private && self.policy.may_be_private_somewhere(&name) {
            // Its name may lead into a private network, at another port only.
            return denied(format!("the platform does not allow port {port} of {name}"));
        }
        match url.scheme() {
            "https" => {}
            "http" if private => {}
            _ => return denied(format!("{name} may be spoken to by HTTPS only")),
        }
        if !wants(&wanted.hosts, &name, port) {
            return denied(format!("{shown} is not among the hosts that the plugin says it talks to"));
        }
        if !matches_any(&granted.hosts, &name, port) {
            return denied(format!("the channel has not granted {shown}"));
        }
        if !self.policy.allows(&name, port) {
            return denied(format!("the platform does not allow {shown}"));
        }
        let address = match host {
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
            Host::Domain(_) => None,
        };
        match address {
            Some(address) if !private && !is_public(address) => denied(NotPublic(name).to_string()),
            _ => Ok(()),
        }
    }

    async fn send_once(&self, request: &Outgoing) -> Result<reqwest::Response, EgressError> {
        let url = self.meant(&request.url);
        let mut built = self.client.request(request.method.clone(), url);
        built = built.headers(request.headers.clone()).headers(request.credentials.clone());
        if let Some(body) = &request.body {
            built = built.body(body.clone());
        }
        let request = built.build().map_err(|error| EgressError::Invalid(words(&error)))?;
        self.client.execute(request).await.map_err(|error| failed(&error))
    }

    /// Where a request to this address goes: there, unless something stands in for its host.
    fn meant(&self, url: &Url) -> Url {
        let port = url.port_or_known_default().unwrap_or_default();
        let stand_in = url.host_str().and_then(|host| self.stand_ins.get(&shown(host, port)));
        let Some(mut meant) = stand_in.cloned() else { return url.clone() };
        meant.set_path(url.path());
        meant.set_query(url.query());
        meant
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Incoming, EgressError> {
        let status = response.status().as_u16();
        let mut header_bytes = 0_usize;
        let headers = response.headers().iter().filter_map(|(name, value)| {
            let pair = (name.as_str().to_owned(), value.to_str().ok()?.to_owned());
            header_bytes += pair.0.len() + pair.1.len();
            (header_bytes <= HEADER_BYTES_MAX).then_some(pair)
        });
        let headers = headers.collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len().saturating_add(chunk.len()) > self.response_bytes {
                return Err(EgressError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming { status, headers, body })
    }
}

/// A host as patterns name it.
pub(super) fn shown(host: &str, port: u16) -> String {
    if port == HTTPS_PORT { host.to_owned() } else { format!("{host}:{port}") }
}

/// What it means when a later request of several fails: an earlier one was seen.
fn after(sent: bool, error: EgressError) -> EgressError {
    match error {
        EgressError::Unreachable(why) if sent => EgressError::Interrupted(why),
        EgressError::Denied(why) if sent => {
            EgressError::Interrupted(format!("a redirect was not followed: {why}"))
        }
        EgressError::Invalid(why) if sent => {
            EgressError::Interrupted(format!("a redirect was not followed: {why}"))
        }
        other => other,
    }
}

/// Turns the request into the one that a redirect asks for; false when the answer is no redirect.
fn redirected(response: &reqwest::Response, request: &mut Outgoing) -> Result<bool, EgressError> {
    let status = response.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(false);
    }
    let Some(location) = response.headers().get("location") else { return Ok(false) };
    let unreadable = || EgressError::Interrupted("redirected to an address that cannot be read".to_owned());
    let location = location.to_str().map_err(|_| unreadable())?;
    let next = request.url.join(location).map_err(|_| unreadable())?;
    if next.origin() != request.url.origin() {
        // What the guest itself may have put there is a credential as well.
        request.credentials.clear();
        for name in ["authorization", "cookie"] {
            request.headers.remove(name);
        }
    }
    let to_get = status == 303 || (matches!(status, 301 | 302) && request.method == Method::POST);
    if to_get && request.method != Method::GET {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove("content-type");
        // A signature is of the body.
        request.credentials.clear();
    }
    request.url = next;
    Ok(true)
}

/// The address of a guest's request.
pub(crate) fn parse_url(text: &str) -> Result<Url, EgressError> {
    if text.len() > URL_BYTES_MAX {
        return Err(EgressError::Invalid(format!("the address has more than {URL_BYTES_MAX} bytes")));
    }
    Url::parse(text).map_err(|error| EgressError::Invalid(format!("the address is none: {error}")))
}

/// Adds a header that a guest wants.
pub(crate) fn add_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), EgressError> {
    let invalid = |what: &str| EgressError::Invalid(format!("{what}: {}", one_line(name, 64)));
    let parsed: HeaderName = name.parse().map_err(|_| invalid("this is no name of a header"))?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(invalid("this header is not a guest's to set"));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| invalid("the value of this header is none"))?;
    value.set_sensitive(true);
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes + parsed.as_str().len() + value.len() > HEADER_BYTES_MAX {
        return Err(EgressError::Invalid(format!("the headers have more than {HEADER_BYTES_MAX} bytes")));
    }
    headers.append(parsed, value);
    Ok(())
}

/// What the client's error means.
fn failed(error: &reqwest::Error) -> EgressError {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<NotPublic>() {
            return EgressError::Denied(refused.to_string());
        }
        cause = inner.source();
    }
    if error.is_connect() {
        EgressError::Unreachable(words(error))
    } else if error.is_timeout() {
        EgressError::TimedOut
    } else {
        EgressError::Interrupted(words(error))
    }
}

/// The innermost cause in one line, without the address, which may carry what nobody should read.
fn words(error: &reqwest::Error) -> String {
    let mut innermost = std::error::Error::source(error);
    while let Some(inner) = innermost.and_then(std::error::Error::source) {
        innermost = Some(inner);
    }
    let text = innermost.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    one_line(&text, MESSAGE_BYTES_MAX)
}

/// A name or an address that leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("{0} is in a private network, which the platform does not allow")]
struct NotPublic(String);

/// Resolves names, and refuses those of private networks.
struct Guarded(Arc<EgressPolicy>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let name = name.as_str().to_ascii_lowercase();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let private = policy.may_be_private_somewhere(&name);
            if !private && found.iter().any(|address| !is_public(address.ip())) {
                return Err(NotPublic(name).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
