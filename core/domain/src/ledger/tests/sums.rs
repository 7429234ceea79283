//! Sums that are kept although nobody closes the books.

use std::time::Duration;

use super::*;

const DAY: Duration = Duration::from_hours(24);

/// Both in one snapshot: others may be writing.
async fn assert_equal_the_replay(desk: &Desk) {
    let scope = desk.store.scope();
    let read = async |reader: &mut soko_infra::Reader| {
        let balances = repo::balances::current(reader, scope).await?;
        Ok::<_, soko_infra::DatabaseError>((balances, repo::balances::replayed(reader, scope).await?))
    };
    let (balances, replayed) = desk.store.database.read(scope, read).await.unwrap();
    assert_eq!(balances, replayed);
}

/// Postings of the channel that a balance has to add to the sums that are kept.
async fn postings_to_add(desk: &Desk) -> i64 {
    let sql = "SELECT COUNT(*) FROM journal_posting p LEFT JOIN ledger_checkpoint k ON k.channel_id = p.channel_id \
               WHERE p.channel_id = $1 AND p.id > COALESCE(k.through_posting_id, 0)";
    let scope = desk.store.scope();
    let counted: Result<(i64,), soko_infra::DatabaseError> = desk
        .store
        .database
        .read(scope, async |reader| reader.fetch_one(sql, (scope.channel_id(),)).await)
        .await;
    counted.unwrap().0
}

#[tokio::test]
async fn keeps_the_sums_of_each_channel_once_a_day() {
    let desk = Desk::open().await;
    let idle = desk.store.add_channel("idle").await;
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 0, "nothing is booked anywhere");
    for number in 0..20 {
        desk.spend(&format!("tea {number}"), 10 + number).await.unwrap();
    }
    assert_eq!(postings_to_add(&desk).await, 20);
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 1);
    assert_eq!(postings_to_add(&desk).await, 0);
    assert_equal_the_replay(&desk).await;
    desk.spend("more tea", 1).await.unwrap();
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 0, "not twice a day");
    desk.store.clock.advance(DAY);
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 1);
    assert_equal_the_replay(&desk).await;
    desk.store.clock.advance(DAY);
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 0, "nothing came to it");
    assert!(desk.ledger.balances(&idle).await.unwrap().is_empty());
}

#[tokio::test]
async fn counts_what_is_booked_for_a_day_whose_sums_are_kept() {
    let desk = Desk::open().await;
    let first = desk.today().date;
    let tea = desk.spend("tea", 100).await.unwrap();
    desk.store.clock.advance(3 * DAY);
    desk.spend("milk", 20).await.unwrap();
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 1);
    desk.spend_on("late sugar", 3, first).await.unwrap();
    desk.spend_on("late salt", 4, first.tomorrow().unwrap()).await.unwrap();
    assert_eq!(desk.balance(EXPENSES).await, 127);
    assert_equal_the_replay(&desk).await;
    desk.ledger.reverse(&desk.actor, tea.id, "Not ours".to_owned()).await.unwrap();
    assert_eq!(desk.balance(EXPENSES).await, 27);
    desk.store.clock.advance(DAY);
    assert_eq!(desk.ledger.keep_sums().await.unwrap(), 1);
    desk.spend_on("very late pepper", 5, first).await.unwrap();
    assert_eq!(desk.balance(EXPENSES).await, 32);
    assert_equal_the_replay(&desk).await;
    let expenses = desk.account(EXPENSES).await.id;
    let then = desk.ledger.trial_balance(&desk.actor, Some(first)).await.unwrap();
    let then = then.iter().find(|balance| balance.account == expenses).unwrap();
    assert_eq!(then.net().unwrap(), 108, "the day knows what was booked for it since");
    let today = desk.today().date;
    desk.ledger.close_period(&desk.actor, today.yesterday().unwrap()).await.unwrap();
    assert_eq!(postings_to_add(&desk).await, 0, "a closing goes on from the sums that are kept");
    assert_equal_the_replay(&desk).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn misses_nothing_that_is_booked_meanwhile() {
    const WRITERS: i64 = 4;
    const ENTRIES: i64 = 25;
    let desk = std::sync::Arc::new(Desk::open().await);
    desk.account(EXPENSES).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let desk = std::sync::Arc::clone(&desk);
        writers.spawn(async move {
            for number in 0..ENTRIES {
                let amount = TaxedAmount { gross: 100, tax: 0 };
                let payment = PaymentId(writer * ENTRIES + number + 1);
                let sale = cash_sale(desk.today(), payment, OrderId(1), CASH_ON_HAND.into(), amount).unwrap();
                desk.post(sale).await.unwrap();
            }
        });
    }
    while !writers.is_empty() {
        desk.store.clock.advance(DAY);
        desk.ledger.keep_sums().await.unwrap();
        assert_equal_the_replay(&desk).await;
        while let Some(ended) = writers.try_join_next() {
            ended.unwrap();
        }
    }
    desk.store.clock.advance(DAY);
    desk.ledger.keep_sums().await.unwrap();
    assert_eq!(desk.balance(CASH_ON_HAND).await, WRITERS * ENTRIES * 100);
    assert_equal_the_replay(&desk).await;
}
