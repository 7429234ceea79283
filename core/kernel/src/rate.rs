//! Rates of tax in parts per million, and the one place where tax is rounded.

use crate::money::MoneyError;

const MILLION: i128 = 1_000_000;

/// A rate of tax in parts per million: 16 % is 160,000. From 0 to 1,000 %.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct TaxRatePpm(i64);

impl TaxRatePpm {
    /// No tax.
    pub const ZERO: Self = Self(0);
    /// The highest rate that is accepted: 1,000 %.
    pub const MAX: Self = Self(10_000_000);

    /// The rate, if it is between zero and [`Self::MAX`].
    pub fn try_new(ppm: i64) -> Option<Self> {
        (0..=Self::MAX.0).contains(&ppm).then_some(Self(ppm))
    }

    /// The rate in parts per million.
    pub const fn ppm(self) -> i64 {
        self.0
    }

    /// The price with tax of a price without, in minor units: `price × (1 + rate)`, rounded half up.
    ///
    /// # Errors
    /// Overflow.
    pub fn gross_of(self, net: i64) -> Result<i64, MoneyError> {
        scale(net, MILLION + i128::from(self.0), MILLION)
    }

    /// The price without tax of a price with, in minor units: `price ÷ (1 + rate)`, rounded half up.
    ///
    /// # Errors
    /// Overflow.
    pub fn net_of(self, gross: i64) -> Result<i64, MoneyError> {
        scale(gross, MILLION, MILLION + i128::from(self.0))
    }
}

fn scale(amount: i64, numerator: i128, denominator: i128) -> Result<i64, MoneyError> {
    let scaled = round_half_up(i128::from(amount) * numerator, denominator);
    i64::try_from(scaled).map_err(|_| MoneyError::Overflow)
}

/// `numerator ÷ denominator` to the nearest whole number, halves up (towards positive infinity, as the clients of
/// this API round: -2.5 becomes -2). The denominator is positive.
pub fn round_half_up(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    #[test]
    fn rounds_halves_up() {
        let cases =
            [(5, 2, 3), (-5, 2, -2), (7, 2, 4), (-7, 2, -3), (4, 2, 2), (1, 3, 0), (2, 3, 1), (-2, 3, -1)];
        for (numerator, denominator, rounded) in cases {
            assert_eq!(round_half_up(numerator, denominator), rounded, "{numerator}/{denominator}");
        }
    }

    #[test]
    fn adds_and_removes_tax() {
        let vat = TaxRatePpm::try_new(160_000).unwrap();
        assert_eq!(vat.gross_of(10_000).unwrap(), 11_600);
        assert_eq!(vat.net_of(11_600).unwrap(), 10_000);
        assert_eq!(vat.net_of(100).unwrap(), 86);
        assert_eq!(vat.gross_of(i64::MAX), Err(MoneyError::Overflow));
        assert_eq!(TaxRatePpm::try_new(-1), None);
        assert_eq!(TaxRatePpm::try_new(10_000_001), None);
    }
}
