//! Events handed on over a real store: each once, in their order, to the right people and nobody else.
#![expect(clippy::unwrap_used, reason = "a failed test")]

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use soko_infra::outbox::Event;
use soko_infra::{Database, DatabaseError, Tx};
use soko_kernel::token::Random;
use soko_kernel::{ListQuery, PermissionSet, UserId};

use super::*;
use crate::auth::{Auth, AuthConfig, NewAdministrator, NewRole, PasswordCost};
use crate::customers::{Customers, GuestCustomer, NewCustomer};
use crate::testing::TestStore;

/// An order that was placed, as far as anybody is told.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    code: String,
    customer_id: Option<i64>,
    total_with_tax: i64,
    currency: &'static str,
}

impl Event for Placed {
    fn name(&self) -> &'static str {
        "order.placed"
    }
}

struct Shop {
    store: TestStore,
    auth: Auth,
    notifications: Notifications,
}

impl Shop {
    async fn open() -> Self {
        let store = TestStore::open().await;
        let password_cost = PasswordCost { memory_kib: 8, iterations: 1 };
        let config = AuthConfig { password_cost, ..AuthConfig::default() };
        let auth =
            Auth::try_new(store.database.clone(), store.clock.clone(), Random::seeded(5), config).unwrap();
        auth.ensure_superadmin(Some("for-tests-only".to_owned())).await.unwrap();
        let notifications =
            Notifications::new(store.database.clone(), store.clock.clone(), Random::seeded(6));
        Self { store, auth, notifications }
    }

    /// Somebody who holds a right in a channel, as they act there.
    async fn employ(&self, name: &str, permission: Permission, channel: &Actor) -> Actor {
        let (permissions, channels) = (vec![permission], vec![channel.channel.id]);
        let new = NewRole { code: name.to_owned(), description: String::new(), permissions, channels };
        let role = self.auth.create_role(channel, new).await.unwrap();
        let new = NewAdministrator {
            first_name: name.to_owned(),
            last_name: "Otieno".to_owned(),
            email_address: format!("{name}@mail.example"),
            password: "for-tests-only".to_owned(),
            role_ids: vec![role.id],
        };
        let employed = self.auth.create_administrator(channel, new).await.unwrap();
        // That somebody was employed is an event, too, and nothing that the tests are about.
        self.notifications.route().await.unwrap();
        let permissions = std::iter::once(permission).collect();
        Actor { user: Some(employed.user.id), permissions, ..channel.clone() }
    }

    /// A customer who can log in, with their id.
    async fn customer(&self) -> (Actor, i64) {
        let customers =
            Customers::new(self.store.database.clone(), self.store.clock.clone(), self.auth.clone());
        let facts = GuestCustomer {
            title: None,
            first_name: "Asha".to_owned(),
            last_name: "Otieno".to_owned(),
            phone_number: None,
            email_address: "asha@mail.example".to_owned(),
        };
        let new = NewCustomer { facts, password: Some("for-tests-only".to_owned()) };
        let created = customers.create(&self.store.actor, new).await.unwrap();
        self.notifications.route().await.unwrap();
        let actor =
            Actor { user: created.user_id, permissions: PermissionSet::NONE, ..self.store.actor.clone() };
        (actor, created.id.0)
    }

    async fn place(&self, channel: &Actor, codes: &[&str], customer_id: Option<i64>) {
        let (scope, now) = (channel.public_scope(), self.store.clock.now());
        let placed: Vec<Placed> = codes
            .iter()
            .map(|code| Placed {
                code: (*code).to_owned(),
                customer_id,
                total_with_tax: 116_000,
                currency: "KES",
            })
            .collect();
        let state = async move |tx: &mut Tx| {
            for placed in &placed {
                tx.publish(scope, now, placed)?;
            }
            Ok::<_, DatabaseError>(())
        };
        self.store.database.write(scope, state).await.unwrap();
    }

    /// The titles in somebody's inbox, the oldest first.
    async fn told(&self, actor: &Actor) -> Vec<String> {
        let page = self.notifications.list_messages(actor, &ListQuery::default()).await.unwrap();
        // Every customer is welcomed.
        page.items.into_iter().rev().map(|message| message.title).filter(|title| title != "Welcome").collect()
    }
}

