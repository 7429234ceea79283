//! Time windows of a week, in minutes of the channel's local day.

use soko_pricing::{LocalTime, Refusal};

use crate::config::{Day, WindowText};

const MINUTES_PER_HOUR: u16 = 60;
const MINUTES_PER_DAY: u16 = 24 * MINUTES_PER_HOUR;
const DAYS_PER_WEEK: u8 = 7;

/// A window from `start` up to, not including, `end`. When `end` is not after `start` it runs past midnight and
/// belongs to the day on which it starts; equal ends make it a whole day long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window<'a> {
    days: &'a [Day],
    start: u16,
    end: u16,
}

impl<'a> Window<'a> {
    /// Reads a window.
    ///
    /// # Errors
    /// [`Refusal::InvalidConfig`] when a time is not `hh:mm` from `00:00` to `23:59`; the end may also be `24:00`.
    pub fn try_new(text: &'a WindowText) -> Result<Self, Refusal> {
        let start = parse_minute(&text.start).filter(|minute| *minute < MINUTES_PER_DAY);
        let (Some(start), Some(end)) = (start, parse_minute(&text.end)) else {
            return Err(Refusal::InvalidConfig(format!(
                "no window: `{}` to `{}`, expected hh:mm",
                text.start, text.end
            )));
        };
        Ok(Self { days: &text.days, start, end })
    }

    /// Whether the time falls into the window.
    pub fn contains(&self, now: &LocalTime) -> bool {
        let minute = now.minute_of_day;
        let starts_today = self.names(now.weekday);
        if self.start < self.end {
            return starts_today && self.start <= minute && minute < self.end;
        }
        let started_yesterday = self.names(day_before(now.weekday));
        (starts_today && minute >= self.start) || (started_yesterday && minute < self.end)
    }

    fn names(&self, weekday: u8) -> bool {
        self.days.iter().any(|day| *day as u8 == weekday)
    }
}

fn day_before(weekday: u8) -> u8 {
    if weekday <= 1 { DAYS_PER_WEEK } else { weekday - 1 }
}

/// Minutes since midnight of `hh:mm`, up to `24:00`.
fn parse_minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let minutes: u16 = minutes.parse().ok().filter(|minutes| *minutes < MINUTES_PER_HOUR)?;
    let minute = hours.parse::<u16>().ok()? * MINUTES_PER_HOUR + minutes;
    (minute <= MINUTES_PER_DAY).then_some(minute)
}
