//! Mail to people.

use soko_extension::mail::Mail;

use super::person::Person;
use super::report::Report;
use crate::notifications::Notifications;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;

impl Notifications {
    /// Sends a mail. One that is sent twice has the same id.
    pub(super) async fn send_mail(
        &self,
        person: &Person,
        (subject, text): (&str, &str),
        id: String,
    ) -> Result<Report, NotificationError> {
        let Some(mailer) = &self.mailer else {
            return Ok(Report::later(ActionReason::NotConfigured, "the platform sends no mail"));
        };
        let Some(to) = person.email.clone() else {
            return Ok(Report::skipped(ActionReason::NoAddress, "the recipient has no address of mail"));
        };
        // One line, whatever was written.
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        let mail = Mail { to, subject, text: text.to_owned(), id };
        Ok(match mailer.send(mail).await {
            Ok(()) => Report::taken(),
            Err(failure) if failure.permanent => Report::dead(ActionReason::Refused, failure.message),
            Err(failure) => Report::later(ActionReason::Unavailable, failure.message),
        })
    }
}
