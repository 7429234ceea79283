//! Amounts between minor units and what providers write, without a float.

use serde_json::Number;

/// Minor units of an amount that a provider writes in whole units with at most two decimals: `1500`, `1500.00`, `0.5`.
/// None for anything else.
pub fn minor_of_decimal(number: &Number) -> Option<i64> {
    let text = number.to_string();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (cents, rest) = decimals.split_at(decimals.len().min(2));
    if whole.is_empty() || !digits(whole) || !digits(cents) || !rest.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let cents: i64 = match cents.len() {
        0 => 0,
        1 => cents.parse::<i64>().ok()? * 10,
        _ => cents.parse().ok()?,
    };
    whole.checked_mul(100)?.checked_add(cents)
}

/// Whole units of an amount in minor units; none when something is left over, or it is not above zero.
pub fn whole_units(minor: i64) -> Option<i64> {
    (minor > 0 && minor % 100 == 0).then_some(minor / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<i64> {
        minor_of_decimal(&serde_json::from_str(text).ok()?)
    }

    #[test]
    fn reads_what_providers_write() {
        for (text, minor) in [
            ("1", 100),
            ("1.00", 100),
            ("1.5", 150),
            ("2500.0", 250_000),
            ("0.05", 5),
            ("0", 0),
            ("1e3", 100_000),
        ] {
            assert_eq!(read(text), Some(minor), "{text}");
        }
        for odd in ["-1", "1.001", "92233720368547758070"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn has_whole_units_only_where_nothing_is_left() {
        assert_eq!(whole_units(250_000), Some(2_500));
        for odd in [0, -100, 50, 250_001] {
            assert_eq!(whole_units(odd), None);
        }
    }
}
