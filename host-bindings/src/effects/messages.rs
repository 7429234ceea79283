//! `soko:host@0.1.0`: messages to the recipient of a call.

use std::sync::Arc;
use std::time::Instant;

use soko_extension::action::{MessageError, MessageReceipt, Messenger};
use soko_extension::effect::Capabilities;

use super::v0_1::bindings::soko::host::{email, inbox, messages, push, sms};
use super::{Done, Effects};
use crate::sandbox::State;

/// What a guest hears of a message.
type Told = Result<messages::Receipt, messages::Error>;

/// Messages that one call may send.
const MESSAGES_MAX: u32 = 5;
/// Bytes of a message's texts.
const TEXT_BYTES_MAX: usize = 8 << 10;

/// How a recipient is told.
#[derive(Debug, Clone, Copy)]
enum Way {
    Sms,
    Email,
    Push,
    Inbox,
}

impl Way {
    /// Whether it is among these.
    fn is_in(self, capabilities: &Capabilities) -> bool {
        match self {
            Self::Sms => capabilities.sms,
            Self::Email => capabilities.email,
            Self::Push => capabilities.push,
            Self::Inbox => capabilities.inbox,
        }
    }

    /// The function that guests call.
    fn function(self) -> &'static str {
        match self {
            Self::Sms => "sms.send",
            Self::Email => "email.send",
            Self::Push => "push.send",
            Self::Inbox => "inbox.put",
        }
    }
}

impl State {
    /// Tells the recipient something, if the shop grants this way to. A text message has no title.
    async fn tell(&mut self, way: Way, title: &str, text: &str) -> wasmtime::Result<Told> {
        let bytes = title.len() + text.len();
        self.spend_host_call(bytes)?;
        let (begun, effects) = (Instant::now(), self.effects()?);
        let granted = way.is_in(&effects.wanted) && way.is_in(&effects.granted);
        let sent = match effects.messenger(granted, bytes) {
            Ok(messenger) => match way {
                Way::Sms => messenger.sms(text).await,
                Way::Email => messenger.email(title, text).await,
                Way::Push => messenger.push(title, text).await,
                Way::Inbox => messenger.inbox(title, text).await,
            }
            .map_err(error),
            Err(refused) => Err(refused),
        };
        Ok(effects.sent(way.function(), begun, bytes, sent))
    }
}

impl messages::Host for State {}

impl sms::Host for State {
    async fn send(&mut self, text: String) -> wasmtime::Result<Told> {
        self.tell(Way::Sms, "", &text).await
    }
}

impl email::Host for State {
    async fn send(&mut self, subject: String, text: String) -> wasmtime::Result<Told> {
        self.tell(Way::Email, &subject, &text).await
    }
}

impl push::Host for State {
    async fn send(&mut self, title: String, text: String) -> wasmtime::Result<Told> {
        self.tell(Way::Push, &title, &text).await
    }
}

impl inbox::Host for State {
    async fn put(&mut self, title: String, text: String) -> wasmtime::Result<Told> {
        self.tell(Way::Inbox, &title, &text).await
    }
}

impl Effects {
    /// Who sends messages, if the call may send one more.
    fn messenger(&mut self, granted: bool, bytes: usize) -> Result<Arc<dyn Messenger>, messages::Error> {
        let Some(messenger) = self.messenger.clone().filter(|_| granted) else {
            return Err(messages::Error::Denied);
        };
        if bytes > TEXT_BYTES_MAX {
            return Err(messages::Error::Refused(format!("a message has at most {TEXT_BYTES_MAX} bytes")));
        }
        if self.messages >= MESSAGES_MAX {
            return Err(messages::Error::Refused(format!("a call sends at most {MESSAGES_MAX} messages")));
        }
        self.messages += 1;
        // Set before it is sent: the guest may be stopped while it waits.
        self.reached_out = true;
        Ok(messenger)
    }

    fn sent(
        &mut self,
        function: &str,
        begun: Instant,
        bytes_out: usize,
        sent: Result<MessageReceipt, messages::Error>,
    ) -> Told {
        let error = sent.as_ref().err().map(|error| word(error).to_owned());
        self.record(function, "", begun, Done { bytes_out, error, ..Done::default() });
        sent.map(|receipt| messages::Receipt { id: receipt.message_id, segments: receipt.segments })
    }
}

fn error(error: MessageError) -> messages::Error {
    match error {
        MessageError::NoAddress => messages::Error::NoAddress,
        MessageError::QuotaExceeded => messages::Error::QuotaExceeded,
        MessageError::Refused(why) => messages::Error::Refused(why),
        MessageError::Unavailable(why) => messages::Error::Unavailable(why),
        MessageError::InDoubt(why) => messages::Error::InDoubt(why),
    }
}

/// The failure in a word, for the record.
fn word(error: &messages::Error) -> &'static str {
    match error {
        messages::Error::Denied => "denied",
        messages::Error::NoAddress => "no-address",
        messages::Error::QuotaExceeded => "quota-exceeded",
        messages::Error::Refused(_) => "refused",
        messages::Error::Unavailable(_) => "unavailable",
        messages::Error::InDoubt(_) => "in-doubt",
    }
}
