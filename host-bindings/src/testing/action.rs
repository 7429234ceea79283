//! Test components of the action world: the few instructions of a core module, made a component with the contract's WIT.
//!
//! Offsets follow the canonical ABI of the component model for the records of `wit/action-0.1.0` and `wit/host-0.1.0`.

use std::fmt::Write as _;

use super::payment::{ALLOCATOR, encode};

/// Where a guest puts its answer.
const ANSWER: usize = 64;
/// Where it has the host put its answers.
const REPLY: usize = 512;
/// Where constants begin.
const DATA: usize = 4096;

/// A component of the action world, under construction. Unless told otherwise it says that all is done, and asks the host for
/// nothing.
#[derive(Debug, Clone)]
pub struct ActionGuest {
    name: String,
    hosts: Vec<String>,
    wanted: Vec<Way>,
    contact: bool,
    body: String,
    data: Vec<u8>,
}

/// How a guest has its recipient told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By text message, without a title.
    Sms,
    /// By mail.
    Email,
    /// In their browsers.
    Push,
    /// In their inbox.
    Inbox,
}

impl Default for ActionGuest {
    fn default() -> Self {
        Self::new()
    }
}

impl ActionGuest {
    /// A guest that does nothing.
    pub fn new() -> Self {
        let (name, body) = ("test-action".to_owned(), "(call $done)".to_owned());
        Self { name, hosts: Vec::new(), wanted: Vec::new(), contact: false, body, data: Vec::new() }
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

    /// It wants to tell the recipient in this way.
    #[must_use]
    pub fn wants(mut self, way: Way) -> Self {
        self.wanted.push(way);
        self
    }

    /// It wants to know where the recipient is reached.
    #[must_use]
    pub fn wants_contact(mut self) -> Self {
        self.contact = true;
        self
    }

    /// Instructions of `handle`, which leave the address of its answer: `(call $done)`, or `(call $said N)` of the outcome N
    /// (1 skipped, 2 retry, 3 failed) with a text. `(local $count i32)` is theirs. At its trial, about an event whose name is
    /// as long as `trial`, the guest does nothing of it.
    #[must_use]
    pub fn on(mut self, instructions: &str) -> Self {
        instructions.clone_into(&mut self.body);
        self
    }

    /// Instructions that tell the recipient something and leave nothing. Whether they were told is the byte at the address
    /// 512: 0.
    pub fn tell(&mut self, way: Way, title: &str, text: &str) -> String {
        let (function, title) = match way {
            Way::Sms => ("$sms", None),
            Way::Email => ("$email", Some(title)),
            Way::Push => ("$push", Some(title)),
            Way::Inbox => ("$inbox", Some(title)),
        };
        let texts = title.into_iter().chain([text]).map(|text| self.text(text)).collect::<Vec<_>>();
        let texts: String =
            texts.iter().map(|(at, bytes)| format!("(i32.const {at}) (i32.const {bytes}) ")).collect();
        format!("(call {function} {texts}(i32.const {REPLY}))")
    }

    /// Instructions that answer with an outcome and a text.
    pub fn say(&mut self, outcome: u8, text: &str) -> String {
        let (at, bytes) = self.text(text);
        format!("(call $said (i32.const {outcome}) (i32.const {at}) (i32.const {bytes}))")
    }

    fn text(&mut self, text: &str) -> (usize, usize) {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        let at = DATA + self.data.len();
        self.data.extend_from_slice(text.as_bytes());
        (at, text.len())
    }

    fn words(&mut self, words: &[usize]) -> usize {
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        let at = DATA + self.data.len();
        let bytes = words.iter().flat_map(|word| u32::try_from(*word).unwrap_or(u32::MAX).to_le_bytes());
        self.data.extend(bytes);
        at
    }

    /// The component's bytes.
    ///
    /// # Panics
    /// When the instructions are no WAT, with the parser's message.
    pub fn build(mut self) -> Vec<u8> {
        let wat = self.wat();
        let made = wat::parse_str(&wat).map_err(|error| error.to_string());
        let contract = ("action", include_str!("../../../wit/action-0.1.0/action.wit"));
        match made.and_then(|core| encode(core, contract).map_err(|error| format!("{error:#}"))) {
            Ok(component) => component,
            Err(error) => panic!("the guest is no component: {error}"),
        }
    }

    fn wat(&mut self) -> String {
        let manifest = self.manifest();
        let data: String = self.data.iter().fold(String::new(), |mut escaped, byte| {
            // A `String` takes every write.
            let _ = write!(escaped, "\\{byte:02x}");
            escaped
        });
        let (body, trial) = (&self.body, "trial".len());
        format!(
            r#"(module
(import "soko:host/sms@0.1.0" "send" (func $sms (param i32 i32 i32)))
(import "soko:host/email@0.1.0" "send" (func $email (param i32 i32 i32 i32 i32)))
(import "soko:host/push@0.1.0" "send" (func $push (param i32 i32 i32 i32 i32)))
(import "soko:host/inbox@0.1.0" "put" (func $inbox (param i32 i32 i32 i32 i32)))
(memory (export "memory") 2)
(data (i32.const {DATA}) "{data}")
{ALLOCATOR}
(func $done (result i32) (i32.const {ANSWER}))
(func $said (param i32 i32 i32) (result i32)
  (i32.store8 (i32.const {ANSWER}) (local.get 0))
  (i32.store offset=4 (i32.const {ANSWER}) (local.get 1))
  (i32.store offset=8 (i32.const {ANSWER}) (local.get 2))
  (i32.const {ANSWER}))
(func (export "describe") (result i32) (i32.const {manifest}))
(func (export "handle") (param i32) (result i32) (local $count i32)
  (if (i32.eq (i32.load offset=12 (local.get 0)) (i32.const {trial})) (then (return (call $done))))
  {body})
)"#
        )
    }

    /// Lays out the manifest among the constants.
    fn manifest(&mut self) -> usize {
        let texts = [&self.name, "1.0.0", "A guest for tests.", "action", "{}"].map(str::to_owned);
        let mut words: Vec<usize> = Vec::new();
        for text in texts {
            let (at, bytes) = self.text(&text);
            words.extend([at, bytes]);
        }
        let hosts = std::mem::take(&mut self.hosts);
        let named: Vec<usize> = hosts
            .iter()
            .flat_map(|host| {
                let (at, bytes) = self.text(host);
                [at, bytes]
            })
            .collect();
        let hosts_at = self.words(&named);
        words.extend([hosts_at, hosts.len(), 0, 0]);
        // Six bytes: kv, sms, email, push, inbox, contact.
        let wants = |way| usize::from(self.wanted.contains(&way));
        words.push(wants(Way::Sms) << 8 | wants(Way::Email) << 16 | wants(Way::Push) << 24);
        words.push(wants(Way::Inbox) | usize::from(self.contact) << 8);
        self.words(&words)
    }
}
