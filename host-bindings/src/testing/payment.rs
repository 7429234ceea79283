//! Test components of the payment world: the few instructions of a core module, made a component with the contract's WIT.
//!
//! Offsets follow the canonical ABI of the component model for the records of `wit/payment-0.1.0` and `wit/host-0.1.0`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where a guest puts its answer.
const ANSWER: usize = 64;
/// Where it has the host put its answers.
const REPLY: usize = 512;
/// Where constants begin.
const DATA: usize = 4096;
/// Bytes of the first pages that constants may fill.
const DATA_END: usize = 60_000;

/// What a request of a test guest carries beside its headers.
#[derive(Debug, Clone, Copy)]
pub enum Carry<'t> {
    /// Names of the secrets that are user and password.
    Basic(&'t str, &'t str),
    /// Name of the secret that is the token.
    Bearer(&'t str),
    /// Header, prefix, name of the secret.
    Header(&'t str, &'t str, &'t str),
    /// Header, name of the secret: HMAC-SHA512 in hexadecimal digits.
    Signature(&'t str, &'t str),
}

/// A component of the payment world, under construction. Unless told otherwise it authorises whatever it is asked, never
/// asks the host for anything, and takes no callback for genuine.
#[derive(Debug, Clone)]
pub struct PaymentGuest {
    name: String,
    hosts: Vec<String>,
    secrets: Vec<(String, bool)>,
    kv: bool,
    bodies: BTreeMap<&'static str, String>,
    data: Vec<u8>,
}

impl Default for PaymentGuest {
    fn default() -> Self {
        Self::new()
    }
}

/// The exports with their core parameters.
const EXPORTS: [(&str, &str); 6] = [
    ("create", "i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32"),
    ("settle", "i32 i32 i32 i32 i32 i64 i32 i32 i32 i32"),
    ("cancel", "i32 i32 i32 i32 i32 i64 i32 i32 i32 i32"),
    ("refund", "i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i64 i32 i32 i32 i32 i32"),
    ("query", "i32 i32 i32 i32 i32 i64 i32 i32 i32 i32"),
    ("webhook", "i32 i32 i32 i32 i32 i32 i32 i32"),
];

impl PaymentGuest {
    /// A guest that talks to nobody.
    pub fn new() -> Self {
        let bodies = EXPORTS.iter().map(|(name, _)| (*name, format!("(i32.const {ANSWER})"))).collect();
        let guest = Self {
            name: "test-payments".to_owned(),
            hosts: Vec::new(),
            secrets: Vec::new(),
            kv: false,
            bodies,
            data: Vec::new(),
        };
        guest.on("webhook", &format!("(i32.store8 (i32.const {ANSWER}) (i32.const 1)) (i32.const {ANSWER})"))
    }

    /// The manifest's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// A host that it wants to talk to.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.hosts.push(host.to_owned());
        self
    }

    /// A secret that it wants, and whether it wants to read it.
    #[must_use]
    pub fn secret(mut self, name: &str, readable: bool) -> Self {
        self.secrets.push((name.to_owned(), readable));
        self
    }

    /// It wants values kept.
    #[must_use]
    pub fn kv(mut self) -> Self {
        self.kv = true;
        self
    }

    /// Instructions of an export, which leave the address of its answer. `call $settled`, `call $doubt` (address and
    /// length of a text) and `call $authorized` lay out a payment's outcome, `call $reply` one of the last HTTP answer:
    /// settled with the body as reference, or in doubt with the error.
    #[must_use]
    pub fn on(mut self, export: &'static str, instructions: &str) -> Self {
        self.bodies.insert(export, instructions.to_owned());
        self
    }

    /// Sends a request when it is asked, and answers with what came of it.
    #[must_use]
    pub fn sends(
        mut self,
        export: &'static str,
        method: &str,
        url: &str,
        body: &str,
        carry: &[Carry<'_>],
    ) -> Self {
        let send = self.send(method, url, body, carry);
        self.on(export, &format!("{send} (call $reply)"))
    }

    /// Instructions that send a request and leave nothing.
    pub fn send(&mut self, method: &str, url: &str, body: &str, carry: &[Carry<'_>]) -> String {
        let method = ["get", "post", "put", "patch", "delete"].iter().position(|one| *one == method);
        let (url, url_bytes) = self.text(url);
        let (body, body_bytes) = self.text(body);
        let (name, value) = (self.text("content-type"), self.text("text/plain"));
        let headers = self.words(&[name.0, name.1, value.0, value.1]);
        let records: Vec<[usize; 7]> = carry.iter().map(|one| self.credential(*one)).collect();
        let credentials = self.words(&records.concat());
        format!(
            "(call $send (i32.const {}) (i32.const {url}) (i32.const {url_bytes}) (i32.const {headers}) (i32.const 1)
               (i32.const 1) (i32.const {body}) (i32.const {body_bytes})
               (i32.const {credentials}) (i32.const {}) (i32.const {REPLY}))",
            method.unwrap_or_default(),
            carry.len()
        )
    }

    fn credential(&mut self, carry: Carry<'_>) -> [usize; 7] {
        match carry {
            Carry::Basic(user, password) => {
                let (user, password) = (self.text(user), self.text(password));
                [0, user.0, user.1, password.0, password.1, 0, 0]
            }
            Carry::Bearer(secret) => {
                let secret = self.text(secret);
                [1, secret.0, secret.1, 0, 0, 0, 0]
            }
            Carry::Header(header, prefix, secret) => {
                let (header, prefix, secret) = (self.text(header), self.text(prefix), self.text(secret));
                [2, header.0, header.1, prefix.0, prefix.1, secret.0, secret.1]
            }
            Carry::Signature(header, secret) => {
                let (header, secret) = (self.text(header), self.text(secret));
                // SHA-512 in hexadecimal digits: two bytes, the first of them 1.
                [3, header.0, header.1, secret.0, secret.1, 1, 0]
            }
        }
    }

    /// Tells of a settled payment by its key when the first 64 bytes of a callback's body are the HMAC-SHA512 of the others
    /// under this secret; otherwise the callback is not genuine.
    #[must_use]
    pub fn takes_callbacks_signed_by(mut self, secret: &str, key: &str) -> Self {
        let (secret, secret_bytes) = self.text(secret);
        let (key, key_bytes) = self.text(key);
        let base = ANSWER + 16;
        self.on(
            "webhook",
            &format!(
                "(if (i32.ge_u (local.get 5) (i32.const 64)) (then
                   (call $verify (i32.const {secret}) (i32.const {secret_bytes}) (i32.const 1)
                     (i32.add (local.get 4) (i32.const 64)) (i32.sub (local.get 5) (i32.const 64))
                     (local.get 4) (i32.const 64) (i32.const {REPLY}))))
                 (if (result i32) (i32.eq (i32.load16_u (i32.const {REPLY})) (i32.const 0x0100))
                   (then
                     (i32.store offset=4 (i32.const {base}) (i32.const {key}))
                     (i32.store offset=8 (i32.const {base}) (i32.const {key_bytes}))
                     (i32.store8 offset=12 (i32.const {base}) (i32.const 1))
                     (i32.const {ANSWER}))
                   (else (i32.store8 (i32.const {ANSWER}) (i32.const 1)) (i32.const {ANSWER})))"
            ),
        )
    }

    /// Puts a text among the constants: its address and length.
    ///
    /// # Panics
    /// When all constants together have more than some 50 KB.
    pub fn text(&mut self, text: &str) -> (usize, usize) {
        (self.bytes(text.as_bytes()), text.len())
    }

    fn words(&mut self, words: &[usize]) -> usize {
        let bytes: Vec<u8> =
            words.iter().flat_map(|word| u32::try_from(*word).unwrap_or(u32::MAX).to_le_bytes()).collect();
        self.bytes(&bytes)
    }

    fn bytes(&mut self, bytes: &[u8]) -> usize {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        let address = DATA + self.data.len();
        self.data.extend_from_slice(bytes);
        assert!(DATA + self.data.len() <= DATA_END, "too many constants for a test guest");
        address
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When the instructions are no WAT, with the parser's message.
    pub fn build(mut self) -> Vec<u8> {
        let wat = self.wat();
        let made = wat::parse_str(&wat).map_err(|error| error.to_string());
        let contract = ("payment", include_str!("../../../wit/payment-0.1.0/payment.wit"));
        match made.and_then(|core| encode(core, contract).map_err(|error| format!("{error:#}"))) {
            Ok(component) => component,
            Err(error) => panic!("the guest is no component: {error}"),
        }
    }

    fn wat(&mut self) -> String {
        let manifest = self.manifest();
        let mut exports = String::new();
        for (name, parameters) in EXPORTS {
            let body = &self.bodies[name];
            // A `String` takes every write.
            let _ = writeln!(exports, "(func (export \"{name}\") (param {parameters}) (result i32) {body})");
        }
        let data: String = self.data.iter().fold(String::new(), |mut escaped, byte| {
            let _ = write!(escaped, "\\{byte:02x}");
            escaped
        });
        format!(
            r#"(module
{IMPORTS}
(memory (export "memory") 2)
(data (i32.const {DATA}) "{data}")
{ALLOCATOR}
(func $authorized (result i32) (i32.const {ANSWER}))
(func $settled (param i32 i32) (result i32)
  (i32.store8 offset=4 (i32.const {ANSWER}) (i32.const 1))
  (i32.store8 offset=8 (i32.const {ANSWER}) (i32.const 1))
  (i32.store offset=12 (i32.const {ANSWER}) (local.get 0))
  (i32.store offset=16 (i32.const {ANSWER}) (local.get 1))
  (i32.const {ANSWER}))
(func $doubt (param i32 i32) (result i32)
  (i32.store8 offset=4 (i32.const {ANSWER}) (i32.const 5))
  (i32.store offset=8 (i32.const {ANSWER}) (local.get 0))
  (i32.store offset=12 (i32.const {ANSWER}) (local.get 1))
  (i32.const {ANSWER}))
(func $reply (result i32)
  (if (result i32) (i32.eqz (i32.load8_u (i32.const {REPLY})))
    (then (call $settled (i32.load offset=16 (i32.const {REPLY})) (i32.load offset=20 (i32.const {REPLY}))))
    (else (if (result i32) (i32.lt_u (i32.load8_u offset=4 (i32.const {REPLY})) (i32.const 5))
      (then (call $doubt (i32.load offset=8 (i32.const {REPLY})) (i32.load offset=12 (i32.const {REPLY}))))
      (else (call $doubt (i32.const 0) (i32.const 0)))))))
(func (export "describe") (result i32) (i32.const {manifest}))
{exports}
)"#
        )
    }

    /// Lays out the manifest among the constants.
    fn manifest(&mut self) -> usize {
        let texts = [&self.name, "1.0.0", "A guest for tests.", "payment", "{}"].map(str::to_owned);
        let texts = texts.map(|text| self.text(&text));
        let hosts = std::mem::take(&mut self.hosts);
        let hosts: Vec<(usize, usize)> = hosts.iter().map(|host| self.text(host)).collect();
        let secrets = std::mem::take(&mut self.secrets);
        let secrets: Vec<[usize; 5]> = secrets
            .iter()
            .map(|(name, readable)| {
                let (name, bytes) = self.text(name);
                [name, bytes, 0, 0, usize::from(*readable)]
            })
            .collect();
        let host_words: Vec<usize> = hosts.iter().flat_map(|(at, bytes)| [*at, *bytes]).collect();
        let (hosts_at, secrets_at) = (self.words(&host_words), self.words(&secrets.concat()));
        let mut words: Vec<usize> = texts.iter().flat_map(|(at, bytes)| [*at, *bytes]).collect();
        words.extend([hosts_at, hosts.len(), secrets_at, secrets.len(), usize::from(self.kv)]);
        self.words(&words)
    }
}

