//! Messages to people's browsers.

use serde_json::json;
use soko_extension::push::{PushAnswer, PushMessage};
use soko_infra::Tx;

use super::Job;
use super::person::Person;
use super::report::Report;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::texts::Text;
use crate::notifications::{Notifications, repo};

/// Characters of a body: a message has room for so many in any script.
const BODY_CHARACTERS_MAX: usize = 500;

impl Notifications {
    /// Tells somebody in all their browsers. It is done when one of them was told; those that are gone are forgotten.
    pub(super) async fn send_push(
        &self,
        job: Job<'_>,
        person: &Person,
        text: &Text,
    ) -> Result<Report, NotificationError> {
        let Some(push) = &self.push else {
            return Ok(Report::later(ActionReason::NotConfigured, "the platform tells nobody in browsers"));
        };
        let scope = job.hand.public_scope();
        let targets = match person.user {
            Some(user) => {
                let whose = (user, person.to.kind());
                self.database
                    .read(scope, async |reader| repo::push_targets(reader, scope, whose).await)
                    .await?
            }
            None => Vec::new(),
        };
        let body: String = text.body.chars().take(BODY_CHARACTERS_MAX).collect();
        let payload = json!({ "title": text.title, "body": body, "type": job.kind.name, "eventId": job.event.id.to_string() });
        let payload = payload.to_string().into_bytes();
        let topic = format!("evt-{}-{}", scope.channel_id(), job.event.id);
        let (mut told, mut refused) = (false, None);
        for target in &targets {
            match push.send(target, PushMessage { payload: payload.clone(), topic: topic.clone() }).await {
                Ok(PushAnswer::Taken) => told = true,
                Ok(PushAnswer::Gone) => {
                    let endpoint = target.endpoint.clone();
                    let forget =
                        async move |tx: &mut Tx| repo::forget_push_target(tx, scope, &endpoint).await;
                    self.database.write_concurrently(scope, forget).await?;
                }
                Ok(PushAnswer::Refused(status)) => {
                    let why = format!("the push service answered {status}");
                    refused = Some(Report::later(ActionReason::Refused, why));
                }
                Err(failure) => refused = Some(Report::later(ActionReason::Unavailable, failure.0)),
            }
        }
        let nowhere =
            || Report::skipped(ActionReason::NoAddress, "the recipient has no browser to be told in");
        Ok(if told { Report::taken() } else { refused.unwrap_or_else(nowhere) })
    }
}
