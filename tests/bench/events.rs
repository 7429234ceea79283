//! Events handed on in a second, and how long one waits to be.
//!
//! What is stated beforehand is handed on as fast as it goes: events of which nobody is told, which is what handing on
//! itself costs, and such as come to one administrator's inbox. What is done apart is done by the core, to nowhere, and by a
//! plugin that does nothing. Then a server's own router hands on what is stated at a
//! steady pace, and each event's way from its transaction to the inbox is timed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;
use soko::jobs::Jobs;
use soko_domain::notifications::{
    ActionState, NewEventHandler, NotificationError, Notifications, Placement, WebhookChanges,
};
use soko_domain::plugins::{FailurePolicy, NewBinding, PluginRef, Vault};
use soko_extension::effect::Capabilities;
use soko_extension::webhook::{WebhookFailure, WebhookMessage, WebhookSender};
use soko_host::testing::ActionGuest;
use soko_infra::outbox::Event;
use soko_infra::{DatabaseError, Tx};
use soko_kernel::token::Random;
use soko_kernel::{Clock, ListQuery};

use crate::load::as_float;
use crate::measure::{Times, target};
use crate::platform::Demo;

/// The shop whose events they are; it has one administrator.
const SHOP: &str = "duka-moja";
/// Events that are handed on at once.
const EVENTS: usize = 20_000;
/// Events stated in one transaction.
const STATED_TOGETHER: usize = 1_000;
/// Events about which something is done apart.
const DELIVERIES: usize = 5_000;
/// As many at once as a server does of one shop.
const AT_ONCE: usize = 8;
/// In a second, at the steady pace.
const PACE: u32 = 200;
/// Events in a second that are to come to inboxes.
const IN_APP_TARGET: f64 = 5_000.0;

/// An event of an order, as far as anybody is told.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderEvent {
    #[serde(skip)]
    name: &'static str,
    code: &'static str,
    total_with_tax: i64,
    from: &'static str,
    to: &'static str,
}

impl Event for OrderEvent {
    fn name(&self) -> &'static str {
        self.name
    }
}

const fn event(name: &'static str) -> OrderEvent {
    let (from, to) = ("ArrangingPayment", "PaymentSettled");
    OrderEvent { name, code: "ABCDEFGHJKLMNPQR", total_with_tax: 116_000, from, to }
}

/// Measures all of it.
pub fn run(lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let demo = Demo::open().await;
        let notifications = &demo.platform.services.notifications;
        while notifications.route().await.expect("a store").events > 0 {}
        hand_on(&demo, "of which nobody is told", "order.state_changed", 0).await;
        let per_second = hand_on(&demo, "that come to one inbox", "order.placed", 1).await;
        target(per_second >= IN_APP_TARGET, &format!("{IN_APP_TARGET} events per second come to an inbox"));
        compare_handlers(&demo).await;
        time_the_way(&demo, lasts).await;
        demo.platform.close().await;
    });
}

/// Takes every message and does nothing with it.
struct Nowhere;

#[async_trait]
impl WebhookSender for Nowhere {
    fn check(&self, _url: &str) -> Result<(), WebhookFailure> {
        Ok(())
    }

    async fn send(&self, _message: WebhookMessage) -> Result<u16, WebhookFailure> {
        Ok(204)
    }
}

/// What is done apart, by the core and by a plugin: both do nothing, so that what is compared is what a plugin costs.
async fn compare_handlers(demo: &Demo) {
    let (services, random) = (&demo.platform.services, Random::try_system().expect("randomness"));
    let vault = Vault::try_new(&"0a".repeat(32), random.clone()).expect("a key");
    let notifications = Notifications::new(demo.platform.database.clone(), Clock::system(), random)
        .with_webhooks(Some(Arc::new(Nowhere)), Some(vault))
        .with_handlers(services.plugins.clone(), Some(Arc::new(demo.platform.host.clone())));
    let actor = demo.operator(SHOP);
    let to = WebhookChanges {
        url: Some("https://nowhere.example/".to_owned()),
        description: None,
        events: Some(vec!["payment.state_changed".to_owned()]),
        enabled: None,
    };
    notifications.create_webhook(actor, to).await.expect("an address");
    let built_in = deliver(demo, &notifications, "by the core, to nowhere", "payment.state_changed").await;
    let bytes = ActionGuest::new().name("no-op").build();
    let uploaded = services.plugins.upload(actor, bytes.into(), None).await.expect("a plugin");
    let new = NewBinding {
        plugin: PluginRef::Id(uploaded.version.plugin_id),
        version: None,
        config: "{}".to_owned(),
        grants: Capabilities::default(),
        priority: 100,
        failure_policy: FailurePolicy::FailClosed,
        enabled: true,
    };
    let binding = services.plugins.bind(actor, new).await.expect("a binding").id;
    let (event, placement) = (Some("refund.state_changed".to_owned()), Placement::Alone);
    let handler = NewEventHandler { binding, event, category: None, action: None, placement };
    notifications.create_handler(actor, handler).await.expect("a handler");
    let plugged =
        deliver(demo, &notifications, "by a plugin that does nothing", "refund.state_changed").await;
    target(plugged * 2.0 >= built_in, "a plugin that does nothing takes at most twice the time of the core");
}

