//! What is booked for what: one file for each occasion. A template takes the facts and gives the entry; it decides which
//! accounts an occasion touches, and nothing else does.

mod balance_adjustment;
mod cash_sale;
mod cost_of_goods;
mod credit_sale;
mod deposit;
mod expense;
mod processor_fee;
mod purchase;
mod refund;
mod repayment;
mod reversal;
mod share;
mod supplier_payment;
mod transfer;
mod variance;
mod write_off;

use jiff::civil::Date;
use soko_kernel::Currency;

pub use balance_adjustment::balance_adjustment;
pub use cash_sale::cash_sale;
pub use cost_of_goods::cost_of_goods;
pub use credit_sale::credit_sale;
pub use deposit::{from_deposit, to_account};
pub use expense::expense;
pub use processor_fee::processor_fee;
pub use purchase::{Purchase, purchase};
pub use refund::refund;
pub use repayment::repayment;
pub use reversal::reversal;
pub use share::TaxedAmount;
pub use supplier_payment::supplier_payment;
pub use transfer::transfer;
pub use variance::variance;
pub use write_off::{Loss, write_off};

/// The day to which an entry counts, and the currency of its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// The day, in the channel's time zone.
    pub date: Date,
    /// The channel's currency.
    pub currency: Currency,
}

#[cfg(test)]
mod tests;
