//! An amount that contains tax.

use crate::ledger::error::LedgerError;

/// A part of what an order costs, and the tax in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxedAmount {
    /// With tax, minor units.
    pub gross: i64,
    /// The tax in it, minor units.
    pub tax: i64,
}

impl TaxedAmount {
    /// The share of an order's tax that a payment carries, when `before` was paid earlier. The shares of payments which add
    /// up to the order's total add up to its tax, whatever the amounts.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`]; [`LedgerError::NegativeAmount`] when something is below zero.
    pub fn of_payment(order: Self, before: i64, gross: i64) -> Result<Self, LedgerError> {
        for amount in [order.gross, order.tax, before, gross] {
            if amount < 0 {
                return Err(LedgerError::NegativeAmount(amount));
            }
        }
        let paid = before.checked_add(gross).ok_or(LedgerError::Overflow)?;
        let tax = order.tax_in(paid)?.checked_sub(order.tax_in(before)?).ok_or(LedgerError::Overflow)?;
        Ok(Self { gross, tax })
    }

    /// Without tax, minor units.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn net(self) -> Result<i64, LedgerError> {
        self.gross.checked_sub(self.tax).ok_or(LedgerError::Overflow)
    }

    /// The tax in the first `paid` units of the order, rounded down.
    fn tax_in(self, paid: i64) -> Result<i64, LedgerError> {
        if self.gross == 0 {
            return Ok(0);
        }
        // Two factors of 63 bits each cannot overflow 128.
        let tax = i128::from(self.tax) * i128::from(paid) / i128::from(self.gross);
        i64::try_from(tax).map_err(|_| LedgerError::Overflow)
    }
}