/// Makes a component of a core module, by the name of its world and the text of the contract.
pub(super) fn encode(
    mut core: Vec<u8>,
    (name, contract): (&str, &str),
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut wit = Resolve::default();
    wit.push_source("host.wit", include_str!("../../../wit/host-0.1.0/host.wit"))?;
    let package = wit.push_source(&format!("{name}.wit"), contract)?;
    let world = wit.select_world(&[package], Some(name))?;
    embed_component_metadata(&mut core, &wit, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().validate(true).module(&core)?.encode()?)
}

/// What gives the host room for what it passes: from 60 KiB on.
pub(super) const ALLOCATOR: &str = r#"
(global $heap (mut i32) (i32.const 61440))
(func $alloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (local $at i32) (local $end i32)
  (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
  (local.set $end (i32.add (local.get $at) (local.get 3)))
  (block $fits (loop $grow
    (br_if $fits (i32.le_u (local.get $end) (i32.mul (memory.size) (i32.const 65536))))
    (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
    br $grow))
  (global.set $heap (local.get $end))
  (local.get $at))
"#;

/// What a guest may call.
const IMPORTS: &str = r#"
(import "soko:host/http@0.1.0" "send" (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
(import "soko:host/secrets@0.1.0" "read" (func $read (param i32 i32 i32)))
(import "soko:host/secrets@0.1.0" "verify" (func $verify (param i32 i32 i32 i32 i32 i32 i32 i32)))
(import "soko:host/kv@0.1.0" "get" (func $kv_get (param i32 i32 i32)))
(import "soko:host/kv@0.1.0" "set" (func $kv_set (param i32 i32 i32 i32 i32 i64 i32)))
(import "soko:host/clock@0.1.0" "now-ms" (func $now (result i64)))
(import "soko:host/random@0.1.0" "bytes" (func $random (param i32 i32)))
(import "soko:host/log@0.1.0" "info" (func $log (param i32 i32)))
"#;
