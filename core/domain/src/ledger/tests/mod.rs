//! The books over a real store.
#![expect(clippy::unwrap_used, reason = "a failed test")]

mod desk;
mod model;
mod refusals;
mod sums;

use jiff::civil::Date;
use soko_kernel::{Currency, CustomerId, ListQuery, OrderId, PaymentId};

use super::chart::*;
use super::templates::{TaxedAmount, cash_sale, credit_sale, repayment};
use super::*;
use desk::Desk;

const ORDER: OrderId = OrderId(1);
const CUSTOMER: CustomerId = CustomerId(7);

#[tokio::test]
async fn books_a_sale_once_and_shows_it_everywhere() {
    let desk = Desk::open().await;
    let sale = || {
        let taxed = TaxedAmount { gross: 11_600, tax: 1_600 };
        cash_sale(desk.today(), PaymentId(1), ORDER, CASH_ON_HAND.into(), taxed).unwrap()
    };
    let id = desk.post(sale()).await.unwrap().unwrap();
    assert_eq!(desk.post(sale()).await.unwrap(), Some(id), "the same payment is one sale");
    assert_eq!(desk.balance(CASH_ON_HAND).await, 11_600);
    assert_eq!(desk.balance(SALES).await, 10_000);
    assert_eq!(desk.balance(TAX_PAYABLE).await, 1_600);
    let entries = desk.ledger.list_entries(&desk.actor, &ListQuery::default()).await.unwrap();
    assert_eq!((entries.total, entries.items[0].id), (1, id));
    let postings = desk.ledger.postings_of(&desk.actor, &[id]).await.unwrap();
    assert_eq!(postings[&id].iter().map(|posting| posting.amount).collect::<Vec<_>>(), [10_000, 1_600]);
    assert!(postings[&id].iter().all(|posting| posting.tags.order == Some(ORDER)));
}

#[tokio::test]
async fn knows_what_a_customer_owes_for_which_order() {
    let desk = Desk::open().await;
    let taxed = |gross| TaxedAmount { gross, tax: 0 };
    for (payment, order, gross) in [(1, 1, 500), (2, 2, 300)] {
        let sale = credit_sale(desk.today(), PaymentId(payment), OrderId(order), CUSTOMER, taxed(gross));
        desk.post(sale.unwrap()).await.unwrap();
    }
    assert_eq!(desk.owed_by(CUSTOMER).await, 800);
    assert_eq!(desk.owed_by(CustomerId(8)).await, 0);
    let paid = repayment(
        desk.today(),
        1,
        CUSTOMER,
        &CASH_ON_HAND.into(),
        &[(Some(OrderId(1)), 500), (Some(OrderId(2)), 100), (None, 50)],
    );
    desk.post(paid.unwrap()).await.unwrap();
    assert_eq!(desk.owed_by(CUSTOMER).await, 150);
    assert_eq!(desk.owed_by_order(CUSTOMER).await, [(Some(OrderId(2)), 200), (None, -50)]);
}

