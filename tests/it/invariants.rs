//! That each invariant notices what breaks it: the data are broken on purpose, in a transaction that is taken back.

use std::collections::BTreeSet;

use serde_json::json;
use soko_infra::db::Dialect;
use soko_infra::{DataScope, Database, DatabaseError, Tx};
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::{TestServer, invariants, with_server};

use crate::credit::buy_on_account;

/// What is done to the data, and the invariant that must notice.
#[derive(Debug, Clone, Copy)]
struct Tampering {
    breaks: &'static str,
    /// What lets the store take it, where its own constraints would not: on SQLite and on PostgreSQL.
    disarm: Option<[&'static str; 2]>,
    sql: &'static str,
}

const fn of(breaks: &'static str, sql: &'static str) -> Tampering {
    Tampering { breaks, disarm: None, sql }
}

/// Has a tampering begin with what lets the store take it.
const fn disarmed(tampering: Tampering, disarm: [&'static str; 2]) -> Tampering {
    Tampering { disarm: Some(disarm), ..tampering }
}

const PAID: &str = "an order that is placed is paid in full, and none twice";
const PAID_FOR_NOTHING: &str = "who paid has an order";
const TOTALS: &str = "the total of an order is the sum of its parts";
const ALLOCATED: &str = "the units that are spoken for are those of paid orders";
const OVERSOLD: &str = "no stock is below zero";
const HELD: &str = "units are held for the lines of those who are paying";
const BOOKED: &str = "a payment that is settled is booked once, for its amount";
const BOOKED_FOR_NOTHING: &str = "a payment is booked only when it is settled";
const ENTRIES: &str = "an entry has postings of its own channel, currency and day";
const CLOSED: &str = "the sums that a closing kept are those of its postings";
const PARTIES: &str = "what is kept of a party is what its postings say";
const OVER_LIMIT: &str = "nobody owes more than their credit limit";
const STATED: &str = "that an order was placed is stated once";
const UNTOLD: &str = "who is written down as told has a message";
const ACKNOWLEDGED: &str = "an order of which a client was told that it is paid is there, and paid once";

const PAY_AGAIN: &str = "INSERT INTO payment (channel_id, order_id, method, handler, amount, state, metadata, created_at, \
     updated_at) SELECT channel_id, order_id, method, handler, amount, state, metadata, created_at, updated_at \
     FROM payment WHERE state = 'Settled'";
const STATE_AGAIN: &str = "INSERT INTO outbox (channel_id, name, payload, created_at) \
     SELECT channel_id, name, payload, created_at FROM outbox WHERE name = 'order.placed'";
const FORGET_PLACED: &str = "UPDATE customer_order SET placed_at = NULL WHERE state = 'PaymentSettled'";
const UNPAY: &str = "UPDATE payment SET state = 'Cancelled' WHERE state = 'Settled'";
const LOSE_PAYMENTS: &str = "DELETE FROM payment";
const PAY_MORE: &str = "UPDATE payment SET amount = amount + 1 WHERE state = 'Settled'";
const CHANGE_BOOKS: &str = "UPDATE journal_posting SET amount = amount + 1";
const BOOK_TWICE: &str = "INSERT INTO journal_entry (channel_id, entry_date, source_type, source_id, currency, memo, \
     posted_at) SELECT channel_id, entry_date, source_type, source_id, currency, memo, posted_at FROM journal_entry";
/// The walls that keep the books are down.
const BOOKS_OPEN: [&str; 2] = [
    "DROP TRIGGER journal_posting_update; DROP TRIGGER journal_entry_update",
    "ALTER TABLE journal_posting DISABLE TRIGGER USER; ALTER TABLE journal_entry DISABLE TRIGGER USER",
];
const POSTINGS_ANYWHERE: [&str; 2] = [
    "DROP TRIGGER journal_posting_update; PRAGMA defer_foreign_keys = ON",
    "ALTER TABLE journal_posting DISABLE TRIGGER USER; \
     ALTER TABLE journal_posting DROP CONSTRAINT journal_posting_channel_id_entry_id_fkey; \
     ALTER TABLE journal_posting DROP CONSTRAINT journal_posting_channel_id_debit_account_id_fkey; \
     ALTER TABLE journal_posting DROP CONSTRAINT journal_posting_channel_id_credit_account_id_fkey; \
     ALTER TABLE journal_posting DROP CONSTRAINT journal_posting_channel_id_fkey",
];

const TAMPERINGS: &[Tampering] = &[
    of(PAID, "UPDATE payment SET amount = amount - 1 WHERE state = 'Settled'"),
    of(PAID, PAY_AGAIN),
    of(PAID, UNPAY),
    of(PAID, LOSE_PAYMENTS),
    of(PAID, FORGET_PLACED),
    of(PAID_FOR_NOTHING, FORGET_PLACED),
    of(PAID_FOR_NOTHING, "UPDATE customer_order SET active = TRUE WHERE state = 'PaymentSettled'"),
    of(TOTALS, "UPDATE customer_order SET sub_total_with_tax = sub_total_with_tax + 1"),
    of(TOTALS, "UPDATE customer_order SET total_quantity = total_quantity + 1"),
    of(
        TOTALS,
        "UPDATE customer_order SET shipping = shipping + 1, shipping_with_tax = shipping_with_tax + 1",
    ),
    of(TOTALS, "UPDATE order_line SET unit_list_price = unit_list_price + 1"),
    of(TOTALS, "UPDATE order_line SET quantity = quantity + 1"),
    of(TOTALS, "UPDATE order_line SET list_price_includes_tax = FALSE"),
    of(ALLOCATED, "UPDATE stock_level SET allocated = allocated + 1 WHERE allocated > 0"),
    of(ALLOCATED, "UPDATE stock_level SET allocated = 0 WHERE allocated > 0"),
    of(ALLOCATED, "UPDATE customer_order SET state = 'Cancelled' WHERE state = 'PaymentSettled'"),
    of(OVERSOLD, "UPDATE stock_level SET on_hand = allocated - 1 WHERE allocated > 0"),
    of(OVERSOLD, "UPDATE stock_level SET on_hand = -1"),
    of(HELD, "UPDATE stock_hold SET quantity = quantity + 1"),
    of(HELD, "UPDATE customer_order SET state = 'AddingItems' WHERE state = 'ArrangingPayment'"),
    of(HELD, "DELETE FROM order_line WHERE order_id IN (SELECT order_id FROM stock_hold)"),
    of(HELD, "UPDATE stock_hold SET order_id = -1"),
    of(BOOKED, PAY_MORE),
    of(BOOKED, PAY_AGAIN),
    disarmed(of(BOOKED, CHANGE_BOOKS), BOOKS_OPEN),
    disarmed(
        of(BOOKED, "UPDATE journal_entry SET source_id = '-1' WHERE source_type = 'Payment'"),
        BOOKS_OPEN,
    ),
    disarmed(of(BOOKED_FOR_NOTHING, "UPDATE journal_entry SET source_id = '-1'"), BOOKS_OPEN),
    of(BOOKED_FOR_NOTHING, UNPAY),
    of(BOOKED_FOR_NOTHING, LOSE_PAYMENTS),
    of(
        ENTRIES,
        "INSERT INTO journal_entry (channel_id, entry_date, source_type, source_id, currency, memo, posted_at) \
         SELECT channel_id, entry_date, 'Tampering', source_id, currency, memo, posted_at FROM journal_entry",
    ),
    disarmed(of(ENTRIES, "UPDATE journal_posting SET currency = 'XXX'"), BOOKS_OPEN),
    disarmed(of(ENTRIES, "UPDATE journal_posting SET entry_date = '2020-02-02'"), BOOKS_OPEN),
    disarmed(of(ENTRIES, "UPDATE journal_posting SET channel_id = channel_id + 1"), POSTINGS_ANYWHERE),
    of(CLOSED, "UPDATE ledger_checkpoint_balance SET debits = debits + 1"),
    of(CLOSED, "UPDATE ledger_checkpoint_balance SET credits = credits - 1"),
    disarmed(of(CLOSED, CHANGE_BOOKS), BOOKS_OPEN),
    of(PARTIES, "UPDATE ledger_party_balance SET amount = amount + 1"),
    of(PARTIES, "DELETE FROM ledger_party_balance"),
    of(OVER_LIMIT, "UPDATE credit_account SET credit_limit = 0"),
    of(OVER_LIMIT, "UPDATE ledger_party_balance SET amount = amount + 1 WHERE amount > 0"),
    of(STATED, "DELETE FROM outbox WHERE name = 'order.placed'"),
    of(STATED, STATE_AGAIN),
    of(UNTOLD, "DELETE FROM inbox_message"),
    of(ACKNOWLEDGED, PAY_AGAIN),
    of(ACKNOWLEDGED, LOSE_PAYMENTS),
    of(ACKNOWLEDGED, "UPDATE customer_order SET state = 'Cancelled' WHERE state = 'PaymentSettled'"),
    of(ACKNOWLEDGED, "UPDATE customer_order SET state = 'ArrangingPayment' WHERE state = 'PaymentSettled'"),
];

/// How a tampering ends: never by a commit.
enum TakenBack {
    /// What is broken by it, after so many rows were changed.
    Broken(u64, Vec<String>),
    Failed(DatabaseError),
}

impl From<DatabaseError> for TakenBack {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error)
    }
}

