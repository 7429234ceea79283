//! Times as providers write them.

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// A moment as `YYYYMMDDHHmmss` at an offset of so many minutes from UTC.
pub fn compact(unix_ms: i64, offset_minutes: i64) -> String {
    let local = unix_ms + offset_minutes * 60_000;
    let (days, rest) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS) / 1_000);
    let (year, month, day) = civil(days);
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", rest / 3_600, rest / 60 % 60, rest % 60)
}

/// The date so many days after 1970-01-01, by the proleptic Gregorian calendar (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_local_time() {
        assert_eq!(compact(0, 0), "19700101000000");
        assert_eq!(compact(1_780_219_800_123, 180), "20260531123000");
        assert_eq!(compact(1_709_164_799_000, 0), "20240228235959");
        assert_eq!(compact(1_709_164_800_000, 0), "20240229000000");
        assert_eq!(compact(-1_000, 0), "19691231235959");
    }
}
