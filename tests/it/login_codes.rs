//! Logging in to the Admin API by a code that comes as a text message.

use std::time::Duration;

use serde_json::{Value, json};
use soko_tests::client::only_field;
use soko_tests::platform::ALPHA;
use soko_tests::providers::sms::{Answer, SmsServer};
use soko_tests::server::with_settings;
use soko_tests::{Client, TestServer, with_server};

use crate::admin_people::employ;
use crate::providers::provider;
use crate::texts::{at, set_account};

const PHONE: &str = "+254712345678";
const REQUEST: &str =
    "mutation ($phone: String!) { requestLoginOTP(phoneNumber: $phone) { success message expiresAt } }";
const VERIFY: &str =
    "mutation ($phone: String!, $otp: String!) { verifyLoginOTP(phoneNumber: $phone, otp: $otp) {
    __typename ... on CurrentUser { identifier } ... on ErrorResult { errorCode } } }";
const SET_PHONE: &str =
    "mutation ($phone: String) { updateActiveAdministrator(input: { phoneNumber: $phone }) { phoneNumber } }";

/// A shop with an account for text messages, and a clerk whose telephone number it knows.
fn with_clerk<F: AsyncFnOnce(&TestServer, &SmsServer, &Client)>(test: F) {
    let (runtime, sms) = provider(SmsServer::start());
    with_settings(
        |settings| at(settings, &sms),
        async |server| {
            let admin = server.administrator(ALPHA).await;
            set_account(&admin, "AFRICAS_TALKING").await;
            let (clerk, _) = employ(server, &admin, "clerk", &["ReadOrder"]).await;
            let set = clerk.query(SET_PHONE, json!({ "phone": "0712 345 678" })).await;
            assert_eq!(set["updateActiveAdministrator"]["phoneNumber"], PHONE);
            test(server, &sms, &admin).await;
        },
    );
    drop(runtime);
}

async fn request(client: &Client, phone: &str) -> Value {
    only_field(&client.query(REQUEST, json!({ "phone": phone })).await)
}

async fn verify(client: &Client, phone: &str, otp: &str) -> Value {
    only_field(&client.query(VERIFY, json!({ "phone": phone, "otp": otp })).await)
}

/// The code of the message that comes as so many-th.
async fn code(sms: &SmsServer, count: usize) -> String {
    let taken = sms.wait_for(count).await.remove(count - 1);
    assert_eq!(taken.to, PHONE);
    let code: String = taken.text.chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(code.len(), 6, "{taken:?}");
    code
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    let first = if code.starts_with('1') { '2' } else { '1' };
    format!("{first}{}", &code[1..])
}

