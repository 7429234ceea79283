//! Messages to addresses of shops.

use soko_extension::webhook::WebhookMessage;
use soko_infra::Tx;
use soko_kernel::{Actor, Timestamp, WebhookEndpointId};

use super::report::Report;
use crate::notifications::entity::StoredEvent;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::webhooks::signed_headers;
use crate::notifications::{Notifications, repo};

/// The answer of a receiver who does not want any more.
const GONE: u16 = 410;

/// Where a message goes, and what signs it.
#[derive(Debug, Clone)]
pub(in crate::notifications) struct Endpoint {
    pub(in crate::notifications) id: WebhookEndpointId,
    pub(in crate::notifications) url: String,
    /// Sealed: the present one, and the previous one while it signs.
    pub(in crate::notifications) secrets: Vec<Vec<u8>>,
}

impl Notifications {
    pub(super) async fn send_webhook(
        &self,
        hand: &Actor,
        event: &StoredEvent,
        endpoint: &Endpoint,
        now: Timestamp,
    ) -> Result<Report, NotificationError> {
        let scope = hand.public_scope();
        let secrets =
            endpoint.secrets.iter().map(|sealed| self.open(scope, sealed)).collect::<Result<Vec<_>, _>>();
        let (secrets, sender) = match (secrets, self.sender()) {
            (Ok(secrets), Ok(sender)) => (secrets, sender),
            // As long as the platform has not the key that it had.
            (Err(error), _) | (_, Err(error)) => {
                return Ok(Report::later(ActionReason::NotConfigured, error.to_string()));
            }
        };
        let body = body_of(event);
        let id = format!("evt_{}_{}", scope.channel_id(), event.id);
        let message = WebhookMessage {
            url: endpoint.url.clone(),
            headers: signed_headers(&id, now, &body, &secrets),
            body,
        };
        Ok(match sender.send(message).await {
            Ok(200..300) => Report::taken(),
            Ok(GONE) => {
                let (id, now) = (endpoint.id, self.clock.now());
                let disable = async move |tx: &mut Tx| repo::disable_webhook(tx, scope, id, now).await;
                self.database.write_concurrently(scope, disable).await?;
                Report::dead(
                    ActionReason::Gone,
                    "the receiver does not want any more (410), and is sent nothing",
                )
            }
            Ok(status) => Report::later(ActionReason::Refused, format!("the receiver answered {status}")),
            Err(failure) => Report::later(ActionReason::Unavailable, failure.0),
        })
    }
}

/// A message's body: what happened, when, and what is to be known of it.
fn body_of(event: &StoredEvent) -> Vec<u8> {
    let at = jiff::Timestamp::from_millisecond(event.created_at.0).unwrap_or_default();
    let body = serde_json::json!({ "type": event.name, "timestamp": at.to_string(), "data": event.payload });
    body.to_string().into_bytes()
}
