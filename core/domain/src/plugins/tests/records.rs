use soko_extension::pricing::CallCost;
use soko_extension::{FailureKind, PluginFailure};
use soko_kernel::query::{Comparison, Direction, Filter, Value};
use soko_kernel::{ChannelScope, OrderId, PluginId, PluginVersionId, Timestamp};

use super::super::run::{RUN_BATCH_MAX, RUN_QUEUE_MAX};
use super::*;

fn run(scope: ChannelScope, version: &PluginVersion, micros: u64) -> NewRun {
    NewRun {
        scope,
        plugin: version.plugin_id,
        version: version.id,
        order: Some(OrderId(7)),
        cost: CallCost { micros, fuel: micros.saturating_mul(2) },
        log: vec![format!("took {micros}")],
        host_calls: Vec::new(),
        failure: None,
        at: Timestamp(1_000),
    }
}

fn newest(take: i64) -> ListQuery {
    ListQuery::try_new(None, Some(take), Vec::new(), None).unwrap()
}

#[tokio::test]
async fn records_runs_newest_first() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    let scope = shop.store.scope();
    let failed = NewRun {
        failure: Some(PluginFailure::new(FailureKind::Fuel, "used 1000 units")),
        order: None,
        ..run(scope, &version, u64::MAX)
    };
    shop.plugins.record_runs([run(scope, &version, 40), failed]);
    shop.plugins.recorder().flush().await;
    let page = shop.plugins.list_runs(shop.actor(), None, &ListQuery::default()).await.unwrap();
    assert_eq!(page.total, 2);
    let (failed, fine) = (&page.items[0], &page.items[1]);
    assert_eq!((failed.outcome.as_str(), failed.message.as_deref()), ("fuel", Some("used 1000 units")));
    assert_eq!((failed.micros, failed.order_id), (i64::MAX, None));
    assert_eq!((fine.outcome.as_str(), fine.message.as_deref(), fine.fuel), (OUTCOME_OK, None, 80));
    assert_eq!((fine.plugin_name.as_str(), fine.version.as_str()), ("tiers", "1.0.0"));
    assert_eq!((fine.log.as_slice(), fine.order_id), (&["took 40".to_owned()][..], Some(OrderId(7))));
    let slow_first = ListQuery::try_new(
        None,
        None,
        vec![("micros", Direction::Ascending)],
        Some(Filter::field("outcome", Comparison::Equal(Value::Text(OUTCOME_OK.to_owned())))),
    );
    let page =
        shop.plugins.list_runs(shop.actor(), Some(version.plugin_id), &slow_first.unwrap()).await.unwrap();
    assert_eq!(page.items.iter().map(|run| run.micros).collect::<Vec<_>>(), [40]);
    let stranger = shop.store.add_channel("stranger").await;
    assert_eq!(shop.plugins.list_runs(&stranger, None, &ListQuery::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn writes_without_being_asked() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    shop.plugins.record_runs([run(shop.store.scope(), &version, 1)]);
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if shop.plugins.list_runs(shop.actor(), None, &newest(1)).await.unwrap().total == 1 {
            return;
        }
    }
    panic!("nothing was written");
}

#[tokio::test]
async fn keeps_the_newest_runs_of_each_channel() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    let stranger = shop.store.add_channel("stranger").await;
    let theirs = shop.plugins.upload(&stranger, b"tiers 1.0.0"[..].into(), None).await.unwrap().version;
    shop.plugins.record_runs([run(stranger.public_scope(), &theirs, 5)]);
    let kept = u64::try_from(RUNS_KEPT_PER_CHANNEL).unwrap();
    let recorded = kept + 3 * RUN_BATCH_MAX as u64;
    for micros in 0..recorded {
        shop.plugins.record_runs([run(shop.store.scope(), &version, micros)]);
        if micros % 1_000 == 0 {
            shop.plugins.recorder().flush().await;
        }
    }
    shop.plugins.recorder().flush().await;
    let page = shop.plugins.list_runs(shop.actor(), None, &newest(1)).await.unwrap();
    assert_eq!(
        (page.total, page.items[0].micros),
        (RUNS_KEPT_PER_CHANNEL, i64::try_from(recorded).unwrap() - 1)
    );
    assert_eq!(shop.plugins.list_runs(&stranger, None, &newest(1)).await.unwrap().total, 1);
    assert_eq!(shop.plugins.recorder().lost(), 0);
}