/// How many a second are done apart.
async fn deliver(demo: &Demo, notifications: &Notifications, what: &str, name: &'static str) -> f64 {
    for _ in 0..DELIVERIES / STATED_TOGETHER {
        state(demo, name, STATED_TOGETHER).await;
    }
    while notifications.route().await.expect("a store").events > 0 {}
    let (begun, mut made) = (Instant::now(), 0_usize);
    loop {
        let due = notifications.due_deliveries(&[], 500).await.expect("a store");
        if due.is_empty() {
            break;
        }
        let tries = due.iter().map(|due| notifications.deliver(due));
        let tries: Vec<_> = stream::iter(tries).buffer_unordered(AT_ONCE).collect().await;
        made += tries.into_iter().filter(|made| matches!(made, Ok(true))).count();
    }
    assert_eq!(made, DELIVERIES);
    let per_second = as_float(DELIVERIES) / begun.elapsed().as_secs_f64();
    println!("   events {what}: {per_second:>7.0} per second");
    per_second
}

async fn state(demo: &Demo, name: &'static str, count: usize) {
    let (scope, now) = (demo.operator(SHOP).public_scope(), Clock::system().now());
    let stated = demo.platform.database.write(scope, async move |tx: &mut Tx| {
        for _ in 0..count {
            tx.publish(scope, now, &event(name))?;
        }
        Ok::<_, DatabaseError>(())
    });
    stated.await.expect("events");
}

/// How many a second are handed on.
async fn hand_on(demo: &Demo, what: &str, name: &'static str, told: u64) -> f64 {
    for _ in 0..EVENTS / STATED_TOGETHER {
        state(demo, name, STATED_TOGETHER).await;
    }
    let (begun, mut events, mut actions) = (Instant::now(), 0, 0);
    loop {
        let routed = demo.platform.services.notifications.route().await.expect("a store");
        assert_eq!(routed.failures, 0);
        events += routed.events;
        actions += routed.actions;
        if routed.events == 0 {
            break;
        }
    }
    assert_eq!((events, actions), (EVENTS as u64, told * EVENTS as u64));
    let per_second = as_float(EVENTS) / begun.elapsed().as_secs_f64();
    println!("   events {what}: {per_second:>7.0} per second");
    per_second
}

/// From the transaction that states an event to the one that puts it into an inbox.
async fn time_the_way(demo: &Demo, lasts: Duration) {
    let services = &demo.platform.services;
    let jobs = Jobs::start(services, Duration::from_hours(1));
    let since = Clock::system().now();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / PACE);
    let (begun, mut stated) = (Instant::now(), 0_usize);
    while begun.elapsed() < lasts {
        pace.tick().await;
        state(demo, "order.placed", 1).await;
        stated += 1;
    }
    let ways = loop {
        let ways = ways_since(demo, since, stated).await.expect("a store");
        if ways.len() == stated {
            break ways;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    jobs.stop().await;
    println!("   {stated} events at {PACE} a second, from statement to inbox: {}", Times::new(ways));
}

async fn ways_since(
    demo: &Demo,
    since: soko_kernel::Timestamp,
    stated: usize,
) -> Result<Vec<Duration>, NotificationError> {
    let (actor, mut ways) = (demo.operator(SHOP), Vec::new());
    while ways.len() < stated {
        let skip = i64::try_from(ways.len()).ok();
        let query = ListQuery::try_new(skip, Some(100), Vec::new(), None)?;
        let page = demo.platform.services.notifications.list_actions(actor, &query).await?;
        let before = ways.len();
        for action in page.items.iter().filter(|action| action.event_at >= since) {
            assert_eq!(action.state, ActionState::Done);
            let way = action.created_at.0 - action.event_at.0;
            ways.push(Duration::from_millis(u64::try_from(way).unwrap_or_default()));
        }
        if ways.len() == before {
            break;
        }
    }
    Ok(ways)
}
