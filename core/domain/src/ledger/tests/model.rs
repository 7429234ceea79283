//! Random occasions against a model that adds up by itself.

use std::collections::BTreeMap;

use rand::{Rng as _, SeedableRng as _};
use soko_kernel::{CustomerId, OrderId, PaymentId, RefundId};

use super::*;
use crate::ledger::templates::{self, Loss, Purchase};

/// Entries of a round. Rounds of many more belong to the soak.
const ENTRIES: usize = 300;

/// Balances equal the model's and the replay of all postings, checkpoints or not, and add up to nothing.
#[tokio::test]
async fn balances_equal_the_replay_of_random_occasions() {
    let seed = std::env::var("SOKO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_101);
    println!("SOKO_SEED={seed}");
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let desk = Desk::open().await;
    let mut model: BTreeMap<String, i64> = BTreeMap::new();
    let mut booked = Vec::new();
    for number in 0..ENTRIES {
        if random.random_ratio(1, 50) {
            checkpoint(&desk, random.random_range(1..60)).await;
        }
        let entry = some_occasion(&desk, &mut random, number);
        for leg in &entry.legs {
            *model.entry(leg.debit.to_string()).or_default() += leg.amount;
            *model.entry(leg.credit.to_string()).or_default() -= leg.amount;
        }
        booked.extend(desk.post(entry.clone()).await.unwrap().map(|id| (id, entry)));
        if random.random_ratio(1, 10) && !booked.is_empty() {
            let (id, entry) = booked.swap_remove(random.random_range(0..booked.len()));
            reverse(&desk, id).await;
            for leg in &entry.legs {
                *model.entry(leg.debit.to_string()).or_default() -= leg.amount;
                *model.entry(leg.credit.to_string()).or_default() += leg.amount;
            }
        }
        if number % 25 == 0 {
            compare(&desk, &model).await;
        }
    }
    checkpoint(&desk, i64::MAX).await;
    compare(&desk, &model).await;
}

async fn compare(desk: &Desk, model: &BTreeMap<String, i64>) {
    let balances = desk.ledger.balances(&desk.actor).await.unwrap();
    assert_eq!(balances, desk.ledger.replayed_balances(&desk.actor).await.unwrap());
    let accounts = desk.ledger.list_accounts(&desk.actor, &ListQuery::default()).await.unwrap().items;
    let mut found = BTreeMap::new();
    for balance in &balances {
        let account = accounts.iter().find(|account| account.id == balance.account).unwrap();
        found.insert(account.code.clone(), balance.net().unwrap());
    }
    assert_eq!(&found, model);
    assert_eq!(found.values().sum::<i64>(), 0);
    desk.assert_no_drift().await;
}

/// Over as many postings at most: perhaps not over all.
async fn checkpoint(desk: &Desk, postings_max: i64) {
    let (scope, now) = (desk.store.scope(), desk.store.clock.now());
    let kept =
        async move |tx: &mut soko_infra::Tx| repo::balances::checkpoint(tx, scope, now, postings_max).await;
    let _is_last: bool = desk.store.database.write(scope, kept).await.unwrap();
}

async fn reverse(desk: &Desk, id: soko_kernel::JournalEntryId) {
    let (scope, now, date) = (desk.store.scope(), desk.store.clock.now(), desk.today().date);
    let reversed = async move |tx: &mut soko_infra::Tx| {
        Ledger::reverse_in_tx(tx, scope, id, date, "Wrong", (None, now)).await
    };
    desk.store.database.write(scope, reversed).await.unwrap();
}

fn some_occasion(desk: &Desk, random: &mut rand::rngs::StdRng, number: usize) -> NewEntry {
    let today = desk.today();
    let id = i64::try_from(number).unwrap();
    let amount = random.random_range(0..1_000_000);
    let taxed = TaxedAmount { gross: amount, tax: random.random_range(0..=amount) };
    let (who, order) = (CustomerId(random.random_range(1..5)), OrderId(random.random_range(1..20)));
    let tender = || [CASH_ON_HAND, BANK_MAIN, CLEARING_MPESA][number % 3].into();
    let made = match random.random_range(0..11) {
        0 => cash_sale(today, PaymentId(id), order, tender(), taxed),
        1 => credit_sale(today, PaymentId(id), order, who, taxed),
        2 => repayment(today, id, who, &tender(), &[(Some(order), amount), (None, amount / 2)]),
        3 => templates::refund(today, RefundId(id), order, tender(), taxed),
        4 => {
            let paid_from = random.random_ratio(1, 2).then(tender);
            let stocked = random.random_ratio(1, 2);
            templates::purchase(today, id, &Purchase { supplier: who, cost: amount, stocked, paid_from })
        }
        5 => templates::supplier_payment(today, id, who, tender(), amount),
        6 => templates::cost_of_goods(today, id, order, amount),
        7 => templates::write_off(today, id, Loss::Expired, amount),
        8 => templates::variance(today, id, tender(), amount - 500_000, Tags::default()),
        9 => templates::balance_adjustment(
            today,
            id,
            Party::Customer(who),
            &[(None, amount - 500_000)],
            "By hand",
        ),
        _ => templates::transfer(today, id, (CASH_ON_HAND.into(), BANK_MAIN.into()), amount, "Banked"),
    };
    made.unwrap()
}
