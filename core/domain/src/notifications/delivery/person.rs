//! Whom something is told, and how the core itself does so.

use soko_infra::Tx;
use soko_kernel::UserId;

use super::Job;
use super::report::{Report, StepKey};
use crate::customers::Customers;
use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::{Recipient, fields_of};
use crate::notifications::error::NotificationError;
use crate::notifications::repo::NewMessage;
use crate::notifications::sms::{SmsSettings, calling_code_or_default, international};
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
    /// Who a recipient is; none when they are gone.
    pub(super) async fn person(
        &self,
        job: Job<'_>,
        to: Recipient,
    ) -> Result<Option<Person>, NotificationError> {
        let scope = job.hand.public_scope();
        let customer = match to {
            Recipient::Customer { id, .. }
            | Recipient::CustomersBrowsers { id, .. }
            | Recipient::Phone(id)
            | Recipient::Mailbox(id) => id,
            Recipient::Administrator(_)
            | Recipient::AdministratorsBrowsers(_)
            | Recipient::Webhook(_)
            | Recipient::Handler(_) => {
                let user = match to {
                    Recipient::AdministratorsBrowsers(user) => Some(user),
                    to => to.user(),
                };
                let (name, phone, email) = (None, None, None);
                let calling_code = calling_code_or_default(None);
                return Ok(Some(Person { to, name, phone, email, user, calling_code }));
            }
        };
        let (found, account) = self
            .database
            .read(scope, async |reader| {
                let found = Customers::find_in(reader, scope, customer).await?;
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
        let text = self.words(job, person.to.action()).await?;
        match person.to {
            Recipient::Phone(_) => {
                let key = StepKey { action: job.action, handler: 0, step: 1 };
                self.send_sms(job, person, key, &text.body).await
            }
            Recipient::AdministratorsBrowsers(_) | Recipient::CustomersBrowsers { .. } => {
                self.send_push(job, person, &text).await
            }
            Recipient::Mailbox(customer) => {
                let id = format!("evt_{}_{}_{customer}", job.hand.channel.id, job.event.id);
                self.send_mail(person, (&text.title, &text.body), id).await
            }
            _ => self.put_into_inbox(job, person, text).await,
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
    Report::skipped(crate::notifications::reason::ActionReason::NoAddress, "the recipient cannot log in")
}
