//! The messages of an action: each made once, however often the action is tried, and counted once by the shop's limits.

use soko_infra::Tx;
use soko_kernel::ChannelScope;

use super::Job;
use super::claim::take;
use super::person::Person;
use super::report::{Bill, Report, Sent, StepKey, StepState, StoredStep};
use crate::notifications::catalogue::ActionType;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::{Notifications, repo};

/// A message of an action.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) key: StepKey,
    pub(super) counts: Counts,
}

/// Whether a message counts by the shop's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// It was counted as the action was taken.
    Already,
    /// Unless it is the first of its kind for the action, which was counted as the action was taken.
    ButTheFirst,
    Yes,
}

/// What is done with a message that may have been sent by an earlier try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InDoubt {
    /// It is left alone.
    Leave,
    /// It is sent again: it has the same id then, by which its receiver tells.
    SendAgain,
}

/// Whether a message is to be sent now.
enum Begun {
    Now,
    /// It was begun before, and this is known of it.
    Before(StoredStep),
    /// The shop's limits have no room for it.
    NoRoom,
}

impl Message {
    /// What it is known by outside, the same whenever it is sent.
    pub(super) fn id(&self, job: Job<'_>) -> String {
        let StepKey { action, handler, step } = self.key;
        format!("act_{}_{action}_{handler}_{step}", job.hand.channel.id)
    }
}

impl Notifications {
    /// Sends a message, unless an earlier try has: then it says what came of that.
    pub(super) async fn send_once(
        &self,
        job: Job<'_>,
        person: &Person,
        (message, action): (Message, ActionType),
        in_doubt: InDoubt,
        send: impl AsyncFnOnce() -> Result<Report, NotificationError>,
    ) -> Result<Report, NotificationError> {
        let scope = job.hand.public_scope();
        match self.begin(job, person, (message, action)).await? {
            Begun::NoRoom => {
                let why = "the shop tells people only so much in so much time";
                return Ok(Report::dead(ActionReason::RateLimited, why));
            }
            Begun::Before(StoredStep { state: StepState::Done, reference, .. }) => {
                // Its segments are written down already.
                return Ok(Report { sent: Sent::Taken, bill: Bill { reference, ..Bill::default() } });
            }
            Begun::Before(_) if in_doubt == InDoubt::Leave => {
                let why = "an earlier try ended before it was known whether the message was sent";
                return Ok(Report::dead(ActionReason::InDoubt, why));
            }
            Begun::Before(_) | Begun::Now => {}
        }
        let report = send().await?;
        let state = match &report.sent {
            Sent::Taken => StepState::Done,
            Sent::Dead(ActionReason::InDoubt, _) => return Ok(report),
            _ => StepState::Failed,
        };
        let Bill { segments, reference, .. } = report.bill.clone();
        self.end(scope, message.key, StoredStep { state, reference, segments }).await?;
        Ok(report)
    }

    async fn begin(
        &self,
        job: Job<'_>,
        person: &Person,
        (Message { key, counts }, action): (Message, ActionType),
    ) -> Result<Begun, NotificationError> {
        let (scope, kind, now) = (job.hand.public_scope(), job.kind, self.clock.now());
        let to = person.to.by(action, person.user).filter(|_| counts != Counts::Already);
        let begin = async move |tx: &mut Tx| {
            if let Some(to) = to
                && repo::find_step(tx, scope, key).await?.is_none()
            {
                let is_free = counts == Counts::ButTheFirst && !repo::has_like_step(tx, scope, key).await?;
                if !is_free && take(tx, scope, (kind, to), now).await?.is_err() {
                    return Ok(Begun::NoRoom);
                }
            }
            let before = repo::begin_step(tx, scope, key, now).await?;
            Ok::<_, NotificationError>(before.map_or(Begun::Now, Begun::Before))
        };
        self.database.write_concurrently(scope, begin).await
    }

    async fn end(
        &self,
        scope: ChannelScope,
        key: StepKey,
        ended: StoredStep,
    ) -> Result<(), NotificationError> {
        let end = async move |tx: &mut Tx| repo::end_step(tx, scope, key, &ended).await;
        Ok(self.database.write_concurrently(scope, end).await?)
    }
}
