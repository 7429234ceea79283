//! An action with its parts: plugins before the built-in action, that action or plugins in its place, plugins after it. Each
//! part is done once, however often the action is tried.

use soko_infra::Tx;
use soko_kernel::EventHandlerId;

use super::Job;
use super::report::{Bill, Report, Sent};
use crate::notifications::entity::Recipient;
use crate::notifications::error::NotificationError;
use crate::notifications::handlers::{EventHandler, Placement, in_force};
use crate::notifications::reason::ActionReason;
use crate::notifications::{Notifications, repo};
use crate::plugins::ActiveBinding;

/// A part of an action.
enum Part<'a> {
    BuiltIn,
    Handler(&'a EventHandler),
}

impl Part<'_> {
    /// By what it is written down.
    fn id(&self) -> i64 {
        match self {
            Self::BuiltIn => 0,
            Self::Handler(handler) => handler.id.0,
        }
    }
}

/// The parts in their order, of handlers in theirs.
fn in_order(handlers: &[EventHandler]) -> Vec<Part<'_>> {
    let at = |placement| handlers.iter().filter(move |handler| handler.placement == placement);
    let mut parts: Vec<Part<'_>> = at(Placement::Before).map(Part::Handler).collect();
    parts.extend(at(Placement::Instead).map(Part::Handler));
    if at(Placement::Instead).next().is_none() {
        parts.push(Part::BuiltIn);
    }
    parts.extend(at(Placement::After).map(Part::Handler));
    parts
}

impl Notifications {
    /// Tells somebody of an event.
    pub(super) async fn tell(&self, job: Job<'_>, to: Recipient) -> Result<Report, NotificationError> {
        let Some(person) = self.person(job, to).await? else {
            return Ok(Report::skipped(ActionReason::Gone, "the recipient is gone"));
        };
        let bindings = self.action_bindings(job.hand).await?;
        let handlers = self.handlers_of(job, &bindings).await?;
        let handlers: Vec<EventHandler> =
            handlers.into_iter().filter(|handler| handler.applies(job.kind, Some(to.action()))).collect();
        if handlers.is_empty() {
            return self.tell_built_in(job, &person).await;
        }
        let (scope, action) = (job.hand.public_scope(), job.action);
        let read = async |reader: &mut soko_infra::Reader| repo::parts_done(reader, scope, action).await;
        let done = self.database.read(scope, read).await?;
        let in_place = handlers.iter().any(|handler| handler.placement == Placement::Instead);
        let mut bill = Bill::default();
        for part in in_order(&handlers).iter().filter(|part| !done.contains(&part.id())) {
            let report = match part {
                Part::BuiltIn => self.tell_built_in(job, &person).await?,
                Part::Handler(handler) => {
                    self.call_handler(job, handler, &bindings, Some(&person), in_place).await?
                }
            };
            bill.add(report.bill);
            if report.sent != Sent::Taken {
                return Ok(Report { sent: report.sent, bill });
            }
            let (part, now) = ((action, part.id()), self.clock.now());
            let put = async move |tx: &mut Tx| repo::put_part_done(tx, scope, part, now).await;
            self.database.write_concurrently(scope, put).await?;
        }
        Ok(Report { sent: Sent::Taken, bill })
    }

    /// Calls a plugin that acts on events by itself.
    pub(super) async fn call_alone(
        &self,
        job: Job<'_>,
        id: EventHandlerId,
    ) -> Result<Report, NotificationError> {
        let bindings = self.action_bindings(job.hand).await?;
        let handlers = self.handlers_of(job, &bindings).await?;
        match handlers.iter().find(|handler| handler.id == id) {
            Some(handler) => self.call_handler(job, handler, &bindings, None, false).await,
            None => Ok(Report::skipped(ActionReason::Gone, "the plugin is off or gone")),
        }
    }

    /// The shop's handlers whose plugin is on.
    async fn handlers_of(
        &self,
        job: Job<'_>,
        bindings: &[ActiveBinding],
    ) -> Result<Vec<EventHandler>, NotificationError> {
        if bindings.is_empty() {
            return Ok(Vec::new());
        }
        let scope = job.hand.public_scope();
        let handlers = self.database.read(scope, async |reader| repo::handlers(reader, scope).await).await?;
        Ok(in_force(handlers, bindings))
    }
}
