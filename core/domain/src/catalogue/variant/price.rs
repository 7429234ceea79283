//! A variant's price as clients send it: alone, or by currency.

use soko_kernel::Currency;

use crate::catalogue::error::CatalogueError;

/// What a client says of a variant's price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceInput {
    /// In the channel's currency, in minor units. An entry of the next field stands in its place.
    pub minor: Option<i64>,
    /// By currency.
    pub by_currency: Vec<CurrencyPrice>,
}

/// A price in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyPrice {
    /// The currency.
    pub currency: Currency,
    /// Minor units.
    pub minor: i64,
    /// Whether the price is taken away.
    pub delete: bool,
}

impl PriceInput {
    /// The list price, in minor units of the only currency that the channel sells in; `None` when the client says
    /// nothing of it.
    ///
    /// # Errors
    /// A price in another currency, two in this one, or one that is taken away: a variant always has its price.
    pub fn in_currency(&self, sold_in: Currency) -> Result<Option<i64>, CatalogueError> {
        let mut price = None;
        for entry in &self.by_currency {
            if entry.currency != sold_in {
                return Err(CatalogueError::CurrencyNotSold { asked: entry.currency, sold_in });
            }
            if entry.delete {
                return Err(CatalogueError::PriceNeeded(sold_in));
            }
            if price.replace(entry.minor).is_some() {
                return Err(CatalogueError::TwoPrices(sold_in));
            }
        }
        Ok(price.or(self.minor))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    const KES: Currency = Currency::KES;

    fn price(minor: i64) -> CurrencyPrice {
        CurrencyPrice { currency: KES, minor, delete: false }
    }

    fn of(minor: Option<i64>, by_currency: &[CurrencyPrice]) -> Result<Option<i64>, CatalogueError> {
        PriceInput { minor, by_currency: by_currency.to_vec() }.in_currency(KES)
    }

    #[test]
    fn reads_the_price_in_the_channels_currency() {
        assert!(matches!(of(None, &[]), Ok(None)));
        assert!(matches!(of(Some(5), &[]), Ok(Some(5))));
        assert!(matches!(of(Some(5), &[price(7)]), Ok(Some(7))));
    }

    #[test]
    fn refuses_other_currencies_and_variants_without_a_price() {
        let dollars = CurrencyPrice { currency: Currency::parse("USD").unwrap(), ..price(1) };
        assert!(matches!(of(Some(5), &[dollars]), Err(CatalogueError::CurrencyNotSold { sold_in: KES, .. })));
        assert!(matches!(of(None, &[price(1), price(1)]), Err(CatalogueError::TwoPrices(KES))));
        let gone = CurrencyPrice { delete: true, ..price(1) };
        assert!(matches!(of(None, &[gone]), Err(CatalogueError::PriceNeeded(KES))));
    }
}