/// Nothing yields to the recorder's task between the calls, so that its queue fills.
#[tokio::test]
async fn drops_and_counts_what_finds_no_room() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    let recorded = RUN_QUEUE_MAX as u64 + 123;
    shop.plugins.record_runs((0..recorded).map(|micros| run(shop.store.scope(), &version, micros)));
    assert_eq!(shop.plugins.recorder().lost(), 123);
    shop.plugins.recorder().flush().await;
    let page = shop.plugins.list_runs(shop.actor(), None, &newest(1)).await.unwrap();
    assert_eq!(page.items[0].micros, i64::try_from(RUN_QUEUE_MAX).unwrap() - 1, "the first to come are kept");
}

#[tokio::test]
async fn bounds_what_a_guest_can_make_long() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    let long = "é".repeat(10_000);
    let mut noisy = run(shop.store.scope(), &version, 1);
    noisy.log = vec![long.clone(), long.clone()];
    noisy.failure = Some(PluginFailure::new(FailureKind::Guest, long));
    let mut chatty = run(shop.store.scope(), &version, 2);
    chatty.log = vec![String::new(); 5_000];
    shop.plugins.record_runs([noisy, chatty]);
    shop.plugins.recorder().flush().await;
    let page = shop.plugins.list_runs(shop.actor(), None, &newest(2)).await.unwrap();
    assert_eq!(page.items[0].log.len(), 100);
    assert_eq!(page.items[1].log.iter().map(String::len).sum::<usize>(), 4_096);
    assert_eq!(page.items[1].message.as_ref().unwrap().len(), 500);
}

#[tokio::test]
async fn counts_runs_that_the_store_refuses() {
    let shop = Shop::open().await;
    let version = shop.upload("tiers 1.0.0").await.unwrap().version;
    shop.store.database.close().await;
    shop.plugins.record_runs([run(shop.store.scope(), &version, 1)]);
    shop.plugins.recorder().flush().await;
    assert_eq!(shop.plugins.recorder().lost(), 1);
}

#[tokio::test]
async fn stores_receipts_with_their_order() {
    let shop = Shop::open().await;
    let (scope, now) = (shop.store.scope(), shop.store.clock.now());
    let receipt = |order_version: i64| NewReceipt {
        order: OrderId(7),
        order_version,
        engine_version: "wasmtime 48".to_owned(),
        rounding_version: 1,
        input: r#"{"lines":[]}"#.to_owned(),
        steps: "[]".to_owned(),
        output: "{}".to_owned(),
    };
    let receipts = [receipt(1), receipt(4)];
    let database = &shop.store.database;
    let written = database.write(scope, async move |tx| {
        for receipt in &receipts {
            Plugins::insert_receipt_in_tx(tx, scope, receipt, now).await?;
        }
        Ok::<_, PluginError>(())
    });
    written.await.unwrap();
    let undone = database.write(scope, async move |tx| {
        Plugins::insert_receipt_in_tx(tx, scope, &receipt(9), now).await?;
        Err::<(), _>(PluginError::NothingToRollBack)
    });
    undone.await.unwrap_err();
    let latest = database
        .read(scope, async |reader| Plugins::find_latest_receipt(reader, scope, OrderId(7)).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((latest.order_version, latest.input.as_str()), (4, r#"{"lines":[]}"#));
    let clerk = allowed(shop.actor(), &[Permission::ReadOrder]);
    let all = shop.plugins.list_receipts(&clerk, OrderId(7), &ListQuery::default()).await.unwrap();
    assert_eq!(all.items.iter().map(|receipt| receipt.order_version).collect::<Vec<_>>(), [4, 1]);
    let stranger = shop.store.add_channel("stranger").await;
    let none = shop.plugins.list_receipts(&stranger, OrderId(7), &ListQuery::default()).await.unwrap();
    assert_eq!(none.total, 0);
    let elsewhere = stranger.public_scope();
    let none = database
        .read(elsewhere, async |reader| Plugins::find_latest_receipt(reader, elsewhere, OrderId(7)).await);
    assert_eq!(none.await.unwrap(), None);
}

#[tokio::test]
async fn answers_futures_that_may_cross_threads() {
    fn crosses<F: Future + Send>(future: F) -> F {
        future
    }
    let shop = Shop::open().await;
    let (plugins, actor, all) = (&shop.plugins, shop.actor(), ListQuery::default());
    crosses(plugins.bindings_for(actor)).await.unwrap();
    crosses(plugins.list_runs(actor, Some(PluginId(1)), &all)).await.unwrap();
    crosses(plugins.find_version(actor, PluginVersionId(1))).await.unwrap();
    crosses(plugins.upload(actor, b"a 1.0.0"[..].into(), None)).await.unwrap();
    crosses(plugins.bind(actor, binding_of("a", r#"{"off": 1}"#))).await.unwrap();
}
