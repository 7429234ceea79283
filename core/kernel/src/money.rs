//! Money: whole minor units and their currency. Every operation is checked.

use crate::locale::Currency;

/// An amount in minor units (cents for KES and EUR), and its currency. May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// An operation on money that has no exact answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit into 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// The amounts are in different currencies.
    #[error("the amounts are in {0} and {1}")]
    CurrencyMismatch(Currency, Currency),
}

impl Money {
    /// `minor` minor units of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// No money.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Overflow, or another currency.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_add(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// Overflow, or another currency.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_sub(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    /// The amount a whole number of times.
    ///
    /// # Errors
    /// Overflow.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        self.minor.checked_mul(count).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    /// The sum of amounts of one currency; zero for none.
    ///
    /// # Errors
    /// Overflow, or another currency.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// Splits the amount in proportion to `weights`, so that the parts sum to the whole: each part is rounded
    /// towards zero, and what is left goes one minor unit at a time to the first parts with a weight. All weights
    /// zero: everything goes to the first part. No weights: no parts, for zero only.
    ///
    /// # Errors
    /// Overflow; also when a weight is negative or money would be left without a part.
    pub fn prorate(self, weights: &[i64]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if weights.iter().any(|weight| *weight < 0) || (weights.is_empty() && self.minor != 0) {
            return Err(MoneyError::Overflow);
        }
        if total == 0 {
            let first = std::iter::once(self.minor).chain(std::iter::repeat(0));
            return Ok(first.take(weights.len()).map(|minor| Self { minor, ..self }).collect());
        }
        let share = |weight: &i64| i128::from(self.minor) * i128::from(*weight) / total;
        let mut parts: Vec<i64> = Vec::with_capacity(weights.len());
        for weight in weights {
            parts.push(i64::try_from(share(weight)).map_err(|_| MoneyError::Overflow)?);
        }
        let mut rest = self.minor - parts.iter().sum::<i64>();
        let unit = rest.signum();
        for (part, weight) in parts.iter_mut().zip(weights) {
            if rest != 0 && *weight > 0 {
                *part += unit;
                rest -= unit;
            }
        }
        Ok(parts.into_iter().map(|minor| Self { minor, ..self }).collect())
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const KES: Currency = Currency::KES;

    fn kes(minor: i64) -> Money {
        Money::new(minor, KES)
    }

    #[test]
    fn refuses_overflow_and_mixed_currencies() {
        assert_eq!(kes(i64::MAX).plus(kes(1)), Err(MoneyError::Overflow));
        assert_eq!(kes(i64::MIN).minus(kes(1)), Err(MoneyError::Overflow));
        assert_eq!(kes(i64::MAX / 2).times(3), Err(MoneyError::Overflow));
        let eur = Currency::parse("EUR").unwrap();
        assert_eq!(kes(1).plus(Money::new(1, eur)), Err(MoneyError::CurrencyMismatch(KES, eur)));
    }

    #[test]
    fn splits_without_losing_a_cent() {
        let minors = |parts: Vec<Money>| parts.into_iter().map(Money::minor).collect::<Vec<_>>();
        assert_eq!(minors(kes(-100).prorate(&[1, 1, 1]).unwrap()), [-34, -33, -33]);
        assert_eq!(minors(kes(5).prorate(&[0, 2, 1]).unwrap()), [0, 4, 1]);
        assert_eq!(minors(kes(7).prorate(&[0, 0]).unwrap()), [7, 0]);
        assert_eq!(
            minors(kes(i64::MAX).prorate(&[i64::MAX, i64::MAX]).unwrap()).iter().sum::<i64>(),
            i64::MAX
        );
        assert!(kes(1).prorate(&[]).is_err());
        assert!(kes(1).prorate(&[-1, 2]).is_err());
    }
}
