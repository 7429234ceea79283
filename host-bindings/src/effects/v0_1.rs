//! `soko:host@0.1.0`.

use std::sync::Arc;
use std::time::Instant;

use rand::TryRngCore as _;
use reqwest::Method;
use reqwest::header::HeaderMap;
use soko_extension::effect::{KeepError, PluginCaller, PluginStore, SecretBytes};

use super::credentials::{self, Algorithm};
use super::egress::{EgressError, Incoming, Outgoing, add_header, parse_url};
use super::{Done, Effects};
use crate::sandbox::State;

/// The version of the interfaces that this module hosts.
pub(crate) const VERSION: &str = "0.1.0";
/// Bytes of randomness in one answer.
const RANDOM_BYTES_MAX: u32 = 4096;
/// Bytes of a key of a kept value.
const KEY_BYTES_MAX: usize = 200;

pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package soko:hosted;
            world effects {
                import soko:host/http@0.1.0;
                import soko:host/secrets@0.1.0;
                import soko:host/kv@0.1.0;
                import soko:host/sms@0.1.0;
                import soko:host/email@0.1.0;
                import soko:host/push@0.1.0;
                import soko:host/inbox@0.1.0;
                import soko:host/clock@0.1.0;
                import soko:host/random@0.1.0;
                import soko:host/log@0.1.0;
            }
        ",
        path: "../wit/host-0.1.0",
        world: "soko:hosted/effects",
        imports: { default: async | trappable },
    });
}

use bindings::soko::host::{clock, http, kv, log, random, secrets};

impl http::Host for State {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Error>> {
        self.spend_host_call(size_of(&request))?;
        let begun = Instant::now();
        let target = parse_url(&request.url).map_or_else(|_| String::new(), |url| host_of(&url));
        let bytes_out = request.body.as_ref().map_or(0, Vec::len);
        let effects = self.effects()?;
        let sent = effects.send(request).await;
        let done = match &sent {
            Ok(answer) => {
                let bytes_in = answer.body.len();
                Done { status: Some(answer.status), bytes_out, bytes_in, error: None }
            }
            Err(error) => Done { bytes_out, error: Some(word(error).to_owned()), ..Done::default() },
        };
        let bytes_in = done.bytes_in;
        effects.record("http.send", &target, begun, done);
        self.spend_bytes(bytes_in)?;
        Ok(sent.map(|answer| {
            let header = |(name, value)| http::Header { name, value };
            let headers = answer.headers.into_iter().map(header).collect();
            http::Response { status: answer.status, headers, body: answer.body }
        }))
    }
}

impl Effects {
    async fn send(&mut self, request: http::Request) -> Result<Incoming, http::Error> {
        let outgoing = self.prepare(request).await?;
        let before = self.reached_out;
        // Set before it is sent: the guest may be stopped while it waits. A mere question changes nothing.
        self.reached_out |= outgoing.method != Method::GET;
        let sent = self.egress.send(outgoing, &self.wanted, &self.granted).await;
        sent.map_err(|error| {
            if error.nothing_sent() {
                self.reached_out = before;
            }
            match error {
                EgressError::Invalid(why) => http::Error::Invalid(why),
                EgressError::Denied(why) => http::Error::Denied(why),
                EgressError::Unreachable(why) => http::Error::Unreachable(why),
                EgressError::Interrupted(why) => http::Error::Interrupted(why),
                EgressError::TimedOut => http::Error::TimedOut,
                EgressError::TooLarge => http::Error::TooLarge,
            }
        })
    }

    async fn prepare(&self, request: http::Request) -> Result<Outgoing, http::Error> {
        let invalid = |error: EgressError| http::Error::Invalid(error.to_string());
        let url = parse_url(&request.url).map_err(invalid)?;
        let (mut headers, mut secret) = (HeaderMap::new(), HeaderMap::new());
        for header in &request.headers {
            add_header(&mut headers, &header.name, &header.value).map_err(invalid)?;
        }
        let body = request.body.unwrap_or_default();
        for credential in &request.credentials {
            let (name, value) = self.credential(credential, &body).await?;
            add_header(&mut secret, &name, &value).map_err(invalid)?;
        }
        let method = match request.method {
            http::Method::Get => Method::GET,
            http::Method::Post => Method::POST,
            http::Method::Put => Method::PUT,
            http::Method::Patch => Method::PATCH,
            http::Method::Delete => Method::DELETE,
        };
        let body = (method != Method::GET).then(|| body.into());
        Ok(Outgoing { method, url, headers, credentials: secret, body })
    }

