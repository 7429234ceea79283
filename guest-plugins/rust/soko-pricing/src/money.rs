//! Exact arithmetic on prices, and how amounts and percentages read in a reason.

use crate::OrderLine;

/// The whole in basis points: 10,000 basis points are 100 %, one is 0.01 %.
pub const WHOLE_BASIS_POINTS: u32 = 10_000;

/// What is left of a unit price after `off` basis points are taken from it, rounded half up to the minor unit, so
/// that nobody pays a fraction. Shares beyond the whole leave zero; prices below zero are kept as they are.
pub fn unit_price_after(price: i64, off: u32) -> i64 {
    if price <= 0 {
        return price;
    }
    let left = i128::from(WHOLE_BASIS_POINTS.saturating_sub(off));
    let whole = i128::from(WHOLE_BASIS_POINTS);
    // At most `price`, so the conversion cannot fail.
    i64::try_from((i128::from(price) * left + whole / 2) / whole).unwrap_or(price)
}

/// The share of a unit price, rounded up to the minor unit: a floor stated as a share never ends up lower. At most
/// the price itself.
pub fn unit_share_rounded_up(price: i64, share: u32) -> i64 {
    if price <= 0 {
        return price;
    }
    let whole = i128::from(WHOLE_BASIS_POINTS);
    let product = i128::from(price) * i128::from(share.min(WHOLE_BASIS_POINTS));
    i64::try_from((product + whole - 1) / whole).unwrap_or(price)
}

/// `each` for every unit of the line, in minor units; `None` when that is out of range.
pub fn for_all_units(line: &OrderLine, each: i64) -> Option<i64> {
    each.checked_mul(i64::from(line.quantity))
}

/// An amount as customers read it: `KES 1,250.00`, `UGX 500`.
pub fn show_amount(minor_units: i64, currency: &str) -> String {
    let digits = minor_digits(currency);
    let scale = 10_u64.pow(digits);
    let size = minor_units.unsigned_abs();
    let sign = if minor_units < 0 { "-" } else { "" };
    let whole = group_thousands(size / scale);
    match digits {
        0 => format!("{currency} {sign}{whole}"),
        _ => format!("{currency} {sign}{whole}.{:0width$}", size % scale, width = digits as usize),
    }
}

/// A share as customers read it, without needless zeros: `5%`, `12.5%`, `0.25%`.
pub fn show_percent(basis_points: u32) -> String {
    let (whole, hundredths) = (basis_points / 100, basis_points % 100);
    match (hundredths / 10, hundredths % 10) {
        (0, 0) => format!("{whole}%"),
        (tenths, 0) => format!("{whole}.{tenths}%"),
        (tenths, rest) => format!("{whole}.{tenths}{rest}%"),
    }
}

/// How many digits the minor unit of a currency has (ISO 4217).
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn group_thousands(number: u64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", group_thousands(number / 1_000), number % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_the_unit_price_half_up() {
        assert_eq!(unit_price_after(1_000, 500), 950);
        // 12.5 % off 4 leaves 3.5, which is 4; off 12 leaves 10.5, which is 11.
        assert_eq!(unit_price_after(4, 1_250), 4);
        assert_eq!(unit_price_after(12, 1_250), 11);
        assert_eq!(unit_price_after(10, 3_333), 7);
    }

    #[test]
    fn keeps_shares_within_the_price() {
        for price in [0, 1, 99, i64::MAX] {
            assert_eq!(unit_price_after(price, 0), price);
            assert_eq!(unit_price_after(price, WHOLE_BASIS_POINTS), 0);
            assert_eq!(unit_price_after(price, u32::MAX), 0);
            assert_eq!(unit_share_rounded_up(price, u32::MAX), price);
        }
        assert_eq!(unit_price_after(-5, 500), -5);
        assert_eq!(unit_share_rounded_up(-5, 500), -5);
    }

    #[test]
    fn rounds_a_floor_up() {
        assert_eq!(unit_share_rounded_up(101, 7_000), 71);
        assert_eq!(unit_share_rounded_up(100, 7_000), 70);
    }

    #[test]
    fn shows_amounts_in_their_currency() {
        assert_eq!(show_amount(500, "KES"), "KES 5.00");
        assert_eq!(show_amount(123_456_789, "KES"), "KES 1,234,567.89");
        assert_eq!(show_amount(1_000_005, "KES"), "KES 10,000.05");
        assert_eq!(show_amount(1_500, "UGX"), "UGX 1,500");
        assert_eq!(show_amount(1_500, "KWD"), "KWD 1.500");
        assert_eq!(show_amount(-5, "KES"), "KES -0.05");
        assert_eq!(show_amount(i64::MIN, "UGX"), "UGX -9,223,372,036,854,775,808");
    }

    #[test]
    fn shows_percentages_without_needless_zeros() {
        assert_eq!(show_percent(500), "5%");
        assert_eq!(show_percent(1_250), "12.5%");
        assert_eq!(show_percent(25), "0.25%");
        assert_eq!(show_percent(1_005), "10.05%");
    }
}
