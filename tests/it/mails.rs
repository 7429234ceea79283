//! Mail to customers, handed to a mail server over a real connection.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_tests::client::only_field;
use soko_tests::mailbox::MailServer;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::server::with_settings;
use soko_tests::{Client, TestServer, with_server};

use crate::admin_people::employ;
use crate::providers::provider;

const MAILS: &str =
    "{ eventActions(options: { filter: { actionType: { eq: \"email\" } }, sort: { id: ASC } }) {
    items { state attempts message eventType recipientType } } }";

const WANT_MAIL: &str =
    "mutation { setNotificationPreference(input: { eventType: \"order.placed\", actionType: EMAIL,
    enabled: true }) { enabled } }";

fn with_mail<F: AsyncFnOnce(&TestServer, &MailServer, &Client)>(test: F) {
    let (runtime, mail) = provider(MailServer::start());
    let change = |settings: &mut Settings| {
        settings.email.smtp_url.0 = mail.url();
        "Duka <orders@duka.example>".clone_into(&mut settings.email.from);
    };
    with_settings(change, async |server| {
        let admin = server.administrator(ALPHA).await;
        test(server, &mail, &admin).await;
    });
    drop(runtime);
}

async fn sell_to(server: &TestServer, address: &str) -> Value {
    let guest = server.shopper(ALPHA);
    let sugar = guest.variant(SUGAR).await;
    guest.check_out(&sugar, 1, address).await
}

/// What was done by mail, once it is so much and all as it should be.
async fn mails(admin: &Client, count: usize, is_done: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut items = Vec::new();
    for _ in 0..400 {
        let found = only_field(&admin.query(MAILS, json!({})).await);
        items = found["items"].as_array().cloned().unwrap_or_default();
        if items.len() == count && items.iter().all(&is_done) {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the mails did not become what they should: {items:?}");
}

#[test]
fn a_customer_gets_a_mail_about_their_order_in_the_shops_words() {
    with_mail(async |server, mail, admin| {
        let words = "mutation { setEventTemplate(input: { eventType: \"order.placed\", languageCode: en,
            title: \"Asante!\\nBcc: everybody@example.com\", body: \"<b>{{ code }}</b> ni {{ totalWithTax | money(currency) }}.\" }) {
            title } }";
        admin.query(words, json!({})).await;
        let order = sell_to(server, "asha@guests.example").await;
        let delivered = mail.wait_for(1).await.remove(0);
        assert_eq!(delivered.to, ["asha@guests.example"]);
        assert_eq!(delivered.header("From"), Some("Duka <orders@duka.example>"));
        assert_eq!(
            delivered.header("Subject"),
            Some("Asante! Bcc: everybody@example.com"),
            "one line, no header of its own"
        );
        assert_eq!(delivered.header("Bcc"), None);
        assert!(delivered.header("Content-Type").is_some_and(|kind| kind.starts_with("text/plain")));
        assert!(delivered.header("Message-ID").is_some_and(|id| id.starts_with("<act_")));
        let code = order["code"].as_str().expect("a code");
        assert!(delivered.body().starts_with(&format!("<b>{code}</b> ni KES ")), "{delivered:?}");
        let done = mails(admin, 1, |one| one["state"] == "Done").await;
        assert_eq!(
            (done.len(), &done[0]["eventType"], &done[0]["attempts"]),
            (1, &json!("order.placed"), &json!(1))
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(mail.delivered().len(), 1, "one mail for one order");
    });
}

#[test]
fn what_is_refused_for_good_is_not_tried_again_and_what_is_refused_for_now_is() {
    with_mail(async |server, mail, admin| {
        sell_to(server, "nobody@guests.example").await;
        let dead = mails(admin, 1, |one| one["state"] == "Failed").await.remove(0);
        assert_eq!(dead["attempts"], 1);
        assert!(dead["message"].as_str().is_some_and(|why| why.contains("no such mailbox")), "{dead}");
        sell_to(server, "later@guests.example").await;
        let refused = |one: &Value| one["state"] == "Failed" || one["message"].is_string();
        let later = mails(admin, 2, refused).await;
        assert_eq!((&later[1]["state"], &later[1]["attempts"]), (&json!("Pending"), &json!(1)), "{later:?}");
        server.clock.advance(Duration::from_secs(10));
        let again =
            |one: &Value| one["state"] == "Failed" || one["attempts"] == 2 && one["message"].is_string();
        mails(admin, 2, again).await;
        assert!(mail.delivered().is_empty());
    });
}

#[test]
fn a_shop_may_send_no_mail_and_a_platform_without_a_server_sends_none() {
    with_mail(async |server, mail, admin| {
        let off = "mutation { updateEventSetting(input: { eventType: \"order.placed\", actionType: EMAIL, enabled: false }) {
            enabled } }";
        assert_eq!(admin.query(off, json!({})).await["updateEventSetting"]["enabled"], false);
        admin.query(WANT_MAIL, json!({})).await;
        sell_to(server, "asha@guests.example").await;
        server.settle().await;
        assert_eq!(only_field(&admin.query(MAILS, json!({})).await)["items"], json!([]));
        assert!(mail.delivered().is_empty());
    });
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        sell_to(server, "asha@guests.example").await;
        server.settle().await;
        assert_eq!(only_field(&admin.query(MAILS, json!({})).await)["items"], json!([]));
    });
}

/// Those who run the shop get no copy of what customers get, unless they ask for it; what they may not read they do not get.
#[test]
fn somebody_who_runs_the_shop_gets_the_mails_that_they_ask_for() {
    with_mail(async |server, mail, admin| {
        let (clerk, _) = employ(server, admin, "clerk", &["ReadOrder"]).await;
        let (keeper, _) = employ(server, admin, "keeper", &["ReadCatalog"]).await;
        assert_eq!(keeper.send(WANT_MAIL, json!({})).await.code(), "NOT_FOUND", "orders are not theirs");
        let mine = "{ notificationPreferences { eventType actionType enabled } }";
        let wanted =
            |enabled: bool| json!({ "eventType": "order.placed", "actionType": "EMAIL", "enabled": enabled });
        let of = async |client: &Client| only_field(&client.query(mine, json!({})).await);
        assert!(of(&clerk).await.as_array().is_some_and(|list| list.contains(&wanted(false))));
        sell_to(server, "asha@guests.example").await;
        mails(admin, 1, |one| one["state"] == "Done").await;
        clerk.query(WANT_MAIL, json!({})).await;
        assert!(of(&clerk).await.as_array().is_some_and(|list| list.contains(&wanted(true))));
        let order = sell_to(server, "juma@guests.example").await;
        let done = mails(admin, 3, |one| one["state"] == "Done").await;
        assert_eq!(done[2]["recipientType"], "administrator", "{done:?}");
        let delivered = mail.wait_for(3).await;
        let code = order["code"].as_str().expect("a code");
        let theirs: Vec<_> = delivered.iter().filter(|one| one.to == ["clerk@alpha.example"]).collect();
        assert_eq!(theirs.len(), 1, "{delivered:?}");
        assert!(theirs[0].body().contains(code), "{delivered:?}");
    });
}
