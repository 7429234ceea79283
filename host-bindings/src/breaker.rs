//! The circuit breaker: a plugin that keeps failing for a channel is not called for a while. Each host counts failures for
//! itself; that a breaker opened is told, and can be heard from other hosts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soko_extension::{Digest, FailureKind};
use tokio::sync::broadcast;
use tokio::time::Instant;

/// Failures within [`WINDOW`] that open the breaker.
pub const FAILURES_TO_OPEN: u32 = 5;
/// Time within which failures add up.
pub const WINDOW: Duration = Duration::from_mins(1);
/// Time for which an open breaker lets no call through, unless the limits say otherwise; then one trial.
pub const COOL_DOWN: Duration = Duration::from_secs(30);
/// Plugins and channels that are remembered; beyond it the ones that failed longest ago are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// Openings that wait for whoever listens; of more the first are lost to them.
const OPENINGS_WAITING_MAX: usize = 1_024;

/// A breaker that opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerOpening {
    /// Whose calls failed.
    pub channel_id: i64,
    /// The component that is not called for the channel.
    pub digest: Digest,
    /// When a call may be tried again.
    pub until: Instant,
}

/// A breaker that knows of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerState {
    /// Whose calls failed.
    pub channel_id: i64,
    /// The component.
    pub digest: Digest,
    /// Whether it lets no call through now, but for a trial.
    pub is_open: bool,
}

/// A component in a channel.
pub(crate) type Key = (i64, Digest);

/// The breakers of all plugins and channels. Only those with recent failures are held.
pub(crate) struct Breakers {
    states: Mutex<HashMap<Key, State>>,
    cool_down: Duration,
    openings: broadcast::Sender<BreakerOpening>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Calls go through; so many failed since `since`.
    Closed { failures: u32, since: Instant },
    /// No call goes through before `until`; then one does.
    Open { until: Instant },
    /// One call is being tried.
    HalfOpen { since: Instant },
}

impl State {
    /// When it last changed; for an open one, when it may next.
    fn at(&self) -> Instant {
        match *self {
            Self::Closed { since, .. } | Self::HalfOpen { since } => since,
            Self::Open { until } => until,
        }
    }
}

/// A call that may go through. Tell it how the call ended; a permit dropped without that changes nothing, except that
/// a trial which was abandoned may be made again.
pub(crate) struct Permit<'a> {
    breakers: &'a Breakers,
    key: Key,
    is_trial: bool,
    reported: bool,
}

impl Breakers {
    pub(crate) fn new(cool_down: Duration) -> Self {
        let (openings, _) = broadcast::channel(OPENINGS_WAITING_MAX);
        Self { states: Mutex::default(), cool_down, openings }
    }

    /// What opens here from now on.
    pub(crate) fn openings(&self) -> broadcast::Receiver<BreakerOpening> {
        self.openings.subscribe()
    }

    /// Opens a breaker because one opened elsewhere. One that stays open for longer does so.
    pub(crate) fn open(&self, opening: BreakerOpening, now: Instant) {
        let (key, until) = ((opening.channel_id, opening.digest), opening.until);
        let mut states = self.lock();
        match states.get(&key) {
            _ if until <= now => return,
            Some(State::Open { until: present }) if *present >= until => return,
            Some(_) => {}
            None => forget_oldest(&mut states, now),
        }
        states.insert(key, State::Open { until });
    }

    /// The breakers that know of failures lately, in no order.
    pub(crate) fn states(&self, now: Instant) -> Vec<BreakerState> {
        let shown = |(key, state): (&Key, &State)| BreakerState {
            channel_id: key.0,
            digest: key.1,
            is_open: match *state {
                State::Closed { .. } => false,
                State::Open { until } => now < until,
                State::HalfOpen { .. } => true,
            },
        };
        self.lock().iter().map(shown).collect()
    }

    /// A permit for one call, or `None` while the breaker is open.
    pub(crate) fn enter(&self, key: Key, now: Instant) -> Option<Permit<'_>> {
        let mut states = self.lock();
        let is_trial = match states.get(&key) {
            None | Some(State::Closed { .. }) => false,
            Some(State::Open { until }) if now >= *until => {
                states.insert(key, State::HalfOpen { since: now });
                true
            }
            Some(State::Open { .. } | State::HalfOpen { .. }) => return None,
        };
        drop(states);
        Some(Permit { breakers: self, key, is_trial, reported: false })
    }

    fn succeeded(&self, key: Key, is_trial: bool) {
        // A success among failures does not clear them: half of all calls failing is reason enough. Nor does a trial close
        // what opened elsewhere meanwhile.
        let mut states = self.lock();
        if is_trial && matches!(states.get(&key), Some(State::HalfOpen { .. })) {
            states.remove(&key);
        }
    }

    /// Returns whether this failure opened the breaker.
    fn failed(&self, key: Key, is_trial: bool, now: Instant) -> bool {
        let mut states = self.lock();
        let failures = match states.get(&key) {
            Some(State::Open { .. }) => return false,
            Some(State::Closed { failures, since }) if now.duration_since(*since) <= WINDOW => failures + 1,
            _ => 1,
        };
        let since = match states.get(&key) {
            Some(State::Closed { since, .. }) if failures > 1 => *since,
            _ => now,
        };
        let opens = is_trial || failures >= FAILURES_TO_OPEN;
        let until = now + self.cool_down;
        let state = if opens { State::Open { until } } else { State::Closed { failures, since } };
        if !states.contains_key(&key) {
            forget_oldest(&mut states, now);
        }
        states.insert(key, state);
        drop(states);
        if opens {
            // Nobody need be listening.
            self.openings.send(BreakerOpening { channel_id: key.0, digest: key.1, until }).ok();
        }
        opens
    }

    /// The states are plain data, whole after every statement, so a panic elsewhere cannot have broken them.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_oldest(states: &mut HashMap<Key, State>, now: Instant) {
    if states.len() < REMEMBERED_MAX {
        return;
    }
    states.retain(|_, state| now.duration_since(state.at()) <= WINDOW);
    if states.len() >= REMEMBERED_MAX
        && let Some(oldest) = states.iter().min_by_key(|(_, state)| state.at()).map(|(key, _)| *key)
    {
        states.remove(&oldest);
    }
}

