//! Mail to customers.

use soko_extension::mail::Mail;
use soko_kernel::{Actor, CustomerId};

use super::Sent;
use crate::customers::Customers;
use crate::notifications::catalogue::EventType;
use crate::notifications::entity::{StoredEvent, fields_of};
use crate::notifications::error::NotificationError;
use crate::notifications::texts::ShopWords;
use crate::notifications::{Notifications, repo};

impl Notifications {
    pub(super) async fn send_mail(
        &self,
        hand: &Actor,
        event: &StoredEvent,
        customer: CustomerId,
    ) -> Result<Sent, NotificationError> {
        let Some(mailer) = &self.mailer else {
            return Ok(Sent::Refused("the platform sends no mail".to_owned()));
        };
        let Some(kind) = EventType::find(&event.name) else {
            return Ok(Sent::Dead("nobody knows such an event".to_owned()));
        };
        let scope = hand.public_scope();
        let (found, templates) = self
            .database
            .read(scope, async |reader| {
                let found = Customers::find_in(reader, scope, customer).await?;
                Ok::<_, NotificationError>((found, repo::templates(reader, scope).await?))
            })
            .await?;
        let Some(found) = found else { return Ok(Sent::Dead("the customer is gone".to_owned())) };
        let words = ShopWords::of(templates);
        let text = words.text_of(kind.name, &hand.channel.default_language, &fields_of(hand, event));
        let id = format!("evt_{}_{}_{customer}", scope.channel_id(), event.id);
        // One line, whatever the shop has written.
        let subject = text.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let mail = Mail { to: found.email_address, subject, text: text.body, id };
        Ok(match mailer.send(mail).await {
            Ok(()) => Sent::Taken,
            Err(failure) if failure.permanent => Sent::Dead(failure.message),
            Err(failure) => Sent::Refused(failure.message),
        })
    }
}
