//! Messages to people's browsers.

use data_encoding::BASE64URL_NOPAD;
use futures_util::future::join_all;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use soko_extension::push::{PushAnswer, PushMessage};
use soko_infra::Tx;

use super::Job;
use super::person::Person;
use super::report::Report;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::texts::Text;
use crate::notifications::{Notifications, repo};

/// Characters of a title and of a body: a message has room for so many in any script.
const TITLE_CHARACTERS_MAX: usize = 100;
const BODY_CHARACTERS_MAX: usize = 500;
/// Characters of a topic: what push services take.
const TOPIC_CHARACTERS_MAX: usize = 32;

impl Notifications {
    /// Tells somebody in all their browsers. It is done when one of them was told; those that are gone are forgotten.
    pub(super) async fn send_push(
        &self,
        job: Job<'_>,
        person: &Person,
        id: &str,
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
        let shorten = |text: &str, characters_max| text.chars().take(characters_max).collect::<String>();
        let payload = json!({
            "title": shorten(&text.title, TITLE_CHARACTERS_MAX),
            "body": shorten(&text.body, BODY_CHARACTERS_MAX),
            "type": job.kind.name,
            "eventId": job.event.id.to_string(),
        });
        let message = PushMessage { payload: payload.to_string().into_bytes(), topic: topic(id) };
        // All at once: a try has its time, and some browsers' services may take all of what one message has.
        let answers = join_all(targets.iter().map(|target| push.send(target, message.clone()))).await;
        let (mut told, mut refused) = (false, None);
        for (target, answer) in targets.iter().zip(answers) {
            match answer {
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

/// What a message replaces while it waits: itself, where it was sent before.
fn topic(id: &str) -> String {
    let mut topic = BASE64URL_NOPAD.encode(&Sha256::digest(id.as_bytes()));
    topic.truncate(TOPIC_CHARACTERS_MAX);
    topic
}