/// What is on record of codes that were sent, once it is so much.
async fn sent(admin: &Client, count: usize) -> Value {
    let text =
        "{ events(options: { filter: { type: { eq: \"user.login_code_sent\" } } }) { items { type data } } }";
    let mut events = Value::Null;
    for _ in 0..400 {
        events = only_field(&admin.query(text, json!({})).await)["items"].clone();
        if events.as_array().is_some_and(|events| events.len() == count) {
            return events;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{count} codes were not sent: {events}");
}

fn refused() -> Value {
    json!({ "__typename": "InvalidCredentialsError", "errorCode": "INVALID_CREDENTIALS_ERROR" })
}

#[test]
fn an_administrator_logs_in_by_a_code_that_no_quota_holds_back() {
    with_clerk(async |server, sms, admin| {
        let operator = server.operator(ALPHA).await;
        let shop = operator.query("{ activeChannel { id } }", json!({})).await["activeChannel"]["id"].clone();
        let none =
            "mutation ($id: ID!) { setChannelSmsQuota(channelId: $id, segmentsMax: 0) { segmentsMax } }";
        operator.query(none, json!({ "id": shop })).await;
        let client = server.admin(ALPHA);
        let asked = request(&client, "0712345678").await;
        assert_eq!(
            (&asked["success"], &asked["expiresAt"]),
            (&json!(true), &json!("2026-07-01T09:05:00.000Z"))
        );
        let code = code(sms, 1).await;
        assert_eq!(verify(&client, PHONE, &wrong(&code)).await, refused());
        assert_eq!(client.send("{ me { id } }", json!({})).await.code(), "UNAUTHENTICATED");
        let entered = verify(&client, PHONE, &code).await;
        assert_eq!(entered, json!({ "__typename": "CurrentUser", "identifier": "clerk@alpha.example" }));
        let me = client.query("{ me { identifier } }", json!({})).await;
        assert_eq!(me["me"]["identifier"], "clerk@alpha.example");
        assert_eq!(verify(&server.admin(ALPHA), PHONE, &code).await, refused(), "it is good once");
        let usage = admin.query("{ smsUsage { segmentsUsed segmentsMax } }", json!({})).await;
        assert_eq!(usage["smsUsage"], json!({ "segmentsUsed": 0, "segmentsMax": 0 }));
        let events = sent(admin, 1).await;
        assert!(!events.to_string().contains(&code), "the code is its reader's alone: {events}");
    });
}

#[test]
fn a_code_is_good_for_three_tries_and_five_minutes_and_until_the_next() {
    with_clerk(async |server, sms, _admin| {
        let client = server.admin(ALPHA);
        request(&client, PHONE).await;
        let first = code(sms, 1).await;
        for _ in 0..3 {
            assert_eq!(verify(&client, PHONE, &wrong(&first)).await, refused());
        }
        assert_eq!(verify(&client, PHONE, &first).await, refused(), "three were tried");
        request(&client, PHONE).await;
        let second = code(sms, 2).await;
        assert_eq!(verify(&client, PHONE, &first).await, refused(), "there is a later one");
        server.clock.advance(Duration::from_mins(5));
        assert_eq!(verify(&client, PHONE, &second).await, refused(), "it is five minutes old");
        request(&client, PHONE).await;
        let third = code(sms, 3).await;
        assert_eq!(verify(&client, PHONE, &third).await["__typename"], "CurrentUser");
    });
}

#[test]
fn strangers_learn_nothing_and_nobody_asks_for_ever() {
    with_clerk(async |server, sms, admin| {
        let client = server.admin(ALPHA);
        let (stranger, known) = (request(&client, "0799999999").await, request(&client, PHONE).await);
        assert_eq!(stranger, known);
        code(sms, 1).await;
        assert_eq!(sms.taken().len(), 1);
        assert_eq!(verify(&client, "0799999999", "000000").await, refused());
        for odd in ["", "12", "clerk@alpha.example"] {
            assert_eq!(client.send(REQUEST, json!({ "phone": odd })).await.code(), "INVALID_INPUT", "{odd}");
            assert_eq!(
                client.send(VERIFY, json!({ "phone": odd, "otp": "1" })).await.code(),
                "INVALID_INPUT"
            );
        }
        for phone in ["0799999999", PHONE] {
            for _ in 1..10 {
                request(&client, phone).await;
            }
            assert_eq!(client.send(REQUEST, json!({ "phone": phone })).await.code(), "OVERLOADED", "{phone}");
        }
        // One has been tried for the stranger's.
        for _ in 1..10 {
            assert_eq!(verify(&client, "0799999999", "000000").await, refused());
        }
        let more = client.send(VERIFY, json!({ "phone": "0799999999", "otp": "000000" })).await;
        assert_eq!(more.code(), "OVERLOADED");
        server.clock.advance(Duration::from_mins(15));
        request(&client, PHONE).await;

        assert_eq!(admin.send(SET_PHONE, json!({ "phone": PHONE })).await.code(), "CONFLICT");
        assert_eq!(admin.send(SET_PHONE, json!({ "phone": "712" })).await.code(), "INVALID_INPUT");
        let clerk = server.log_in(ALPHA, "clerk@alpha.example").await;
        let none = clerk.query(SET_PHONE, json!({ "phone": "" })).await;
        assert_eq!(none["updateActiveAdministrator"]["phoneNumber"], Value::Null);
        admin.query(SET_PHONE, json!({ "phone": PHONE })).await;
    });
}

/// A provider that fails, and a platform without one: the answer is the same, and passwords do as before.
#[test]
fn where_no_message_can_be_sent_nothing_breaks() {
    with_clerk(async |server, sms, admin| {
        sms.answer_with(&[Answer::Status(503)]);
        let client = server.admin(ALPHA);
        assert_eq!(request(&client, PHONE).await["success"], true);
        request(&client, PHONE).await;
        code(sms, 1).await;
        sent(admin, 1).await;
    });
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        admin.query(SET_PHONE, json!({ "phone": PHONE })).await;
        let client = server.admin(ALPHA);
        assert_eq!(request(&client, PHONE).await["success"], true);
        assert_eq!(verify(&client, PHONE, "000000").await, refused());
        server.administrator(ALPHA).await;
    });
}
