//! Whom something is told, and how the core itself does so.

use soko_infra::{Reader, Tx};
use soko_kernel::phone::international;
use soko_kernel::{CustomerId, UserId};

use super::Job;
use super::report::{Report, StepKey};
use super::steps::{Counts, Message};
use crate::auth::{Auth, ChannelAdministrator};
use crate::customers::{Customers, is_email_address};
use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::{Recipient, fields_of};
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::repo::NewMessage;
use crate::notifications::sms::{SmsSettings, calling_code_or_default};
use crate::notifications::texts::{ShopWords, Text};
use crate::notifications::{Notifications, repo};

/// Somebody, as far as is known how they are told.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) to: Recipient,
    pub(super) name: Option<String>,
    /// As the shop wrote it down.
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    /// Whose inbox it is.
    pub(super) user: Option<UserId>,
    /// Of the country that local numbers are in.
    pub(super) calling_code: String,
}

impl Person {
    /// The telephone number in E.164 form, if it is one.
    pub(super) fn number(&self) -> Option<String> {
        international(self.phone.as_deref()?, &self.calling_code)
    }
}

impl Notifications {
    /// Who a recipient is; none when they are gone, or may no longer know of it.
    pub(super) async fn person(
        &self,
        job: Job<'_>,
        to: Recipient,
    ) -> Result<Option<Person>, NotificationError> {
        match to {
            Recipient::Customer { id, .. }
            | Recipient::CustomersBrowsers { id, .. }
            | Recipient::Phone(id)
            | Recipient::Mailbox(id) => self.customer(job, to, id).await,
            Recipient::Administrator(user)
            | Recipient::AdministratorsBrowsers(user)
            | Recipient::AdministratorsMailbox(user) => self.administrator(job, to, user).await,
            Recipient::Webhook(_) | Recipient::Handler(_) => Ok(None),
        }
    }

    async fn administrator(
        &self,
        job: Job<'_>,
        to: Recipient,
        user: UserId,
    ) -> Result<Option<Person>, NotificationError> {
        let (scope, needed) = (job.hand.public_scope(), job.kind.permission);
        let find = async |reader: &mut Reader| Auth::administrator_in(reader, scope, user, needed).await;
        let found = self.database.read(scope, find).await?;
        Ok(found.map(|ChannelAdministrator { login, name }| Person {
            to,
            name,
            phone: None,
            email: is_email_address(&login).then_some(login),
            user: Some(user),
            calling_code: calling_code_or_default(None),
        }))
    }

    async fn customer(
        &self,
        job: Job<'_>,
        to: Recipient,
        id: CustomerId,
    ) -> Result<Option<Person>, NotificationError> {
        let scope = job.hand.public_scope();
        let (found, account) = self
            .database
            .read(scope, async |reader| {
                let found = Customers::find_in(reader, scope, id).await?;
                Ok::<_, NotificationError>((found, repo::sms_account(reader, scope).await?))
            })
            .await?;
        let settings: Option<&SmsSettings> = account.as_ref().map(|account| &account.settings);
        let calling_code = calling_code_or_default(settings);
        Ok(found.map(|customer| {
            let name = format!("{} {}", customer.first_name, customer.last_name).trim().to_owned();
            Person {
                to,
                name: (!name.is_empty()).then_some(name),
                phone: customer.phone_number,
                email: Some(customer.email_address),
                user: customer.user_id,
                calling_code,
            }
        }))
    }

    /// Tells somebody as the core itself does.
    pub(super) async fn tell_built_in(
        &self,
        job: Job<'_>,
        person: &Person,
    ) -> Result<Report, NotificationError> {
        let action = person.to.action();
        let text = self.words(job, action).await?;
        let message =
            Message { key: StepKey { action: job.action, handler: 0, step: 1 }, counts: Counts::Already };
        match action {
            ActionType::Sms => self.send_sms(job, person, message, &text.body).await,
            ActionType::Push => self.send_push(job, person, &message.id(job), &text).await,
            ActionType::Email => self.send_mail(person, (&text.title, &text.body), message.id(job)).await,
            ActionType::InApp => self.put_into_inbox(job, person, text).await,
            ActionType::Webhook | ActionType::Handler => {
                Ok(Report::dead(ActionReason::Gone, "nobody is told"))
            }
        }
    }

    /// Puts a message into somebody's inbox, unless one about the event is there.
    pub(super) async fn put_into_inbox(
        &self,
        job: Job<'_>,
        person: &Person,
        text: Text,
    ) -> Result<Report, NotificationError> {
        let Some(user) = person.user else { return Ok(no_inbox()) };
        let (scope, now) = (job.hand.public_scope(), self.clock.now());
        let about = (person.to.kind(), job.event.id, job.kind.name);
        let message = NewMessage { user, text, data: job.event.payload.to_string() };
        let put = async move |tx: &mut Tx| repo::insert_message(tx, scope, about, &message, now).await;
        self.database.write_concurrently(scope, put).await?;
        Ok(Report::taken())
    }

    /// What there is to say of an event, for a kind of action.
    pub(super) async fn words(&self, job: Job<'_>, action: ActionType) -> Result<Text, NotificationError> {
        let scope = job.hand.public_scope();
        let templates =
            self.database.read(scope, async |reader| repo::templates(reader, scope).await).await?;
        let fields = fields_of(job.hand, job.event);
        let words = ShopWords::of(templates);
        Ok(words.text_of(job.kind.name, action, &job.hand.channel.default_language, &fields))
    }
}

fn no_inbox() -> Report {
    Report::skipped(ActionReason::NoAddress, "the recipient cannot log in")
}
