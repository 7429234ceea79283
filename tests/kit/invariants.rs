//! What must hold of a stored platform at every moment, whatever happened to those who served it.
//!
//! Each invariant is a query that finds what breaks it, in words. A domain adds its own by one line in [`INVARIANTS`].
//! All are asked on one snapshot, so that they can be asked under load.

use futures_util::future::BoxFuture;
use soko_domain::ledger::DRIFTED_PARTY_BALANCES;
use soko_infra::db::in_list;
use soko_infra::{DataScope, Database, DatabaseError, Reader};
use sqlx::AssertSqlSafe;

use crate::load::Records;

/// An invariant: what it says, and the query for what breaks it.
type Invariant = (&'static str, fn(&mut Reader) -> BoxFuture<'_, Result<Vec<String>, DatabaseError>>);

/// What clients were told, which is no query's to know.
const ACKNOWLEDGED: &str = "an order of which a client was told that it is paid is there, and paid once";

/// All of them.
const INVARIANTS: &[Invariant] = &[
    ("an order that is placed is paid in full, and none twice", |reader| find(reader, UNPAID)),
    ("who paid has an order", |reader| find(reader, PAID_FOR_NOTHING)),
    ("the total of an order is the sum of its parts", |reader| find(reader, TOTALS)),
    ("the units that are spoken for are those of paid orders", |reader| find(reader, ALLOCATED)),
    ("no stock is below zero", |reader| find(reader, OVERSOLD)),
    ("units are held for the lines of those who are paying", |reader| find(reader, HELD_FOR_NOBODY)),
    ("a payment that is settled is booked once, for its amount", |reader| find(reader, NOT_BOOKED)),
    ("a payment is booked only when it is settled", |reader| find(reader, BOOKED_FOR_NOTHING)),
    ("an entry has postings of its own channel, currency and day", |reader| find(reader, ENTRIES)),
    ("the sums that a closing kept are those of its postings", |reader| find(reader, CHECKPOINTS)),
    ("what is kept of a party is what its postings say", |reader| find(reader, DRIFTED_PARTY_BALANCES)),
    ("nobody owes more than their credit limit", |reader| find(reader, OVER_LIMIT)),
    ("that an order was placed is stated once", |reader| find(reader, STATED)),
    ("who is written down as told has a message", |reader| find(reader, UNTOLD)),
];

const STATED: &str = "SELECT 'channel ' || CAST(channel_id AS TEXT) || ': ' || CAST(SUM(placed) AS TEXT) || ' orders, ' \
     || CAST(SUM(stated) AS TEXT) || ' events' FROM (SELECT channel_id, 1 AS placed, 0 AS stated FROM customer_order \
     WHERE placed_at IS NOT NULL UNION ALL SELECT channel_id, 0, 1 FROM outbox WHERE name = 'order.placed') counted \
     GROUP BY channel_id HAVING SUM(placed) <> SUM(stated)";
const UNTOLD: &str = "SELECT 'event ' || CAST(a.event_id AS TEXT) || ' for user ' || CAST(a.recipient_id AS TEXT) \
     FROM event_action a LEFT JOIN inbox_message m ON m.channel_id = a.channel_id AND m.user_id = a.recipient_id \
     AND m.recipient_type = a.recipient_type AND m.event_id = a.event_id \
     WHERE a.action = 'in_app' AND a.recipient_type = 'administrator' AND m.id IS NULL";
const UNPAID: &str = "SELECT o.code || ' is ' || o.state || ' and was paid ' \
     || CAST(COALESCE(SUM(p.amount), 0) AS TEXT) || ' of ' || CAST(o.sub_total_with_tax + o.shipping_with_tax AS TEXT) \
     FROM customer_order o LEFT JOIN payment p ON p.channel_id = o.channel_id AND p.order_id = o.id \
     AND p.state = 'Settled' \
     WHERE o.state IN ('PaymentSettled', 'PartiallyShipped', 'Shipped', 'PartiallyDelivered', 'Delivered') \
     GROUP BY o.id, o.code, o.state, o.sub_total_with_tax, o.shipping_with_tax, o.placed_at \
     HAVING COALESCE(SUM(p.amount), 0) <> o.sub_total_with_tax + o.shipping_with_tax OR o.placed_at IS NULL";
const PAID_FOR_NOTHING: &str = "SELECT o.code || ' is ' || o.state || ' and has a settled payment' \
     FROM payment p JOIN customer_order o ON o.id = p.order_id \
     WHERE p.state = 'Settled' AND (o.placed_at IS NULL OR o.active)";