    /// The header that a credential makes.
    async fn credential(
        &self,
        credential: &http::Credential,
        body: &[u8],
    ) -> Result<(String, String), http::Error> {
        let authorization = |value| ("authorization".to_owned(), value);
        Ok(match credential {
            http::Credential::Basic(basic) => {
                let username = self.injected(&basic.username).await?;
                authorization(credentials::basic(&username, &self.injected(&basic.password).await?))
            }
            http::Credential::Bearer(name) => authorization(format!("Bearer {}", self.text(name).await?)),
            http::Credential::Header(given) => {
                (given.header.clone(), format!("{}{}", given.prefix, self.text(&given.secret).await?))
            }
            http::Credential::Signature(given) => {
                let key = self.injected(&given.secret).await?;
                let mac = credentials::mac(algorithm(given.algorithm), &key, body);
                let value = match given.encoding {
                    http::Encoding::Hex => credentials::hex(&mac),
                    http::Encoding::Base64 => credentials::base64(&mac),
                };
                (given.header.clone(), value)
            }
        })
    }

    /// A secret that goes into a request.
    async fn injected(&self, name: &str) -> Result<SecretBytes, http::Error> {
        self.secret(name).await.map_err(|error| {
            let why = match error {
                secrets::Error::Denied => "is not granted",
                secrets::Error::Unset => "has no value",
                secrets::Error::Unavailable => "cannot be read at the moment",
            };
            http::Error::UnknownSecret(format!("{} {why}", crate::sandbox::one_line(name, KEY_BYTES_MAX)))
        })
    }

    async fn text(&self, name: &str) -> Result<String, http::Error> {
        let secret = self.injected(name).await?;
        String::from_utf8(secret.0)
            .map_err(|_| http::Error::UnknownSecret(format!("{name} is no text, as a header must be")))
    }

    async fn secret(&self, name: &str) -> Result<SecretBytes, secrets::Error> {
        if !self.uses_secret(name) {
            return Err(secrets::Error::Denied);
        }
        let (store, caller) = self.keeper().ok_or(secrets::Error::Unavailable)?;
        let found = store.secret(caller, name).await.map_err(|_| secrets::Error::Unavailable)?;
        found.ok_or(secrets::Error::Unset)
    }
}

impl State {
    async fn with_secret<T>(
        &mut self,
        function: &str,
        name: &str,
        use_it: impl FnOnce(&SecretBytes) -> T + Send,
    ) -> wasmtime::Result<Result<T, secrets::Error>> {
        let begun = Instant::now();
        let effects = self.effects()?;
        let found = effects.secret(name).await;
        let error = found.as_ref().err().map(|error| match error {
            secrets::Error::Denied => "denied".to_owned(),
            secrets::Error::Unset => "unset".to_owned(),
            secrets::Error::Unavailable => "unavailable".to_owned(),
        });
        effects.record(function, name, begun, Done { error, ..Done::default() });
        Ok(found.map(|secret| use_it(&secret)))
    }
}

impl secrets::Host for State {
    async fn read(&mut self, name: String) -> wasmtime::Result<Result<Vec<u8>, secrets::Error>> {
        self.spend_host_call(name.len())?;
        if !self.effects()?.reads_secret(&name) {
            let denied = Done { error: Some("denied".to_owned()), ..Done::default() };
            self.effects()?.record("secrets.read", &name, Instant::now(), denied);
            return Ok(Err(secrets::Error::Denied));
        }
        self.with_secret("secrets.read", &name, |secret| secret.0.clone()).await
    }

