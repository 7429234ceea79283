//! What clients are told as it happens: the beginning of every subscription.
//!
//! Whoever listens is looked up anew while the stream lasts, so that it ends with their session, and with their rights.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, Subscription};
use futures_util::{Stream, stream};
use soko_domain::notifications::{Heard, Listener};
use soko_kernel::{Actor, ErrorKind, Forbidden};
use tokio::time::Instant;

use super::inbox::Notification;
use crate::context::{OfRequest as _, RequestContext};
use crate::error::{ApiError, ApiResult};

/// How long it is taken for granted that whoever listens still may.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// A stream of what is made of what happens; it ends with an error when something was missed, or the listener may not
/// listen any more.
pub(crate) struct Heeding {
    request: Arc<RequestContext>,
    listener: Listener,
    checked: Instant,
}

impl Heeding {
    /// Begins to listen. What the listener must be allowed is for the caller to see to first.
    ///
    /// # Errors
    /// A failing store.
    pub(crate) async fn begin(context: &Context<'_>) -> ApiResult<Self> {
        let request = Arc::clone(context.data_unchecked::<Arc<RequestContext>>());
        let listening = request.services.notifications.listen(&request.actor()).await;
        let listener = listening.map_err(|error| ApiError::internal(&error))?;
        Ok(Self { request, listener, checked: Instant::now() })
    }

    /// What happens next, and who listens.
    async fn next(&mut self) -> ApiResult<(Arc<Actor>, Arc<Heard>)> {
        loop {
            let next = tokio::time::timeout_at(self.checked + TRUSTED_FOR, self.listener.next()).await;
            let before = self.request.actor();
            let actor = if self.checked.elapsed() < TRUSTED_FOR {
                before
            } else {
                let actor = self.request.renewed_actor().await?;
                self.checked = Instant::now();
                if actor.user != before.user {
                    return Err(Forbidden::NotAuthenticated.into());
                }
                actor
            };
            match next {
                Ok(Ok(heard)) => return Ok((actor, heard)),
                Ok(Err(missed)) => return Err(ApiError::new(ErrorKind::Overloaded, missed.to_string())),
                // Nothing has happened, and the listener still may listen.
                Err(_) => {}
            }
        }
    }

    /// The stream of what `made` makes of each thing that happens, if anything.
    pub(crate) fn map<T, F>(self, made: F) -> impl Stream<Item = ApiResult<T>>
    where
        T: Send,
        F: Fn(&Actor, &Heard) -> Option<T> + Send,
    {
        stream::unfold(Some((self, made)), |state| async {
            let (mut heeding, made) = state?;
            loop {
                match heeding.next().await {
                    Ok((actor, heard)) => {
                        if let Some(item) = made(&actor, &heard) {
                            return Some((Ok(item), Some((heeding, made))));
                        }
                    }
                    Err(error) => return Some((Err(error), None)),
                }
            }
        })
    }

    /// The stream of what `read` reads each time that something happens which `matters`; what happens together is read once.
    pub(crate) fn read<T, M, R, F>(self, matters: M, read: R) -> impl Stream<Item = ApiResult<T>>
    where
        T: Send,
        M: Fn(&Heard) -> bool + Send,
        R: Fn(Arc<RequestContext>, Arc<Actor>) -> F + Send,
        F: Future<Output = ApiResult<Option<T>>> + Send,
    {
        stream::unfold(Some((self, matters, read)), |state| async {
            let (mut heeding, matters, read) = state?;
            loop {
                match heeding.next().await {
                    Ok((actor, heard)) => {
                        let mut happened = matters(&heard);
                        loop {
                            match heeding.listener.try_next() {
                                Ok(Some(heard)) => happened |= matters(&heard),
                                Ok(None) => break,
                                // What is read anew shows what was missed, too.
                                Err(_) => happened = true,
                            }
                        }
                        if !happened {
                            continue;
                        }
                        match read(Arc::clone(&heeding.request), actor).await {
                            Ok(Some(item)) => return Some((Ok(item), Some((heeding, matters, read)))),
                            Ok(None) => return None,
                            Err(error) => return Some((Err(error), None)),
                        }
                    }
                    Err(error) => return Some((Err(error), None)),
                }
            }
        })
    }
}

/// Subscriptions to one's own inbox.
#[derive(Default)]
pub struct InboxSubscription;

#[Subscription]
impl InboxSubscription {
    /// The messages of whoever is logged in, as they come. What came before, or while nobody listened, `notifications` has.
    async fn notification_received(
        &self,
        context: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Notification>>, ApiError> {
        if context.request().actor().user.is_none() {
            return Err(Forbidden::NotAuthenticated.into());
        }
        let heeding = Heeding::begin(context).await?;
        Ok(heeding.map(|actor, heard| heard.message_for(actor).cloned().map(Notification::from)))
    }
}
