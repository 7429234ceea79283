//! Reminding of what is unpaid. A job climbs the ladder once a day and states what is to be said; who is told, how, and
//! what else is done about it, is up to those who listen.

mod ladder;
mod repo;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;
use soko_infra::outbox::Event;
use soko_infra::{DataScope, Reader, Tx};
use soko_kernel::{Actor, ChannelScope, CustomerId, Timestamp};

use super::entity::CreditAccount;
use super::error::CreditError;
use super::{Act, Credit, repo as accounts, suppliers};
use crate::channels::Channels;
use crate::ledger::{Ledger, Party, UnpaidParty};

pub use ladder::Rung;
pub(super) use repo::clear;

use ladder::{Standing, rung_of};

/// The time of day at which reminders are due, in UTC: nine in the morning in Nairobi.
const REMINDED_AT: Duration = Duration::from_hours(6);
/// What was said is not said again before this, while it stays true.
const REMINDER_LIFETIME: Duration = Duration::from_hours(24 * 90);
/// Parties that one transaction looks at.
const PARTIES_PER_STEP: i64 = 500;
/// Channels that are looked at in one round; the next goes on.
const CHANNELS_PER_ROUND_MAX: i64 = 500;

/// Something unpaid is to be spoken of.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditReminderDue {
    /// `customer` when they owe the shop, `supplier` when the shop owes them.
    pub party_type: &'static str,
    /// Who.
    pub party_id: CustomerId,
    /// How urgent: `overdue_10`, `overdue_7`, `limit_90`, `overdue_3`, `limit_80`.
    pub rung: &'static str,
    /// Days since the oldest was to be paid; below zero it still has time.
    pub overdue_days: i64,
    /// What is unpaid, minor units.
    pub outstanding: i64,
    /// The most that may be unpaid, minor units.
    pub limit: i64,
}

impl Event for CreditReminderDue {
    fn name(&self) -> &'static str {
        "credit.reminder_due"
    }
}

impl Credit {
    /// States once a day what is to be said about what is unpaid, in every channel where somebody buys on account. Says in
    /// how many cases. A job calls it now and then.
    ///
    /// # Errors
    /// A failing store, or a channel without a usable time zone.
    pub async fn remind(&self) -> Result<u64, CreditError> {
        let due = last_due(self.clock.now());
        let hands: Vec<Actor> = self
            .database
            .read(DataScope::Platform, async |reader: &mut Reader| {
                let ids = repo::channels_due(reader, due, CHANNELS_PER_ROUND_MAX).await?;
                Ok::<_, CreditError>(Channels::hands_in(reader, &ids).await?)
            })
            .await?;
        let mut said = 0;
        for hand in &hands {
            said += self.remind_in(hand).await?;
        }
        Ok(said)
    }

    async fn remind_in(&self, hand: &Actor) -> Result<u64, CreditError> {
        let (scope, act) = (hand.public_scope(), Act::by(hand, self.clock.now())?);
        let mut said = 0;
        for of_role in [Party::Customer as fn(CustomerId) -> Party, Party::Supplier] {
            let mut after = CustomerId(0);
            loop {
                let step = async move |tx: &mut Tx| remind_some(tx, scope, of_role(after), act).await;
                let (in_step, last) = self.database.write_concurrently(scope, step).await?;
                said += in_step;
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        let done = async move |tx: &mut Tx| repo::note_done(tx, scope, act.now).await;
        self.database.write_concurrently(scope, done).await?;
        Ok(said)
    }
}

/// The last moment at which reminders were due.
fn last_due(now: Timestamp) -> Timestamp {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    let offset = i64::try_from(REMINDED_AT.as_millis()).unwrap_or_default();
    Timestamp((now.0 - offset).div_euclid(DAY_MS) * DAY_MS + offset)
}

/// Some parties of one role, after this one; the last of them when there may be more.
async fn remind_some(
    tx: &mut Tx,
    scope: ChannelScope,
    after: Party,
    act: Act,
) -> Result<(u64, Option<CustomerId>), CreditError> {
    let unpaid = Ledger::unpaid_parties_in(tx, scope, after, act.currency(), PARTIES_PER_STEP).await?;
    let ids: Vec<CustomerId> = unpaid.iter().map(|unpaid| unpaid.party.id()).collect();
    let Some(last) = ids.last().copied() else { return Ok((0, None)) };
    let accounts = accounts::of_parties(tx, scope, after, &ids).await?;
    let said = repo::said(tx, scope, after.kind(), &ids, act.now.before(REMINDER_LIFETIME)).await?;
    let since = match after {
        Party::Customer(_) => HashMap::new(),
        Party::Supplier(_) => suppliers::oldest_unpaid(tx, scope, &ids).await?,
    };
    let mut due = Vec::new();
    for unpaid in &unpaid {
        let id = unpaid.party.id();
        let account = accounts.get(&id);
        let since = since.get(&id).copied().unwrap_or(unpaid.since);
        due.extend(reminder(unpaid, account, since, &said, act));
    }
    repo::note_said(tx, scope, &due, act.now).await?;
    for reminder in &due {
        tx.publish(scope, act.now, reminder)?;
    }
    let more = i64::try_from(unpaid.len()).is_ok_and(|count| count == PARTIES_PER_STEP);
    let count = u64::try_from(due.len()).unwrap_or_default();
    Ok((count, more.then_some(last)))
}

fn reminder(
    unpaid: &UnpaidParty,
    account: Option<&CreditAccount>,
    since: Date,
    said: &HashSet<(CustomerId, String)>,
    act: Act,
) -> Option<CreditReminderDue> {
    let none = CreditAccount::none(unpaid.party);
    let account = account.unwrap_or(&none);
    let standing = Standing::of(account, unpaid.amount, since, act.occasion.date, act.now)?;
    let rung = rung_of(&standing)?.as_str();
    let party_id = unpaid.party.id();
    if said.contains(&(party_id, rung.to_owned())) {
        return None;
    }
    Some(CreditReminderDue {
        party_type: unpaid.party.kind(),
        party_id,
        rung,
        overdue_days: standing.overdue_days,
        outstanding: unpaid.amount,
        limit: account.limit,
    })
}
