//! Calls of shops' plugins, and what they have the core send to the recipient of a call.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use soko_extension::action::{
    ActionEvent, ActionOutcome, ActionRecipient, ActionRecipientKind, ActionRequest, MessageError,
    MessageReceipt, Messenger,
};
use soko_extension::effect::{EffectfulCall, PluginCaller};
use soko_kernel::{Actor, EventActionId, EventHandlerId};
use tokio::sync::Mutex;

use super::Job;
use super::person::Person;
use super::report::{Bill, Report, Sent, StepKey};
use super::steps::{Counts, InDoubt, Message};
use crate::notifications::Notifications;
use crate::notifications::catalogue::{ActionType, EventType};
use crate::notifications::delivery::report::STEPS_OF_A_KIND;
use crate::notifications::entity::{Recipient, StoredEvent};
use crate::notifications::error::NotificationError;
use crate::notifications::handlers::EventHandler;
use crate::notifications::reason::ActionReason;
use crate::notifications::texts::Text;
use crate::plugins::{ActiveBinding, NewRun};

impl Notifications {
    /// Calls a plugin about an event, for a person or, without one, for the shop. Plugins may be `in_place` of what the core would
    /// send.
    pub(super) async fn call_handler(
        &self,
        job: Job<'_>,
        handler: &EventHandler,
        bindings: &[ActiveBinding],
        person: Option<&Person>,
        in_place: bool,
    ) -> Result<Report, NotificationError> {
        let binding = bindings.iter().find(|binding| binding.id == handler.binding);
        let (Some(binding), Some(handlers)) = (binding, &self.handlers) else {
            return Ok(Report::skipped(ActionReason::Gone, "the plugin is off or gone"));
        };
        let scope = job.hand.public_scope();
        let call = EffectfulCall {
            name: Arc::clone(&binding.name),
            version: Arc::clone(&binding.version),
            digest: binding.digest,
            caller: PluginCaller { scope, plugin: binding.plugin_id },
            config: Arc::clone(&binding.config),
            wanted: Arc::clone(&binding.wanted),
            granted: Arc::clone(&binding.granted),
        };
        let words = self.words(job, handler.action.unwrap_or(ActionType::InApp)).await?;
        let request = request(job, handler, binding, person, words);
        let messenger = Arc::new(ToRecipient {
            notifications: self.clone(),
            hand: job.hand.clone(),
            event: job.event.clone(),
            kind: job.kind,
            action: job.action,
            handler: handler.id,
            person: person.cloned(),
            in_place,
            progress: Mutex::default(),
        });
        let run = handlers.runner.handle(call, request, Arc::clone(&messenger) as Arc<dyn Messenger>).await;
        let (record, outcome) = run.split();
        handlers.plugins.record_runs([NewRun {
            scope,
            plugin: binding.plugin_id,
            version: binding.version_id,
            order: None,
            cost: record.cost,
            log: record.log,
            host_calls: record.host_calls,
            failure: record.outcome.err(),
            at: self.clock.now(),
        }]);
        let sent = match outcome {
            Ok(ActionOutcome::Done) => Sent::Taken,
            Ok(ActionOutcome::Skipped(why)) => Sent::Skipped(ActionReason::HandlerSkipped, why),
            Ok(ActionOutcome::Retry(why)) => Sent::Later(ActionReason::HandlerFailed, why),
            Ok(ActionOutcome::Failed(why)) => Sent::Dead(ActionReason::HandlerFailed, why),
            Err(failure) => Sent::Later(ActionReason::HandlerFailed, failure.to_string()),
        };
        let bill = messenger.progress.lock().await.bill.clone();
        Ok(Report { sent, bill })
    }
}

fn request(
    job: Job<'_>,
    handler: &EventHandler,
    binding: &ActiveBinding,
    person: Option<&Person>,
    words: Text,
) -> ActionRequest {
    let event = ActionEvent {
        id: job.event.id.to_string(),
        name: job.kind.name.to_owned(),
        data: job.event.payload.to_string(),
        occurred_at_ms: job.event.created_at.0,
        currency: job.hand.channel.currency.code().to_owned(),
        title: words.title,
        text: words.body,
    };
    let tells = binding.wanted.contact && binding.granted.contact;
    let kind = match person.map(|person| person.to) {
        None => ActionRecipientKind::Shop,
        Some(
            Recipient::Administrator(_)
            | Recipient::AdministratorsBrowsers(_)
            | Recipient::AdministratorsMailbox(_),
        ) => ActionRecipientKind::Administrator,
        Some(_) => ActionRecipientKind::Customer,
    };
    let recipient = ActionRecipient {
        kind,
        id: person.map_or_else(|| job.hand.channel.code.clone(), |person| person.to.id().to_string()),
        name: person.and_then(|person| person.name.clone()),
        language: job.hand.channel.default_language.code().to_owned(),
        phone: person.filter(|_| tells).and_then(Person::number),
        email: person.filter(|_| tells).and_then(|person| person.email.clone()),
    };
    ActionRequest {
        idempotency_key: format!("act_{}_{}_{}", job.hand.channel.id, job.action, handler.id),
        event,
        recipient,
        action: handler.action.map(|action| action.as_str().to_owned()),
    }
}