// Of orders whose lines have list prices of one kind and no adjustments.
const TOTALS: &str = "SELECT o.code || ' says ' || CAST(o.sub_total_with_tax AS TEXT) || ' and has lines for ' \
     || CAST(SUM(l.unit_list_price * l.quantity) AS TEXT) FROM customer_order o \
     JOIN order_line l ON l.channel_id = o.channel_id AND l.order_id = o.id \
     LEFT JOIN order_shipping_line s ON s.channel_id = o.channel_id AND s.order_id = o.id \
     GROUP BY o.id, o.code, o.sub_total, o.sub_total_with_tax, o.shipping, o.shipping_with_tax, o.total_quantity, \
     s.list_price, s.list_price_includes_tax \
     HAVING MAX(l.adjustments) = '[]' AND (SUM(l.quantity) <> o.total_quantity \
     OR (MIN(CASE WHEN l.list_price_includes_tax THEN 1 ELSE 0 END) = 1 \
     AND SUM(l.unit_list_price * l.quantity) <> o.sub_total_with_tax) \
     OR (MAX(CASE WHEN l.list_price_includes_tax THEN 1 ELSE 0 END) = 0 \
     AND SUM(l.unit_list_price * l.quantity) <> o.sub_total) \
     OR CASE WHEN s.list_price_includes_tax THEN o.shipping_with_tax ELSE o.shipping END \
     <> COALESCE(s.list_price, 0))";
// In one pass: a look at the lines for each variant takes longer than a reader may, after some thousand orders.
const ALLOCATED: &str = "SELECT 'variant ' || CAST(variant_id AS TEXT) || ': ' || CAST(SUM(allocated) AS TEXT) \
     || ' allocated, ' || CAST(SUM(sold) AS TEXT) || ' sold' FROM (SELECT s.variant_id, s.allocated, 0 AS sold, \
     1 AS levels FROM stock_level s UNION ALL SELECT l.variant_id, 0, l.quantity, 0 FROM customer_order o \
     JOIN order_line l ON l.channel_id = o.channel_id AND l.order_id = o.id \
     WHERE o.state IN ('PaymentAuthorized', 'PaymentSettled')) counted GROUP BY variant_id \
     HAVING SUM(levels) > 0 AND SUM(allocated) <> SUM(sold)";
const OVERSOLD: &str = "SELECT 'variant ' || CAST(variant_id AS TEXT) || ' has ' || CAST(SUM(on_hand) AS TEXT) \
     || ' for ' || CAST(SUM(allocated) AS TEXT) FROM stock_level GROUP BY variant_id \
     HAVING SUM(on_hand) < SUM(allocated) OR MIN(on_hand) < 0";
const HELD_FOR_NOBODY: &str = "SELECT COALESCE(o.code || ' is ' || o.state, 'an order that is gone') || ' and holds ' \
     || CAST(h.quantity AS TEXT) \
     FROM stock_hold h LEFT JOIN customer_order o ON o.id = h.order_id \
     LEFT JOIN order_line l ON l.channel_id = h.channel_id AND l.order_id = h.order_id AND l.variant_id = h.variant_id \
     WHERE o.id IS NULL OR o.state <> 'ArrangingPayment' OR l.id IS NULL OR l.quantity <> h.quantity";
const NOT_BOOKED: &str = "SELECT 'payment ' || CAST(p.id AS TEXT) || ' of ' || CAST(p.amount AS TEXT) || ' is booked ' \
     || CAST(COUNT(DISTINCT e.id) AS TEXT) || ' times, with ' || CAST(COALESCE(SUM(g.amount), 0) AS TEXT) \
     FROM payment p LEFT JOIN journal_entry e ON e.channel_id = p.channel_id AND e.source_id = CAST(p.id AS TEXT) \
     AND e.source_type = CASE p.handler WHEN 'customer-credit' THEN 'CreditSale' ELSE 'Payment' END \
     LEFT JOIN journal_posting g ON g.channel_id = e.channel_id AND g.entry_id = e.id \
     AND g.credit_account_id IN (SELECT a.id FROM ledger_account a \
     WHERE a.channel_id = p.channel_id AND a.code IN ('SALES', 'TAX_PAYABLE')) \
     WHERE p.state = 'Settled' GROUP BY p.id, p.amount \
     HAVING COUNT(DISTINCT e.id) <> 1 OR COALESCE(SUM(g.amount), 0) <> p.amount";
const BOOKED_FOR_NOTHING: &str = "SELECT 'entry ' || CAST(e.id AS TEXT) || ' books payment ' || e.source_id \
     FROM journal_entry e LEFT JOIN payment p ON p.channel_id = e.channel_id AND p.id = CASE \
     WHEN e.source_type IN ('Payment', 'CreditSale') THEN CAST(e.source_id AS BIGINT) END \
     WHERE e.source_type IN ('Payment', 'CreditSale') AND (p.id IS NULL OR p.state <> 'Settled')";