/// What the invariants say in a transaction with the tampering, which is then rolled back.
async fn tamper(store: &Database, tampering: &'static Tampering, records: Records) -> Vec<String> {
    let work = async move |tx: &mut Tx| {
        let disarm = tampering.disarm.map(|[sqlite, postgres]| match tx.dialect() {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        });
        for sql in disarm.into_iter().flat_map(|sql| sql.split("; ")) {
            tx.execute(sql, ()).await?;
        }
        let changed = tx.execute(tampering.sql, ()).await?;
        Err::<(), _>(TakenBack::Broken(changed, invariants::find_broken(tx, &records).await?))
    };
    match store.write(DataScope::Platform, work).await {
        Err(TakenBack::Broken(changed, broken)) => {
            assert!(changed > 0, "nothing was broken by {}", tampering.sql);
            broken
        }
        Err(TakenBack::Failed(error)) => panic!("{}: {error}", tampering.sql),
        Ok(()) => panic!("it was kept"),
    }
}

/// A paid order whose sums the books keep, one that is about to be paid, one on account, and what the first customer was
/// told.
async fn trade(server: &TestServer) -> Records {
    let sugar = server.shopper(ALPHA).variant(SUGAR).await;
    let paid = server.shopper(ALPHA).check_out(&sugar, 2, "amina@example.com").await;
    server.shopper(ALPHA).arrange_payment(&sugar, 3, "baraka@example.com").await;
    let close = "mutation { closeAccountingPeriod(through: \"2026-06-30\") }";
    server.administrator(ALPHA).await.query(close, json!({})).await;
    buy_on_account(server).await;
    server.settle().await;
    let id = paid["id"].as_str().and_then(|id| id.parse::<i64>().ok()).expect("an id");
    Records { paid: [id].into(), ..Records::default() }
}