    async fn verify(
        &mut self,
        name: String,
        by: http::Algorithm,
        message: Vec<u8>,
        mac: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, secrets::Error>> {
        self.spend_host_call(name.len() + message.len() + mac.len())?;
        let verified = |secret: &SecretBytes| credentials::verify(algorithm(by), secret, &message, &mac);
        self.with_secret("secrets.verify", &name, verified).await
    }

    async fn matches(
        &mut self,
        name: String,
        candidate: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, secrets::Error>> {
        self.spend_host_call(name.len() + candidate.len())?;
        let same = |secret: &SecretBytes| credentials::matches(secret, &candidate);
        self.with_secret("secrets.matches", &name, same).await
    }
}

impl kv::Host for State {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, kv::Error>> {
        self.spend_host_call(key.len())?;
        let begun = Instant::now();
        let effects = self.effects()?;
        let got = match effects.values(&key) {
            Ok((store, caller)) => store.get(caller, &key).await.map_err(kept),
            Err(error) => Err(error),
        };
        let bytes_in = got.as_ref().ok().and_then(Option::as_ref).map_or(0, Vec::len);
        effects.record_kv("kv.get", &key, begun, (0, bytes_in), got.as_ref().err());
        self.spend_bytes(bytes_in)?;
        Ok(got)
    }

    async fn set(
        &mut self,
        key: String,
        value: Vec<u8>,
        lives_ms: Option<u64>,
    ) -> wasmtime::Result<Result<(), kv::Error>> {
        self.spend_host_call(key.len() + value.len())?;
        let (begun, bytes) = (Instant::now(), value.len());
        let effects = self.effects()?;
        let set = match effects.values(&key) {
            Ok((store, caller)) => store.set(caller, &key, value, lives_ms).await.map_err(kept),
            Err(error) => Err(error),
        };
        effects.record_kv("kv.set", &key, begun, (bytes, 0), set.as_ref().err());
        Ok(set)
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<(), kv::Error>> {
        self.spend_host_call(key.len())?;
        let begun = Instant::now();
        let effects = self.effects()?;
        let deleted = match effects.values(&key) {
            Ok((store, caller)) => store.delete(caller, &key).await.map_err(kept),
            Err(error) => Err(error),
        };
        effects.record_kv("kv.delete", &key, begun, (0, 0), deleted.as_ref().err());
        Ok(deleted)
    }
}

impl Effects {
    fn values(&self, key: &str) -> Result<(Arc<dyn PluginStore>, PluginCaller), kv::Error> {
        if !self.keeps_values() {
            return Err(kv::Error::Denied);
        }
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(kv::Error::Refused(format!("a key has 1 to {KEY_BYTES_MAX} bytes")));
        }
        self.keeper().ok_or(kv::Error::Unavailable)
    }

    fn record_kv(
        &mut self,
        function: &str,
        key: &str,
        begun: Instant,
        (bytes_out, bytes_in): (usize, usize),
        error: Option<&kv::Error>,
    ) {
        let error = error.map(|error| match error {
            kv::Error::Denied => "denied".to_owned(),
            kv::Error::Refused(why) => why.clone(),
            kv::Error::Unavailable => "unavailable".to_owned(),
        });
        self.record(function, key, begun, Done { status: None, bytes_out, bytes_in, error });
    }
}

impl clock::Host for State {
    async fn now_ms(&mut self) -> wasmtime::Result<i64> {
        self.spend_host_call(0)?;
        Ok(self.effects()?.clock.now().0)
    }
}

impl random::Host for State {
    async fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = vec![0; count.min(RANDOM_BYTES_MAX) as usize];
        self.spend_host_call(bytes.len())?;
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(wasmtime::Error::new)?;
        Ok(bytes)
    }
}

impl log::Host for State {
    async fn info(&mut self, message: String) -> wasmtime::Result<()> {
        self.spend_host_call(message.len())?;
        self.keep_log(&message);
        Ok(())
    }
}

fn algorithm(given: http::Algorithm) -> Algorithm {
    match given {
        http::Algorithm::Sha256 => Algorithm::Sha256,
        http::Algorithm::Sha512 => Algorithm::Sha512,
    }
}

fn kept(error: KeepError) -> kv::Error {
    match error {
        KeepError::Refused(why) => kv::Error::Refused(why),
        KeepError::Unavailable => kv::Error::Unavailable,
    }
}

/// The failure in a word, for the record.
fn word(error: &http::Error) -> &'static str {
    match error {
        http::Error::Invalid(_) => "invalid",
        http::Error::Denied(_) => "denied",
        http::Error::UnknownSecret(_) => "unknown-secret",
        http::Error::Unreachable(_) => "unreachable",
        http::Error::Interrupted(_) => "interrupted",
        http::Error::TimedOut => "timed-out",
        http::Error::TooLarge => "too-large",
    }
}

fn host_of(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Bytes that a request counts for.
fn size_of(request: &http::Request) -> usize {
    let headers: usize = request.headers.iter().map(|header| header.name.len() + header.value.len()).sum();
    request.url.len() + headers + request.body.as_ref().map_or(0, Vec::len) + 64 * request.credentials.len()
}