/// How far a call has come.
#[derive(Debug, Default)]
struct Progress {
    /// Of each kind.
    messages: HashMap<ActionType, i64>,
    bill: Bill,
}

/// Sends what a plugin says to the recipient of its call, and to nobody else.
struct ToRecipient {
    notifications: Notifications,
    hand: Actor,
    event: StoredEvent,
    kind: &'static EventType,
    action: EventActionId,
    handler: EventHandlerId,
    /// Nobody where it is called for the shop.
    person: Option<Person>,
    /// Whether plugins are in the place of the action itself.
    in_place: bool,
    progress: Mutex<Progress>,
}

impl ToRecipient {
    fn job(&self) -> Job<'_> {
        Job { hand: &self.hand, action: self.action, event: &self.event, kind: self.kind }
    }

    /// The call's next message, told by an action.
    async fn next(&self, action: ActionType) -> Result<(&Person, Message), MessageError> {
        let mut progress = self.progress.lock().await;
        let number = progress.messages.entry(action).or_default();
        *number += 1;
        let key = StepKey { action: self.action, handler: self.handler.0, step: step_of(action, *number) };
        let person = self.person.as_ref().ok_or(MessageError::NoAddress)?;
        // The action itself was counted as it was taken: what is first in its place is no other message.
        let is_own_way = self.in_place && person.to.action() == action;
        let counts = if is_own_way { Counts::ButTheFirst } else { Counts::Yes };
        Ok((person, Message { key, counts }))
    }

    async fn once(
        &self,
        person: &Person,
        (message, action): (Message, ActionType),
        send: impl AsyncFnOnce() -> Result<Report, NotificationError>,
    ) -> Result<MessageReceipt, MessageError> {
        let asked = (message, action);
        let sent = self.notifications.send_once(self.job(), person, asked, InDoubt::SendAgain, send).await;
        self.told(sent).await
    }

    async fn told(&self, report: Result<Report, NotificationError>) -> Result<MessageReceipt, MessageError> {
        let Report { sent, bill } = report.map_err(|error| store_failed(&error))?;
        self.progress.lock().await.bill.add(bill.clone());
        match sent {
            Sent::Taken => Ok(MessageReceipt {
                message_id: bill.reference,
                segments: u32::try_from(bill.segments).unwrap_or_default(),
            }),
            Sent::Skipped(ActionReason::NoAddress, _) => Err(MessageError::NoAddress),
            Sent::Dead(ActionReason::QuotaExceeded | ActionReason::RateLimited, _) => {
                Err(MessageError::QuotaExceeded)
            }
            Sent::Dead(ActionReason::InDoubt, why) => Err(MessageError::InDoubt(why)),
            Sent::Later(_, why) => Err(MessageError::Unavailable(why)),
            Sent::Skipped(_, why) | Sent::Dead(_, why) => Err(MessageError::Refused(why)),
        }
    }
}

#[async_trait]
impl Messenger for ToRecipient {
    async fn sms(&self, text: &str) -> Result<MessageReceipt, MessageError> {
        let (person, message) = self.next(ActionType::Sms).await?;
        self.told(self.notifications.send_sms(self.job(), person, message, text).await).await
    }

    async fn email(&self, subject: &str, text: &str) -> Result<MessageReceipt, MessageError> {
        let (action, job) = (ActionType::Email, self.job());
        let (person, message) = self.next(action).await?;
        person.email.as_ref().ok_or(MessageError::NoAddress)?;
        let id = message.id(job);
        let send = async || self.notifications.send_mail(person, (subject, text), id).await;
        self.once(person, (message, action), send).await
    }

    async fn push(&self, title: &str, text: &str) -> Result<MessageReceipt, MessageError> {
        let (action, job) = (ActionType::Push, self.job());
        let (person, message) = self.next(action).await?;
        let (id, text) = (message.id(job), Text { title: title.to_owned(), body: text.to_owned() });
        let send = async || self.notifications.send_push(job, person, &id, &text).await;
        self.once(person, (message, action), send).await
    }

    async fn inbox(&self, title: &str, text: &str) -> Result<MessageReceipt, MessageError> {
        let action = ActionType::InApp;
        let (person, message) = self.next(action).await?;
        let text = Text { title: title.to_owned(), body: text.to_owned() };
        let send = async || self.notifications.put_into_inbox(self.job(), person, text).await;
        self.once(person, (message, action), send).await
    }
}

/// Where a message stands among the steps of its handler: each kind by itself, since a plugin that is called again may leave
/// one out.
fn step_of(action: ActionType, number: i64) -> i64 {
    let kind = match action {
        ActionType::Sms => 0,
        ActionType::Email => 1,
        ActionType::Push => 2,
        ActionType::InApp => 3,
        ActionType::Webhook | ActionType::Handler => 4,
    };
    kind * STEPS_OF_A_KIND + number
}

fn store_failed(error: &NotificationError) -> MessageError {
    tracing::warn!(%error, "a message of a plugin's could not be written down");
    MessageError::Unavailable("the store cannot be used at the moment".to_owned())
}
