//! Time as a parameter.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment and a duration later; the end of time when that is past what 64 bits hold.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment and a duration earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The RFC 3339 form with milliseconds that clients get: `2026-05-31T09:30:00.000Z`.
    pub fn to_rfc3339(self) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        format!("{moment:.3}")
    }

    /// Reads an RFC 3339 date-time with an offset, or a plain date as midnight UTC. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self(moment.as_millisecond()));
        }
        let date: jiff::civil::Date = text.parse().ok()?;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp().as_millisecond()))
    }
}

/// Tells the time: the machine's, set right by another clock where there is one; or in tests one that stands still until
/// it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    /// The machine's clock, and the milliseconds by which it is behind.
    System(Arc<AtomicI64>),
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System(Arc::default()))
    }

    /// The machine's clock, wrong by so many milliseconds until it is set right: for tests of machines that disagree.
    pub fn wrong_by(milliseconds: i64) -> Self {
        Self(Source::System(Arc::new(AtomicI64::new(milliseconds))))
    }

    /// A clock that stands at `start`. Clones share the hands.
    pub fn fixed(start: Timestamp) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(start.0))))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one home of the system clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Fixed(hands) => Timestamp(hands.load(Ordering::Relaxed)),
            Source::System(behind) => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let machine = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
                Timestamp(machine.saturating_add(behind.load(Ordering::Relaxed)))
            }
        }
    }

    /// Sets the machine's clock right by another one, for this clock and its clones: `told` is what the other said between
    /// `asked` and `heard`, both by this clock. Returns by how many milliseconds it was behind. A fixed clock stays.
    pub fn set_by(&self, asked: Timestamp, told: Timestamp, heard: Timestamp) -> i64 {
        let Source::System(behind) = &self.0 else { return 0 };
        let halfway = asked.0.midpoint(heard.0);
        let correction = told.0.saturating_sub(halfway);
        behind.fetch_add(correction, Ordering::Relaxed);
        correction
    }

    /// Moves a fixed clock on; the machine's clock stays as it is.
    pub fn advance(&self, duration: Duration) {
        if let Source::Fixed(hands) = &self.0 {
            hands.fetch_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_set_by_another_clock_for_all_its_clones() {
        let clock = Clock::wrong_by(300_000);
        let clone = clock.clone();
        let now = Clock::system().now();
        let wrong = clock.now();
        assert!(wrong.0 >= now.0 + 300_000);
        assert!(clock.set_by(wrong, now, wrong) <= -300_000);
        assert!(clone.now().0 - now.0 < 60_000, "{clone:?}");
        let fixed = Clock::fixed(Timestamp(5));
        assert_eq!((fixed.set_by(Timestamp(0), now, Timestamp(0)), fixed.now()), (0, Timestamp(5)));
    }

    #[test]
    fn reads_and_writes_the_same_moment() {
        let moment = Timestamp(1_780_219_800_123);
        assert_eq!(moment.to_rfc3339(), "2026-05-31T09:30:00.123Z");
        assert_eq!(Timestamp::parse(&moment.to_rfc3339()), Some(moment));
        assert_eq!(Timestamp::parse("2026-05-31T12:30:00.123+03:00"), Some(moment));
        assert_eq!(Timestamp::parse("1970-01-02"), Some(Timestamp(86_400_000)));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
