//! Text messages to people: each at most once, and within the shop's quota.

use soko_extension::sms::{Sms, SmsFailure};

use super::Job;
use super::person::Person;
use super::report::{Bill, Report, Sent};
use super::steps::{InDoubt, Message};
use crate::notifications::catalogue::ActionType;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::sms::{SEGMENTS_MAX, segments};
use crate::notifications::{Notifications, repo};

impl Notifications {
    /// Sends a text message by the shop's account, unless an earlier try has: then it says what came of that.
    pub(super) async fn send_sms(
        &self,
        job: Job<'_>,
        person: &Person,
        message: Message,
        text: &str,
    ) -> Result<Report, NotificationError> {
        if person.phone.is_none() {
            return Ok(Report::skipped(ActionReason::NoAddress, "the recipient has no telephone number"));
        }
        let Some(number) = person.number() else {
            return Ok(Report::dead(
                ActionReason::InvalidAddress,
                "the recipient's telephone number is none",
            ));
        };
        let send = async || self.send_text(job, number, text).await;
        self.send_once(job, person, (message, ActionType::Sms), InDoubt::Leave, send).await
    }

    async fn send_text(&self, job: Job<'_>, number: String, text: &str) -> Result<Report, NotificationError> {
        let scope = job.hand.public_scope();
        let account =
            self.database.read(scope, async |reader| repo::sms_account(reader, scope).await).await?;
        let (Some(stored), Some(gateway)) = (account, self.gateway()) else {
            let why = "the shop has no account for text messages";
            return Ok(Report::dead(ActionReason::NotConfigured, why));
        };
        let account = match self.opened(scope, &stored) {
            Ok(account) => account,
            // As long as the platform has not the key that it had.
            Err(error) => return Ok(Report::later(ActionReason::NotConfigured, error.to_string())),
        };
        let segments = segments(text);
        if !(1..=SEGMENTS_MAX).contains(&segments) {
            let why = format!("the text takes {segments} segments; a message has 1 to {SEGMENTS_MAX}");
            return Ok(Report::dead(ActionReason::TooLong, why));
        }
        let Some(month) = self.reserve_segments(job.hand, segments).await? else {
            let why = "the shop has used up the segments of the month";
            return Ok(Report::dead(ActionReason::QuotaExceeded, why));
        };
        let sms = Sms { to: number, text: text.to_owned() };
        Ok(match gateway.send(&account, &sms).await {
            Ok(receipt) => {
                let bill = Bill { segments, cost: receipt.cost, reference: receipt.message_id };
                Report { sent: Sent::Taken, bill }
            }
            // What may have been sent stays paid for.
            Err(SmsFailure::InDoubt(why)) => {
                let bill = Bill { segments, ..Bill::default() };
                Report { sent: Sent::Dead(ActionReason::InDoubt, why), bill }
            }
            Err(SmsFailure::Refused(why)) => {
                self.release_segments(job.hand, month, segments).await?;
                Report::dead(ActionReason::Refused, why)
            }
            Err(SmsFailure::Unavailable(why)) => {
                self.release_segments(job.hand, month, segments).await?;
                Report::later(ActionReason::Unavailable, why)
            }
        })
    }
}
