//! `soko:host@0.1.0`: messages to the recipient of a call.

use std::sync::Arc;
use std::time::Instant;

use soko_extension::action::{MessageError, MessageReceipt, Messenger};

use super::v0_1::bindings::soko::host::{email, inbox, messages, push, sms};
use super::{Done, Effects};
use crate::sandbox::State;

/// Messages that one call may send.
const MESSAGES_MAX: u32 = 5;
/// Bytes of a message's texts.
const TEXT_BYTES_MAX: usize = 8 << 10;

impl messages::Host for State {}

impl sms::Host for State {
    async fn send(&mut self, text: String) -> wasmtime::Result<Result<messages::Receipt, messages::Error>> {
        self.spend_host_call(text.len())?;
        let (begun, effects) = (Instant::now(), self.effects()?);
        let sent = match effects.messenger(effects.wanted.sms && effects.granted.sms, text.len()) {
            Ok(messenger) => messenger.sms(&text).await.map_err(error),
            Err(refused) => Err(refused),
        };
        Ok(effects.sent("sms.send", begun, text.len(), sent))
    }
}

impl email::Host for State {
    async fn send(
        &mut self,
        subject: String,
        text: String,
    ) -> wasmtime::Result<Result<messages::Receipt, messages::Error>> {
        let bytes = subject.len() + text.len();
        self.spend_host_call(bytes)?;
        let (begun, effects) = (Instant::now(), self.effects()?);
        let sent = match effects.messenger(effects.wanted.email && effects.granted.email, bytes) {
            Ok(messenger) => messenger.email(&subject, &text).await.map_err(error),
            Err(refused) => Err(refused),
        };
        Ok(effects.sent("email.send", begun, bytes, sent))
    }
}

impl push::Host for State {
    async fn send(
        &mut self,
        title: String,
        text: String,
    ) -> wasmtime::Result<Result<messages::Receipt, messages::Error>> {
        let bytes = title.len() + text.len();
        self.spend_host_call(bytes)?;
        let (begun, effects) = (Instant::now(), self.effects()?);
        let sent = match effects.messenger(effects.wanted.push && effects.granted.push, bytes) {
            Ok(messenger) => messenger.push(&title, &text).await.map_err(error),
            Err(refused) => Err(refused),
        };
        Ok(effects.sent("push.send", begun, bytes, sent))
    }
}

impl inbox::Host for State {
    async fn put(
        &mut self,
        title: String,
        text: String,
    ) -> wasmtime::Result<Result<messages::Receipt, messages::Error>> {
        let bytes = title.len() + text.len();
        self.spend_host_call(bytes)?;
        let (begun, effects) = (Instant::now(), self.effects()?);
        let sent = match effects.messenger(effects.wanted.inbox && effects.granted.inbox, bytes) {
            Ok(messenger) => messenger.inbox(&title, &text).await.map_err(error),
            Err(refused) => Err(refused),
        };
        Ok(effects.sent("inbox.put", begun, bytes, sent))
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
    ) -> Result<messages::Receipt, messages::Error> {
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
