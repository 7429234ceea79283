//! Which accounts each occasion touches, as debits and credits.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use std::collections::BTreeMap;

use soko_kernel::{CustomerId, OrderId, PaymentId, RefundId};

use super::*;
use crate::ledger::chart::*;
use crate::ledger::entity::{NewEntry, Party, Tags};

const TODAY: Occasion = Occasion { date: Date::constant(2026, 1, 1), currency: Currency::KES };
const PAYMENT: PaymentId = PaymentId(1);
const ORDER: OrderId = OrderId(2);
const WHO: CustomerId = CustomerId(3);

/// Debits less credits by account.
fn effect(entry: &NewEntry) -> BTreeMap<&str, i64> {
    let mut effect = BTreeMap::new();
    for leg in &entry.legs {
        *effect.entry(&*leg.debit).or_default() += leg.amount;
        *effect.entry(&*leg.credit).or_default() -= leg.amount;
    }
    effect
}

fn assert_effect(entry: Result<NewEntry, crate::ledger::LedgerError>, expected: &[(&str, i64)]) {
    let entry = entry.unwrap();
    assert_eq!(effect(&entry), expected.iter().copied().collect(), "{:?}", entry.source);
}

#[test]
fn books_each_occasion_where_it_belongs() {
    let taxed = TaxedAmount { gross: 11_600, tax: 1_600 };
    let by = || CASH_ON_HAND.into();
    assert_effect(
        cash_sale(TODAY, PAYMENT, ORDER, by(), taxed),
        &[(CASH_ON_HAND, 11_600), (SALES, -10_000), (TAX_PAYABLE, -1_600)],
    );
    assert_effect(
        credit_sale(TODAY, PAYMENT, ORDER, WHO, taxed),
        &[(ACCOUNTS_RECEIVABLE, 11_600), (SALES, -10_000), (TAX_PAYABLE, -1_600)],
    );
    assert_effect(
        repayment(TODAY, 1, WHO, &by(), &[(Some(ORDER), 500), (None, 50)]),
        &[(CASH_ON_HAND, 550), (ACCOUNTS_RECEIVABLE, -550)],
    );
    assert_effect(
        refund(TODAY, RefundId(1), ORDER, by(), taxed),
        &[(SALES_RETURNS, 10_000), (TAX_PAYABLE, 1_600), (CASH_ON_HAND, -11_600)],
    );
    let sale = cash_sale(TODAY, PAYMENT, ORDER, CLEARING_CREDIT.into(), taxed);
    assert_effect(
        from_deposit(sale.unwrap(), WHO, taxed.gross),
        &[(ACCOUNTS_RECEIVABLE, 11_600), (SALES, -10_000), (TAX_PAYABLE, -1_600), (CLEARING_CREDIT, 0)],
    );
    let given_back = refund(TODAY, RefundId(1), ORDER, CLEARING_CREDIT.into(), taxed);
    assert_effect(
        to_account(given_back.unwrap(), WHO, &[(Some(ORDER), 11_000), (None, 600)]),
        &[
            (SALES_RETURNS, 10_000),
            (TAX_PAYABLE, 1_600),
            (ACCOUNTS_RECEIVABLE, -11_600),
            (CLEARING_CREDIT, 0),
        ],
    );
    let mut bought = Purchase { supplier: WHO, cost: 700, stocked: true, paid_from: None };
    assert_effect(purchase(TODAY, 1, &bought), &[(INVENTORY, 700), (ACCOUNTS_PAYABLE, -700)]);
    bought = Purchase { stocked: false, paid_from: Some(by()), ..bought };
    assert_effect(purchase(TODAY, 1, &bought), &[(PURCHASES, 700), (CASH_ON_HAND, -700)]);
    assert_effect(
        supplier_payment(TODAY, 1, WHO, by(), 300),
        &[(ACCOUNTS_PAYABLE, 300), (CASH_ON_HAND, -300)],
    );
    assert_effect(cost_of_goods(TODAY, 1, ORDER, 40), &[(COGS, 40), (INVENTORY, -40)]);
    assert_effect(write_off(TODAY, 1, Loss::Expired, 40), &[(EXPIRY_LOSS, 40), (INVENTORY, -40)]);
    assert_effect(write_off(TODAY, 1, Loss::Other, 40), &[(INVENTORY_WRITE_OFF, 40), (INVENTORY, -40)]);
    assert_effect(
        transfer(TODAY, 1, (by(), BANK_MAIN.into()), 90, "Banked"),
        &[(BANK_MAIN, 90), (CASH_ON_HAND, -90)],
    );
    assert_effect(expense(TODAY, 1, by(), 20, "Tea"), &[(EXPENSES, 20), (CASH_ON_HAND, -20)]);
    assert_effect(
        processor_fee(TODAY, PAYMENT, ORDER, CLEARING_MPESA.into(), 7),
        &[(PROCESSOR_FEES, 7), (CLEARING_MPESA, -7)],
    );
    assert_effect(variance(TODAY, 1, by(), -5, Tags::default()), &[(CASH_SHORT_OVER, 5), (CASH_ON_HAND, -5)]);
    assert_effect(variance(TODAY, 1, by(), 5, Tags::default()), &[(CASH_ON_HAND, 5), (CASH_SHORT_OVER, -5)]);
    assert_effect(
        balance_adjustment(TODAY, 1, Party::Customer(WHO), &[(Some(ORDER), -3), (None, -5)], "Goodwill"),
        &[(BALANCE_ADJUSTMENT, 8), (ACCOUNTS_RECEIVABLE, -8)],
    );
    assert_effect(
        balance_adjustment(TODAY, 1, Party::Supplier(WHO), &[(None, 8)], "Forgotten bill"),
        &[(BALANCE_ADJUSTMENT, 8), (ACCOUNTS_PAYABLE, -8)],
    );
}

#[test]
fn shares_of_tax_add_up_to_the_order_s() {
    let order = TaxedAmount { gross: 1_000, tax: 138 };
    let mut before = 0;
    let mut tax = 0;
    for gross in [1, 332, 333, 334] {
        let share = TaxedAmount::of_payment(order, before, gross).unwrap();
        assert!(share.tax >= 0 && share.tax <= gross, "{share:?}");
        before += gross;
        tax += share.tax;
    }
    assert_eq!((before, tax), (order.gross, order.tax));
    let largest = TaxedAmount { gross: i64::MAX, tax: i64::MAX };
    assert_eq!(TaxedAmount::of_payment(largest, 0, i64::MAX).unwrap().tax, i64::MAX);
    assert!(TaxedAmount::of_payment(largest, 1, i64::MAX).is_err());
    assert!(TaxedAmount::of_payment(order, 0, -1).is_err());
}

#[test]
fn keeps_no_zero_amounts_and_refuses_negative_ones() {
    let untaxed = TaxedAmount { gross: 100, tax: 0 };
    let sale = cash_sale(TODAY, PAYMENT, ORDER, CASH_ON_HAND.into(), untaxed).unwrap();
    assert_eq!(sale.legs.len(), 1);
    assert!(expense(TODAY, 1, CASH_ON_HAND.into(), -1, "").is_err());
    assert!(variance(TODAY, 1, CASH_ON_HAND.into(), i64::MIN, Tags::default()).is_err());
    let free = cash_sale(TODAY, PAYMENT, ORDER, CASH_ON_HAND.into(), TaxedAmount { gross: 0, tax: 0 });
    assert!(free.unwrap().legs.is_empty());
}
