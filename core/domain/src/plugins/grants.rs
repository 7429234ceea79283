//! What a channel may grant a plugin: no more than the plugin's version wants.

use soko_extension::effect::Capabilities;

use super::PluginError;

/// Entries of one kind in a grant.
const ENTRIES_MAX: usize = 64;
/// How a plugin wants whichever host the channel names.
const ANY: &str = "*";

/// Refuses a grant of what the version does not want. The host grants what is in both anyhow; a grant that would give
/// nothing is a slip of the pen, and one of more than is wanted now would come into force with a later version.
pub(super) fn check(wanted: &Capabilities, granted: &Capabilities) -> Result<(), PluginError> {
    let refuse = |what: String| Err(PluginError::NotWanted(what));
    if granted.hosts.len() > ENTRIES_MAX || granted.secrets.len() > ENTRIES_MAX {
        return refuse(format!("more than {ENTRIES_MAX} hosts or secrets"));
    }
    if let Some(host) = granted.hosts.iter().find(|host| !wanted.hosts.iter().any(|one| covers(one, host))) {
        return refuse(format!("the host {host:?}"));
    }
    for secret in &granted.secrets {
        if !wanted.uses_secret(&secret.name) {
            return refuse(format!("the secret {:?}", secret.name));
        }
        if secret.readable && !wanted.reads_secret(&secret.name) {
            return refuse(format!("to read the secret {:?}", secret.name));
        }
    }
    let simple = [
        (granted.kv, wanted.kv, "values kept between calls"),
        (granted.sms, wanted.sms, "to send text messages"),
        (granted.email, wanted.email, "to send mail"),
        (granted.push, wanted.push, "to tell people in their browsers"),
        (granted.inbox, wanted.inbox, "to put messages into inboxes"),
        (granted.contact, wanted.contact, "to be told telephone numbers and addresses of mail"),
    ];
    match simple.into_iter().find(|(granted, wanted, _)| *granted && !wanted) {
        Some((.., what)) => refuse(what.to_owned()),
        None => Ok(()),
    }
}

/// Whether a host that is wanted is the one that is granted, or a domain above it, or whichever the channel names: which it
/// then has to name.
fn covers(wanted: &str, granted: &str) -> bool {
    if wanted == ANY {
        let host = granted.strip_prefix("*.").unwrap_or(granted);
        return !host.is_empty() && !host.contains(['*', ' ', '/']);
    }
    let below = |domain: &str| {
        let host = granted.strip_prefix("*.").unwrap_or(granted);
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() && granted != domain || rest.ends_with('.'))
    };
    wanted == granted || wanted.strip_prefix("*.").is_some_and(below)
}

#[cfg(test)]
mod tests {
    use soko_extension::effect::WantedSecret;

    use super::*;

    fn secret(name: &str, readable: bool) -> WantedSecret {
        WantedSecret { name: name.to_owned(), description: String::new(), readable }
    }

    #[test]
    fn grants_no_more_than_is_wanted() {
        let wanted = Capabilities {
            hosts: vec!["api.example.com".to_owned(), "*.bank.ke:8443".to_owned()],
            secrets: vec![secret("passkey", true), secret("key", false)],
            ..Capabilities::default()
        };
        let host = |host: &str| Capabilities { hosts: vec![host.to_owned()], ..Capabilities::default() };
        for fine in ["api.example.com", "*.bank.ke:8443", "a.bank.ke:8443", "*.a.bank.ke:8443"] {
            assert!(check(&wanted, &host(fine)).is_ok(), "{fine}");
        }
        for other in ["example.com", "*.example.com", "bank.ke:8443", "a.bank.ke", "evilbank.ke:8443", "*"] {
            assert!(check(&wanted, &host(other)).is_err(), "{other}");
        }
        let of = |one: WantedSecret| Capabilities { secrets: vec![one], ..Capabilities::default() };
        assert!(check(&wanted, &of(secret("passkey", true))).is_ok());
        assert!(check(&wanted, &of(secret("passkey", false))).is_ok());
        assert!(check(&wanted, &of(secret("key", true))).is_err());
        assert!(check(&wanted, &of(secret("other", false))).is_err());
        assert!(check(&wanted, &Capabilities { kv: true, ..Capabilities::default() }).is_err());
        assert!(check(&wanted, &Capabilities { contact: true, ..Capabilities::default() }).is_err());
        assert!(check(&wanted, &Capabilities::default()).is_ok());
    }

    #[test]
    fn grants_hosts_by_name_also_where_any_is_wanted() {
        let wanted = Capabilities { hosts: vec![ANY.to_owned()], sms: true, ..Capabilities::default() };
        let host = |host: &str| Capabilities { hosts: vec![host.to_owned()], ..Capabilities::default() };
        for fine in ["sms.duka.example", "*.duka.example", "127.0.0.1:9000"] {
            assert!(check(&wanted, &host(fine)).is_ok(), "{fine}");
        }
        for odd in ["*", "", "*.", "https://sms.duka.example/", "a b"] {
            assert!(check(&wanted, &host(odd)).is_err(), "{odd}");
        }
        assert!(check(&wanted, &Capabilities { sms: true, ..Capabilities::default() }).is_ok());
    }
}