#[tokio::test]
async fn takes_back_once_by_the_opposite() {
    let desk = Desk::open().await;
    let id = desk.spend("tea", 70).await.unwrap().id;
    let reversal = desk.ledger.reverse(&desk.actor, id, "Booked twice".to_owned()).await.unwrap();
    assert_eq!(reversal.reversal_of, Some(id));
    assert_eq!(desk.balance(EXPENSES).await, 0);
    assert_eq!(desk.balance(CASH_ON_HAND).await, 0);
    let reversed = desk.ledger.find_entry(&desk.actor, id).await.unwrap().unwrap();
    assert_eq!(reversed.reversed_by, Some(reversal.id));
    for again in [id, reversal.id] {
        let refused = desk.ledger.reverse(&desk.actor, again, "Again".to_owned()).await;
        assert!(matches!(refused, Err(LedgerError::AlreadyReversed(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn states_an_account_day_by_day() {
    let desk = Desk::open().await;
    let day = |day| Date::constant(2025, 12, day);
    for (reference, amount, on) in [("c", 30, 20), ("a", 10, 18), ("b", 20, 19), ("d", 40, 21)] {
        desk.spend_on(reference, amount, day(on)).await.unwrap();
    }
    let till = desk.account(CASH_ON_HAND).await.id;
    let period = Period { from: day(19), to: day(20) };
    let page = ListQuery::default();
    let statement = desk.ledger.statement(&desk.actor, till, None, period, &page).await.unwrap();
    assert_eq!((statement.opening, statement.closing), (-10, -60));
    let lines: Vec<_> =
        statement.lines.items.iter().map(|line| (line.date, line.amount, line.balance)).collect();
    assert_eq!(lines, [(day(19), -20, -30), (day(20), -30, -60)]);
    assert_eq!(statement.lines.total, 2);
    let second = ListQuery::try_new(Some(1), Some(1), vec![], None).unwrap();
    let second = desk.ledger.statement(&desk.actor, till, None, period, &second).await.unwrap();
    assert_eq!(second.lines.items, statement.lines.items[1..], "each page knows the balance before it");
    let backwards = Period { from: day(20), to: day(19) };
    let refused = desk.ledger.statement(&desk.actor, till, None, backwards, &page).await;
    assert!(matches!(refused, Err(LedgerError::InvalidPeriod)), "{refused:?}");
    let expenses = desk.account(EXPENSES).await.id;
    assert!(statement.lines.items.iter().all(|line| line.other_account == expenses));
    let then = desk.ledger.trial_balance(&desk.actor, Some(day(19))).await.unwrap();
    assert_eq!(then.iter().find(|balance| balance.account == till).unwrap().credits, 30);
    assert_eq!(then.iter().map(|balance| balance.net().unwrap()).sum::<i64>(), 0);
}

#[tokio::test]
async fn books_nothing_for_a_closed_day() {
    let desk = Desk::open().await;
    let yesterday = desk.today().date.yesterday().unwrap();
    assert_eq!(desk.ledger.closed_through(&desk.actor).await.unwrap(), None);
    desk.spend_on("before", 10, yesterday).await.unwrap();
    for not_over in [desk.today().date, desk.today().date.tomorrow().unwrap()] {
        let refused = desk.ledger.close_period(&desk.actor, not_over).await;
        assert!(matches!(refused, Err(LedgerError::InvalidClosing(_))), "{refused:?}");
    }
    desk.ledger.close_period(&desk.actor, yesterday).await.unwrap();
    let again = desk.ledger.close_period(&desk.actor, yesterday).await;
    assert!(matches!(again, Err(LedgerError::InvalidClosing(_))), "{again:?}");
    let late = desk.spend_on("late", 10, yesterday).await;
    assert!(matches!(late, Err(LedgerError::PeriodClosed { .. })), "{late:?}");
    assert_eq!(desk.balance(EXPENSES).await, 10, "nothing of it is booked");
    desk.spend("today", 5).await.unwrap();
    assert_eq!(desk.balance(EXPENSES).await, 15);
    let balances = desk.ledger.balances(&desk.actor).await.unwrap();
    assert_eq!(balances, desk.ledger.replayed_balances(&desk.actor).await.unwrap());
}

#[tokio::test]
async fn keeps_the_books_of_two_channels_apart() {
    let desk = Desk::open().await;
    let id = desk.spend("tea", 70).await.unwrap().id;
    let other = desk.store.add_channel("other").await;
    assert_eq!(desk.ledger.find_entry(&other, id).await.unwrap(), None);
    assert!(desk.ledger.balances(&other).await.unwrap().is_empty());
    assert_eq!(desk.ledger.list_entries(&other, &ListQuery::default()).await.unwrap().total, 0);
    let refused = desk.ledger.reverse(&other, id, "Not mine".to_owned()).await;
    assert!(matches!(refused, Err(LedgerError::UnknownEntry(_))), "{refused:?}");
    let till = desk.account(CASH_ON_HAND).await.id;
    let period = Period { from: desk.today().date, to: desk.today().date };
    let foreign = desk.ledger.statement(&other, till, None, period, &ListQuery::default()).await;
    assert!(matches!(foreign, Err(LedgerError::UnknownAccount(_))), "{foreign:?}");
    assert!(desk.ledger.postings_of(&other, &[id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_store_itself_refuses_to_change_what_is_booked() {
    let desk = Desk::open().await;
    desk.spend("tea", 70).await.unwrap();
    let scope = desk.store.scope();
    for change in [
        "UPDATE journal_posting SET amount = amount + 1",
        "DELETE FROM journal_posting",
        "UPDATE journal_entry SET memo = 'x'",
        "DELETE FROM journal_entry",
        "INSERT INTO journal_posting (channel_id, entry_id, debit_account_id, credit_account_id, amount, currency, \
         entry_date) SELECT channel_id, entry_id, debit_account_id, debit_account_id, 1, 'KES', '2026-01-01' \
         FROM journal_posting",
        "INSERT INTO journal_posting (channel_id, entry_id, debit_account_id, credit_account_id, amount, currency, \
         entry_date) SELECT channel_id, entry_id, debit_account_id, credit_account_id, 0, 'KES', '2026-01-01' \
         FROM journal_posting",
    ] {
        let changed: Result<u64, soko_infra::DatabaseError> =
            desk.store.database.write(scope, async move |tx| tx.execute(change, ()).await).await;
        assert!(changed.is_err(), "{change}");
    }
    assert_eq!(desk.balance(EXPENSES).await, 70);
}

#[tokio::test]
async fn counts_currencies_apart() {
    let desk = Desk::open().await;
    let occasion = templates::Occasion { currency: Currency::parse("USD").unwrap(), ..desk.today() };
    desk.post(templates::expense(occasion, "usd", CASH_ON_HAND.into(), 3, "Visa").unwrap()).await.unwrap();
    desk.spend("tea", 70).await.unwrap();
    let till = desk.account(CASH_ON_HAND).await.id;
    let balances = desk.ledger.balances(&desk.actor).await.unwrap();
    let of_till = balances.iter().filter(|balance| balance.account == till);
    assert_eq!(of_till.map(|balance| balance.credits).collect::<Vec<_>>(), [70, 3]);
}
