//! Taking what is to be done: once, not in quiet hours, and no more than the shop allows.

use std::collections::BTreeSet;

use soko_infra::Tx;
use soko_kernel::{ChannelScope, RateLimitId, Timestamp};

use super::{Claimed, DueDelivery, lease};
use crate::notifications::audience::Audience;
use crate::notifications::catalogue::{ActionType, EventType};
use crate::notifications::entity::Recipient;
use crate::notifications::error::NotificationError;
use crate::notifications::reason::ActionReason;
use crate::notifications::{Notifications, repo};

impl Notifications {
    /// Takes a delivery, if it is due, nobody has it, and the recipient may be told now.
    pub(super) async fn claim(
        &self,
        due: &DueDelivery,
        now: Timestamp,
    ) -> Result<Option<Claimed>, NotificationError> {
        let (scope, action) = (due.hand.public_scope(), due.action);
        let zone: std::sync::Arc<str> = due.hand.channel.time_zone.as_str().into();
        let claim = async move |tx: &mut Tx| {
            let Some(claimed) = repo::claim_delivery(tx, scope, action, (now, lease(now))).await? else {
                return Ok(None);
            };
            let super::Target::Person(kind, to) = claimed.to else { return Ok(Some(claimed)) };
            let open = opening(tx, scope, (kind, to.action()), now, &zone).await?;
            if open > now {
                repo::put_off(tx, scope, action, open).await?;
                return Ok(None);
            }
            if claimed.attempts == 1 && take(tx, scope, (kind, to), now).await?.is_err() {
                let why = "the shop tells people only so much in so much time";
                repo::skip_delivery(tx, scope, action, (ActionReason::RateLimited, why), now).await?;
                return Ok(None);
            }
            Ok(Some(claimed))
        };
        self.database.write_concurrently(scope, claim).await
    }
}

/// When somebody may be told: now, unless the shop leaves people alone.
async fn opening(
    tx: &mut Tx,
    scope: ChannelScope,
    (kind, action): (&'static EventType, ActionType),
    now: Timestamp,
    zone: &str,
) -> Result<Timestamp, NotificationError> {
    let Some(hours) = repo::quiet_hours(tx, scope).await? else { return Ok(now) };
    let settings = repo::settings(tx, scope).await?;
    let audience = Audience { settings, quiet_hours: Some(hours), ..Audience::default() };
    Ok(audience.due_at(&audience.setting(kind, action), now, zone))
}

/// Counts an action by the shop's limits, if all of them have room.
pub(super) async fn take(
    tx: &mut Tx,
    scope: ChannelScope,
    (kind, to): (&'static EventType, Recipient),
    now: Timestamp,
) -> Result<Result<(), RateLimitId>, NotificationError> {
    let limits = repo::rate_limits(tx, scope).await?;
    let keys: BTreeSet<_> = limits.iter().filter_map(|limit| limit.counter_of(kind, to)).collect();
    let mut counters = repo::hold_counters(tx, scope, &keys).await?;
    let taken = counters.take(&limits, kind, to, now);
    repo::put_counters(tx, scope, &counters).await?;
    Ok(taken)
}