impl Permit<'_> {
    /// The call ended well, or through no fault of the guest's limits.
    pub(crate) fn succeed(mut self) {
        self.reported = true;
        self.breakers.succeeded(self.key, self.is_trial);
    }

    /// The call failed; returns whether this opened the breaker.
    pub(crate) fn fail(mut self, now: Instant) -> bool {
        self.reported = true;
        self.breakers.failed(self.key, self.is_trial, now)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_trial && !self.reported {
            let mut states = self.breakers.lock();
            if let Some(State::HalfOpen { since }) = states.get(&self.key).copied() {
                states.insert(self.key, State::Open { until: since });
            }
        }
    }
}

/// Whether failures of this kind count: those that cost the host something. A refusal is an answer, and a failure of
/// the host says nothing about the guest.
pub(crate) fn counts(kind: FailureKind) -> bool {
    match kind {
        FailureKind::Trap
        | FailureKind::Deadline
        | FailureKind::Fuel
        | FailureKind::Memory
        | FailureKind::Output => true,
        FailureKind::Denied | FailureKind::Guest | FailureKind::BreakerOpen | FailureKind::Host => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const KEY: Key = (7, Digest([1; 32]));

    fn fail_times(breakers: &Breakers, times: u32, now: Instant) -> bool {
        (0..times).map(|_| breakers.enter(KEY, now).unwrap().fail(now)).last().unwrap()
    }

    #[test]
    fn opens_after_enough_failures_and_closes_after_a_good_trial() {
        let (breakers, start) = (Breakers::new(COOL_DOWN), Instant::now());
        assert!(!fail_times(&breakers, FAILURES_TO_OPEN - 1, start));
        assert!(fail_times(&breakers, 1, start));
        assert!(breakers.enter(KEY, start + COOL_DOWN / 2).is_none());
        assert!(breakers.states(start).iter().all(|state| state.is_open));
        assert!(breakers.states(start + COOL_DOWN).iter().all(|state| !state.is_open), "it may be tried");
        assert!(breakers.enter((8, KEY.1), start).is_some(), "another channel is not affected");

        let later = start + COOL_DOWN;
        let trial = breakers.enter(KEY, later).unwrap();
        assert!(breakers.enter(KEY, later).is_none(), "one trial at a time");
        trial.succeed();
        assert!(!fail_times(&breakers, 1, later), "the count starts anew");
    }

    #[test]
    fn opens_again_after_a_bad_trial() {
        let (breakers, start) = (Breakers::new(COOL_DOWN), Instant::now());
        fail_times(&breakers, FAILURES_TO_OPEN, start);
        let later = start + COOL_DOWN;
        assert!(breakers.enter(KEY, later).unwrap().fail(later));
        assert!(breakers.enter(KEY, later).is_none());
    }

    #[test]
    fn lets_another_call_try_when_a_trial_is_abandoned() {
        let (breakers, start) = (Breakers::new(COOL_DOWN), Instant::now());
        fail_times(&breakers, FAILURES_TO_OPEN, start);
        let later = start + COOL_DOWN;
        drop(breakers.enter(KEY, later).unwrap());
        assert!(breakers.enter(KEY, later).is_some());
    }

    #[test]
    fn forgets_failures_outside_the_window() {
        let (breakers, start) = (Breakers::new(COOL_DOWN), Instant::now());
        fail_times(&breakers, FAILURES_TO_OPEN - 1, start);
        let later = start + WINDOW + Duration::from_millis(1);
        assert!(!fail_times(&breakers, FAILURES_TO_OPEN - 1, later));
    }

    #[test]
    fn remembers_a_bounded_number() {
        let (breakers, now) = (Breakers::new(COOL_DOWN), Instant::now());
        for channel in 0..i64::try_from(REMEMBERED_MAX).unwrap() + 10 {
            breakers.enter((channel, KEY.1), now).unwrap().fail(now);
        }
        assert_eq!(breakers.lock().len(), REMEMBERED_MAX);
    }

    #[test]
    fn opens_because_another_host_did_and_tells_of_its_own_only() {
        let (breakers, start) = (Breakers::new(COOL_DOWN), Instant::now());
        let mut openings = breakers.openings();
        let opening = BreakerOpening { channel_id: KEY.0, digest: KEY.1, until: start + COOL_DOWN };
        breakers.open(opening, start);
        assert!(openings.try_recv().is_err(), "whoever told it knows");
        assert!(breakers.enter(KEY, start).is_none());
        breakers.open(BreakerOpening { until: start + COOL_DOWN / 2, ..opening }, start);
        assert!(breakers.enter(KEY, start + COOL_DOWN / 2).is_none(), "the longer one holds");

        let later = start + COOL_DOWN;
        breakers.open(opening, later);
        let trial = breakers.enter(KEY, later).unwrap();
        let again = BreakerOpening { until: later + COOL_DOWN, ..opening };
        breakers.open(again, later);
        trial.succeed();
        assert!(breakers.enter(KEY, later).is_none(), "another host's trial failed meanwhile");
        assert!(breakers.enter(KEY, again.until).unwrap().fail(again.until));
        let told = openings.try_recv().unwrap();
        assert_eq!(told, BreakerOpening { until: again.until + COOL_DOWN, ..opening });
    }
}