#[tokio::test]
async fn an_event_reaches_the_customer_and_those_who_may_know_once_and_nobody_else() {
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    let cook = shop.employ("cook", Permission::ReadAsset, &here).await;
    let there = shop.store.add_channel("other").await;
    let stranger = shop.employ("stranger", Permission::ReadOrder, &there).await;
    let (asha, customer) = shop.customer().await;
    shop.place(&here, &["A"], Some(customer)).await;
    shop.place(&there, &["B"], None).await;
    let routed = shop.notifications.route().await.unwrap();
    assert_eq!(
        routed,
        Routed { events: 2, actions: 3, oldest: Some(shop.store.clock.now()), ..Routed::default() }
    );
    assert_eq!(shop.notifications.route().await.unwrap(), Routed::default(), "each once");
    assert_eq!(shop.told(&clerk).await, ["Order A"]);
    assert_eq!(shop.told(&asha).await, ["Order A"]);
    assert_eq!(shop.told(&stranger).await, ["Order B"]);
    assert_eq!(shop.told(&cook).await, Vec::<String>::new());
    let message =
        shop.notifications.list_messages(&asha, &ListQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(
        (&*message.event, &*message.body),
        ("order.placed", "Order A of KES 1,160.00 has been placed.")
    );
    assert_eq!((message.data["code"].as_str(), message.read_at), (Some("A"), None));
    let dismissed = Actor { permissions: PermissionSet::NONE, ..clerk };
    assert_eq!(
        shop.told(&dismissed).await,
        Vec::<String>::new(),
        "what they were told as an employee is the shop's"
    );
    let elsewhere = Actor { channel: there.channel.clone(), ..stranger.clone() };
    assert_eq!(shop.told(&Actor { channel: here.channel.clone(), ..elsewhere }).await, Vec::<String>::new());
}

#[tokio::test]
async fn only_the_owner_reads_a_message() {
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    let other = shop.employ("other", Permission::ReadOrder, &here).await;
    shop.place(&here, &["A", "B"], None).await;
    shop.notifications.route().await.unwrap();
    let id = shop.notifications.list_messages(&clerk, &ListQuery::default()).await.unwrap().items[1].id;
    let refused = shop.notifications.mark_read(&other, id).await;
    assert!(matches!(refused, Err(NotificationError::NotFound(_))), "{refused:?}");
    let nobody = Actor { user: None, permissions: PermissionSet::NONE, ..here };
    let refused = shop.notifications.unread_count(&nobody).await;
    assert!(matches!(refused, Err(NotificationError::Forbidden(_))), "{refused:?}");
    assert_eq!(shop.notifications.unread_count(&clerk).await.unwrap(), 2);
    shop.notifications.mark_read(&clerk, id).await.unwrap();
    shop.notifications.mark_read(&clerk, id).await.unwrap();
    assert_eq!(shop.notifications.unread_count(&clerk).await.unwrap(), 1);
    assert_eq!(shop.notifications.mark_all_read(&clerk).await.unwrap(), 1);
    assert_eq!(shop.notifications.unread_count(&clerk).await.unwrap(), 0);
    assert_eq!(shop.notifications.unread_count(&other).await.unwrap(), 2);
}

#[tokio::test]
async fn the_shop_and_its_people_say_what_they_want_to_be_told() {
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    let notifications = &shop.notifications;
    let preferences = notifications.preferences(&clerk).await.unwrap();
    let offered: Vec<&str> = preferences.iter().map(|preference| preference.event.name).collect();
    // Each in the inbox, in browsers and by mail.
    let known = ["order.placed", "order.cancelled"].map(|event| [event; 3]).concat();
    assert_eq!(offered, known, "what the clerk may know and choose");
    notifications.set_preference(&clerk, "order.placed", ActionType::InApp, false).await.unwrap();
    for (event, is_known) in
        [("order.state_changed", true), ("credit.sale_refused", false), ("order.eaten", false)]
    {
        let refused = notifications.set_preference(&clerk, event, ActionType::InApp, true).await.unwrap_err();
        assert_eq!(matches!(refused, NotificationError::NotSubscribable(_)), is_known, "{refused:?}");
        assert_eq!(matches!(refused, NotificationError::UnknownEvent(_)), !is_known, "{refused:?}");
    }
    shop.place(&here, &["A"], None).await;
    notifications.route().await.unwrap();
    assert_eq!(shop.told(&clerk).await, Vec::<String>::new());
    notifications.set_preference(&clerk, "order.placed", ActionType::InApp, true).await.unwrap();
    let changes = SettingChanges {
        action: ActionType::InApp,
        enabled: Some(false),
        default_for_users: None,
        respects_quiet_hours: None,
        priority: None,
    };
    let refused = notifications.change_setting(&clerk, "order.placed", changes).await;
    assert!(matches!(refused, Err(NotificationError::Forbidden(_))), "{refused:?}");
    notifications.change_setting(&here, "order.placed", changes).await.unwrap();
    let settings = notifications.settings(&here).await.unwrap();
    let placed = settings.iter().find(|setting| setting.event.name == "order.placed").unwrap();
    assert_eq!((placed.enabled, placed.default_for_users), (false, true));
    assert_eq!(settings.len(), EVENT_TYPES.len() * ActionType::TO_PEOPLE.len());
    shop.place(&here, &["B"], None).await;
    assert_eq!(notifications.route().await.unwrap().events, 1);
    assert_eq!(shop.told(&clerk).await, Vec::<String>::new());
}

#[tokio::test]
async fn nodes_that_hand_on_at_once_tell_everything_once_and_in_order() {
    const EVENTS: u32 = 1_700;
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    let codes: Vec<String> = (0..EVENTS).map(|number| number.to_string()).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    shop.place(&here, &codes, None).await;
    let second = Database::open(shop.store.config().clone(), &crate::MIGRATIONS).await.unwrap();
    let nodes =
        [shop.notifications.clone(), Notifications::new(second, shop.store.clock.clone(), Random::seeded(7))];
    let mut rounds = tokio::task::JoinSet::new();
    for place in 0..6 {
        let node = nodes[place % 2].clone();
        rounds.spawn(async move {
            let mut routed = Routed { more: true, ..Routed::default() };
            let (mut events, mut actions) = (0, 0);
            while routed.more {
                routed = node.route().await.unwrap();
                events += routed.events;
                actions += routed.actions;
                assert_eq!(routed.failures, 0);
            }
            (events, actions)
        });
    }
    let done = rounds.join_all().await;
    let sum = done.iter().fold((0, 0), |sum, round| (sum.0 + round.0, sum.1 + round.1));
    assert_eq!(sum, (EVENTS.into(), EVENTS.into()), "{done:?}");
    let mut told = Vec::new();
    while told.len() < codes.len() {
        let skip = i64::try_from(told.len()).unwrap();
        let query = ListQuery::try_new(Some(skip), Some(100), Vec::new(), None).unwrap();
        let page = shop.notifications.list_messages(&clerk, &query).await.unwrap();
        assert_eq!(page.total, i64::from(EVENTS));
        told.extend(page.items.into_iter().map(|message| message.data["code"].as_str().unwrap().to_owned()));
    }
    told.reverse();
    assert_eq!(told, codes);
}

#[tokio::test]
async fn the_log_shows_what_the_actor_may_hear_of() {
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    let cook = shop.employ("cook", Permission::ReadAsset, &here).await;
    shop.place(&here, &["A", "B"], None).await;
    let (query, notifications) = (ListQuery::default(), &shop.notifications);
    let waiting = notifications.list_events(&clerk, &query).await.unwrap();
    assert_eq!((waiting.total, waiting.items[0].routed_at), (2, None));
    notifications.route().await.unwrap();
    let routed = notifications.list_events(&clerk, &query).await.unwrap();
    assert_eq!(routed.items[0].routed_at, Some(shop.store.clock.now()));
    assert_eq!(routed.items[0].payload["code"], "B", "the latest first");
    let actions = notifications.list_actions(&clerk, &query).await.unwrap();
    let action = &actions.items[0];
    assert_eq!((actions.total, action.state, action.attempts), (2, ActionState::Done, 1));
    assert_eq!(Some(UserId(action.recipient_id)), clerk.user);
    for refused in [
        notifications.list_events(&cook, &query).await.unwrap_err(),
        notifications.list_actions(&cook, &query).await.unwrap_err(),
    ] {
        assert!(matches!(refused, NotificationError::Forbidden(_)), "{refused:?}");
    }
    let there = shop.store.add_channel("other").await;
    assert_eq!(notifications.list_events(&there, &query).await.unwrap().total, 0);
}

#[tokio::test]
async fn what_is_old_goes_unless_it_was_never_handed_on() {
    let shop = Shop::open().await;
    let here = shop.store.actor.clone();
    let clerk = shop.employ("clerk", Permission::ReadOrder, &here).await;
    shop.place(&here, &["A"], None).await;
    shop.notifications.route().await.unwrap();
    shop.place(&here, &["B"], None).await;
    assert_eq!(shop.notifications.expire(shop.store.clock.now()).await.unwrap(), 0);
    shop.store.clock.advance(KEPT_FOR);
    // The event, what was done about it and the message, and the two events of the clerk's employment.
    assert_eq!(shop.notifications.expire(shop.store.clock.now()).await.unwrap(), 5);
    assert_eq!(shop.notifications.route().await.unwrap().events, 1);
    assert_eq!(shop.told(&clerk).await, ["Order B"]);
}

/// Events of a run, and of a soak; `SOKO_ROUNDS` says otherwise.
const EVENTS_OF_KILLED: [u32; 2] = [2_000, 100_000];
const SHOPS_OF_KILLED: usize = 4;
const STATED_TOGETHER: u32 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_lose_nothing_tell_nothing_twice_and_keep_the_order() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("SOKO_SEED").unwrap_or(7);
    println!("SOKO_SEED={seed}");
    let usual = EVENTS_OF_KILLED[usize::from(std::env::var_os("SOKO_SOAK").is_some())];
    let events = number("SOKO_ROUNDS").and_then(|rounds| u32::try_from(rounds).ok()).unwrap_or(usual);
    let mut random = StdRng::seed_from_u64(seed);
    let shop = Shop::open().await;
    let mut shops = Vec::new();
    for place in 0..SHOPS_OF_KILLED {
        let channel = shop.store.add_channel(&format!("shop-{place}")).await;
        let clerk = shop.employ(&format!("clerk-{place}"), Permission::ReadOrder, &channel).await;
        shops.push((channel, clerk, Vec::<String>::new()));
    }
    let work = |node: Notifications| async move {
        loop {
            let routed = node.route().await.unwrap();
            assert_eq!(routed.failures, 0);
            if routed.events == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let mut workers: Vec<tokio::task::JoinHandle<()>> =
        (0..3).map(|_| tokio::spawn(work(shop.notifications.clone()))).collect();
    let (mut stated, mut kills) = (0, 0);
    while stated < events {
        let (channel, _, codes) = &mut shops[random.random_range(0..SHOPS_OF_KILLED)];
        let batch: Vec<String> = (stated..stated + STATED_TOGETHER).map(|code| code.to_string()).collect();
        let texts: Vec<&str> = batch.iter().map(String::as_str).collect();
        shop.place(channel, &texts, None).await;
        codes.extend(batch);
        stated += STATED_TOGETHER;
        if random.random_ratio(1, 5) {
            let killed = random.random_range(0..workers.len());
            workers[killed].abort();
            workers[killed] = tokio::spawn(work(shop.notifications.clone()));
            kills += 1;
        }
    }
    for worker in workers {
        worker.abort();
        assert!(worker.await.unwrap_err().is_cancelled(), "no worker failed");
    }
    while shop.notifications.route().await.unwrap().events > 0 {}
    assert!(kills > 0);
    for (channel, clerk, codes) in shops {
        let (scope, user) = (channel.public_scope(), clerk.user.unwrap());
        let told = shop.store.database.read(scope, async |reader| {
            let sql = "SELECT data FROM inbox_message WHERE channel_id = $1 AND user_id = $2 ORDER BY id";
            reader.fetch_all::<(String,)>(sql, (scope.channel_id(), user)).await
        });
        let code = |(data,): (String,)| {
            serde_json::from_str::<serde_json::Value>(&data).unwrap()["code"].as_str().unwrap().to_owned()
        };
        assert_eq!(told.await.unwrap().into_iter().map(code).collect::<Vec<_>>(), codes);
    }
}