#[test]
fn every_invariant_notices_what_breaks_it() {
    with_server(async |server| {
        let records = trade(server).await;
        invariants::check(server.database(), &records).await;
        for tampering in TAMPERINGS {
            let broken = tamper(server.database(), tampering, records.clone()).await;
            let noticed = broken.iter().any(|what| what.starts_with(tampering.breaks));
            assert!(noticed, "{:?} did not notice {}: {broken:#?}", tampering.breaks, tampering.sql);
        }
        // All of it was taken back.
        invariants::check(server.database(), &records).await;
        let never_there = Records { paid: [i64::MAX].into(), ..Records::default() };
        let broken = server
            .database()
            .read(DataScope::Platform, async |reader| invariants::find_broken(reader, &never_there).await);
        assert_eq!(broken.await.expect("an answer"), [format!("{ACKNOWLEDGED}: {}", i64::MAX)]);
    });
}

/// A domain that adds an invariant adds what breaks it.
#[test]
fn no_invariant_goes_untried() {
    let tried: BTreeSet<&str> = TAMPERINGS.iter().map(|tampering| tampering.breaks).collect();
    assert_eq!(tried, invariants::names().collect());
}

/// What the store itself refuses, so that no invariant has to notice.
#[test]
fn the_store_refuses_to_book_twice_and_to_change_what_is_booked() {
    with_server(async |server| {
        trade(server).await;
        for sql in [BOOK_TWICE, CHANGE_BOOKS] {
            let refused = server
                .database()
                .write(DataScope::Platform, async move |tx: &mut Tx| tx.execute(sql, ()).await.map(|_| ()));
            refused.await.expect_err(sql);
        }
    });
}