// No test lowers a limit below what is owed, or corrects a balance above it.
const OVER_LIMIT: &str = "SELECT 'customer ' || CAST(c.party_id AS TEXT) || ' owes ' || CAST(SUM(b.amount) AS TEXT) \
     || ' of ' || CAST(c.credit_limit AS TEXT) FROM credit_account c JOIN ledger_account a \
     ON a.channel_id = c.channel_id AND a.code = 'ACCOUNTS_RECEIVABLE' JOIN ledger_party_balance b \
     ON b.channel_id = c.channel_id AND b.account_id = a.id AND b.party_type = c.party_type \
     AND b.party_id = c.party_id AND b.amount > 0 WHERE c.party_type = 'customer' \
     GROUP BY c.channel_id, c.party_id, c.credit_limit HAVING SUM(b.amount) > c.credit_limit";
const ENTRIES: &str = "SELECT 'entry ' || CAST(e.id AS TEXT) || ' of ' || e.source_type FROM journal_entry e \
     LEFT JOIN journal_posting g ON g.channel_id = e.channel_id AND g.entry_id = e.id WHERE g.id IS NULL \
     OR g.currency <> e.currency OR g.entry_date <> e.entry_date";
const CHECKPOINTS: &str = "SELECT 'account ' || CAST(b.account_id AS TEXT) || ' was closed with ' \
     || CAST(b.debits AS TEXT) || ' less ' || CAST(b.credits AS TEXT) FROM ledger_checkpoint_balance b \
     JOIN ledger_checkpoint c ON c.channel_id = b.channel_id \
     WHERE b.debits <> (SELECT COALESCE(SUM(g.amount), 0) FROM journal_posting g \
     WHERE g.debit_account_id = b.account_id AND g.currency = b.currency AND g.id <= c.through_posting_id) \
     OR b.credits <> (SELECT COALESCE(SUM(g.amount), 0) FROM journal_posting g \
     WHERE g.credit_account_id = b.account_id AND g.currency = b.currency AND g.id <= c.through_posting_id)";

fn find<'r>(reader: &'r mut Reader, sql: &'static str) -> BoxFuture<'r, Result<Vec<String>, DatabaseError>> {
    let found = reader.fetch_all::<(String,)>(sql, ());
    Box::pin(async { Ok(found.await?.into_iter().map(|(words,)| words).collect()) })
}

/// What every invariant says.
pub fn names() -> impl Iterator<Item = &'static str> {
    INVARIANTS.iter().map(|(name, _)| *name).chain([ACKNOWLEDGED])
}

/// What breaks which invariant, or was acknowledged and is not there: `NAME: WHAT`.
///
/// # Errors
/// A failing store.
pub async fn find_broken(reader: &mut Reader, records: &Records) -> Result<Vec<String>, DatabaseError> {
    let mut broken = Vec::new();
    for (name, query) in INVARIANTS {
        let found = query(reader).await.inspect_err(|error| eprintln!("{name}: {error}"))?;
        broken.extend(found.into_iter().map(|what| format!("{name}: {what}")));
    }
    let paid: Vec<i64> = records.paid.iter().copied().collect();
    for ids in paid.chunks(1_000) {
        let found = lost(reader, ids).await?;
        broken.extend(found.into_iter().map(|id| format!("{ACKNOWLEDGED}: {id}")));
    }
    Ok(broken)
}

/// Checks every invariant, and that every order of which a client was told that it is paid is there and paid, once.
///
/// # Panics
/// When the store cannot be read, or something does not hold; the message is all that does not.
pub async fn check(store: &Database, records: &Records) {
    let broken = store.read(DataScope::Platform, async |reader| find_broken(reader, records).await);
    let broken = broken.await.expect("a store that answers");
    assert!(broken.is_empty(), "{} broken: {:#?}", broken.len(), &broken[..broken.len().min(20)]);
}

/// Those of the acknowledged orders that have not one settled payment.
async fn lost(reader: &mut Reader, ids: &[i64]) -> Result<Vec<i64>, DatabaseError> {
    let mut values = Vec::new();
    let list = in_list(&mut values, ids.iter().copied());
    let sql = format!(
        "SELECT o.id FROM customer_order o JOIN payment p ON p.channel_id = o.channel_id AND p.order_id = o.id \
         AND p.state = 'Settled' WHERE o.state = 'PaymentSettled' AND o.id IN ({list}) GROUP BY o.id HAVING COUNT(*) = 1"
    );
    let found: Vec<(i64,)> = reader.fetch_all(AssertSqlSafe(sql), values).await?;
    Ok(ids.iter().copied().filter(|id| !found.contains(&(*id,))).collect())
}
