//! Hours in which a shop leaves people alone, by the clock on its wall. Pure.

use jiff::civil;
use jiff::tz::TimeZone;
use soko_kernel::Timestamp;

/// Minutes of a day.
const DAY_MINUTES: i16 = 24 * 60;

/// From when until when nobody is to be disturbed, every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// Minutes after midnight at which they begin.
    pub from_minute: i16,
    /// Minutes after midnight at which they end: on the next day where that is not later.
    pub until_minute: i16,
}

impl QuietHours {
    /// Whether these are hours of a day.
    pub(super) fn is_sound(self) -> bool {
        let of_day = 0..DAY_MINUTES;
        of_day.contains(&self.from_minute)
            && of_day.contains(&self.until_minute)
            && self.from_minute != self.until_minute
    }

    /// When they end, if they last at this moment where the clock is that of `zone`.
    pub(super) fn end_after(self, now: Timestamp, zone: &str) -> Option<Timestamp> {
        let zone = TimeZone::get(zone).ok()?;
        let local = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone.clone()).datetime();
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        let (from, until) = (self.from_minute, self.until_minute);
        let over_midnight = from > until;
        let quiet =
            if over_midnight { minute >= from || minute < until } else { (from..until).contains(&minute) };
        if !quiet {
            return None;
        }
        let tomorrow = over_midnight && minute >= from;
        let day = if tomorrow { local.date().tomorrow().ok()? } else { local.date() };
        let end = day.to_datetime(time_of(until)?).to_zoned(zone).ok()?;
        Some(Timestamp(end.timestamp().as_millisecond()))
    }
}

fn time_of(minute: i16) -> Option<civil::Time> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    civil::Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test")]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn last_until_the_shop_opens_by_its_own_clock() {
        let night = QuietHours { from_minute: 19 * 60, until_minute: 8 * 60 };
        let end = |now| night.end_after(at(now), "Africa/Nairobi");
        // Nairobi is three hours ahead of UTC.
        assert_eq!(end("2026-03-01T15:59:59Z"), None);
        assert_eq!(end("2026-03-01T16:00:00Z"), Some(at("2026-03-02T05:00:00Z")));
        assert_eq!(end("2026-03-01T21:30:00Z"), Some(at("2026-03-02T05:00:00Z")));
        assert_eq!(end("2026-03-02T04:59:59Z"), Some(at("2026-03-02T05:00:00Z")));
        assert_eq!(end("2026-03-02T05:00:00Z"), None);
        let noon = QuietHours { from_minute: 12 * 60, until_minute: 13 * 60 };
        assert_eq!(
            noon.end_after(at("2026-03-01T09:30:00Z"), "Africa/Nairobi"),
            Some(at("2026-03-01T10:00:00Z"))
        );
        assert_eq!(noon.end_after(at("2026-03-01T10:00:00Z"), "Africa/Nairobi"), None);
    }

    #[test]
    fn end_also_where_the_clock_is_put_forward() {
        // In Berlin there is no 02:30 on this night.
        let night = QuietHours { from_minute: 22 * 60, until_minute: 2 * 60 + 30 };
        let end = night.end_after(at("2026-03-28T23:00:00Z"), "Europe/Berlin");
        assert_eq!(end, Some(at("2026-03-29T01:30:00Z")));
    }
}
