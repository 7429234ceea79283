//! Which hosts a guest may talk to: what its manifest names, the platform's operator allows, and the channel granted.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::HostError;

/// The port of HTTPS, which a pattern without one means.
pub(crate) const HTTPS_PORT: u16 = 443;
/// Any host of the public Internet.
const ANY: &str = "*";

/// What the platform's operator allows all plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EgressPolicy {
    /// Hosts that plugins may talk to, where their manifest and the channel say so too: `api.example.com`,
    /// `*.example.com`, each with `:port` where it is not 443, or `*` for any.
    pub hosts: Vec<String>,
    /// Hosts that may be at an address in a private network and may be spoken to without TLS, in the same words, `*`
    /// excepted. None, unless the operator has a provider's stand-in or a gateway in the house.
    pub private_hosts: Vec<String>,
    /// Origins that stand in for a provider's host, to try things out without it: `api.example.com=http://127.0.0.1:9000`.
    /// What would go to the host goes there, and nothing else changes.
    pub stand_ins: Vec<String>,
}

impl Default for EgressPolicy {
    fn default() -> Self {
        Self { hosts: vec![ANY.to_owned()], private_hosts: Vec::new(), stand_ins: Vec::new() }
    }
}

impl EgressPolicy {
    /// Refuses patterns that cannot be read.
    pub(crate) fn check(&self) -> Result<(), HostError> {
        let readable = |pattern: &String| HostPattern::parse(pattern).is_some();
        let any_named = self.private_hosts.iter().any(|pattern| pattern == ANY);
        if any_named || !self.private_hosts.iter().all(readable) {
            let reason = "each is a host, or `*.` and a host, with `:port` where it is not 443";
            return Err(HostError::Limit { key: "egress.private_hosts", reason });
        }
        if !self.hosts.iter().all(|pattern| pattern == ANY || readable(pattern)) {
            let reason = "each is a host, `*.` and a host, with `:port` where it is not 443, or `*`";
            return Err(HostError::Limit { key: "egress.hosts", reason });
        }
        self.stand_ins().map(|_| ())
    }

    /// The origins by the hosts that they stand in for.
    pub(crate) fn stand_ins(&self) -> Result<HashMap<String, Url>, HostError> {
        let read = |text: &String| {
            let (host, origin) = text.split_once('=')?;
            let origin = Url::parse(origin).ok()?;
            let plain =
                matches!(origin.scheme(), "http" | "https") && origin.path() == "/" && origin.has_host();
            let named = HostPattern::parse(host).is_some_and(|pattern| !pattern.below);
            (plain && named).then(|| (host.to_owned(), origin))
        };
        let reason = "each is a host, `=`, and an origin such as http://127.0.0.1:9000";
        let refused = HostError::Limit { key: "egress.stand_ins", reason };
        self.stand_ins.iter().map(read).collect::<Option<_>>().ok_or(refused)
    }

    /// Whether the operator lets plugins talk to the host at all.
    pub(crate) fn allows(&self, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|pattern| pattern == ANY) || matches_any(&self.hosts, host, port)
    }

    /// Whether the host may be in a private network and be spoken to without TLS.
    pub(crate) fn may_be_private(&self, host: &str, port: u16) -> bool {
        matches_any(&self.private_hosts, host, port)
    }

    /// The same, whatever the port.
    pub(crate) fn may_be_private_somewhere(&self, host: &str) -> bool {
        self.private_hosts.iter().filter_map(|text| HostPattern::parse(text)).any(|one| one.names(host))
    }
}

/// Whether one of these patterns is of the host.
pub(crate) fn matches_any(patterns: &[String], host: &str, port: u16) -> bool {
    let read = patterns.iter().filter_map(|pattern| HostPattern::parse(pattern));
    read.into_iter().any(|pattern| pattern.names(host) && pattern.port == port)
}

/// Whether what a manifest wants covers the host: `*` covers whichever the channel names.
pub(crate) fn wants(patterns: &[String], host: &str, port: u16) -> bool {
    patterns.iter().any(|pattern| pattern == ANY) || matches_any(patterns, host, port)
}

/// Whether a manifest may name hosts like this.
pub(crate) fn is_host_pattern(text: &str) -> bool {
    text == ANY || HostPattern::parse(text).is_some()
}

/// One host, or all below a domain.
struct HostPattern<'t> {
    /// In lower case, as patterns must be.
    domain: &'t str,
    below: bool,
    port: u16,
}

impl<'t> HostPattern<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (below, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        // An address of IPv6 is written in brackets, with colons inside.
        let (domain, port) = match rest.rsplit_once(':') {
            Some((domain, port)) if !port.ends_with(']') => (domain, port.parse().ok()?),
            _ => (rest, HTTPS_PORT),
        };
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]_".contains(c);
        let whole = !domain.is_empty() && domain.len() <= 253 && !domain.starts_with('.') && port > 0;
        let nested = !below || domain.contains('.');
        (whole && nested && domain.chars().all(allowed)).then_some(Self { domain, below, port })
    }

    fn names(&self, host: &str) -> bool {
        if self.below {
            host.strip_suffix(self.domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.domain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str, host: &str, port: u16) -> bool {
        matches_any(&[pattern.to_owned()], host, port)
    }

    #[test]
    fn matches_hosts_whole_and_below_a_domain() {
        assert!(names("api.example.com", "api.example.com", 443));
        assert!(!names("api.example.com", "api.example.com", 8443));
        assert!(names("api.example.com:8443", "api.example.com", 8443));
        assert!(!names("api.example.com", "evil-api.example.com", 443));
        assert!(!names("example.com", "example.com.evil.org", 443));
        assert!(names("*.example.com", "a.b.example.com", 443));
        assert!(!names("*.example.com", "example.com", 443));
        assert!(!names("*.example.com", "badexample.com", 443));
        assert!(!names("*.example.com", ".example.com", 443));
        assert!(names("[::1]:8080", "[::1]", 8080));
        assert!(names("127.0.0.1:80", "127.0.0.1", 80));
    }

    #[test]
    fn refuses_patterns_that_say_nothing() {
        for text in ["", "*.", "**", "*.com", "a b", "https://a.com", "A.com", "a.com:0", "a.com:x", ".com"] {
            assert!(!is_host_pattern(text), "{text:?}");
        }
        let open = EgressPolicy { private_hosts: vec![ANY.to_owned()], ..EgressPolicy::default() };
        assert!(open.check().is_err());
        let stand_in = |text: &str| {
            EgressPolicy { stand_ins: vec![text.to_owned()], ..EgressPolicy::default() }.check().is_ok()
        };
        assert!(stand_in("api.example.com=http://127.0.0.1:9000"));
        for odd in
            ["api.example.com", "*.example.com=http://a.b", "a.b=ftp://c.d", "a.b=http://c.d/path", "=x"]
        {
            assert!(!stand_in(odd), "{odd}");
        }
        assert!(EgressPolicy::default().check().is_ok());
    }
}
