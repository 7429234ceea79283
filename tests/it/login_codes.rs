//! Logging in to the Admin API by a code that comes as a text message.

use std::time::Duration;

use serde_json::{Value, json};
use soko_tests::client::only_field;
use soko_tests::platform::{ALPHA, PASSWORD};
use soko_tests::providers::sms::{API_KEY, Answer, SmsServer};
use soko_tests::server::with_settings;
use soko_tests::{Client, TestServer, with_server};

use crate::admin_people::employ;
use crate::providers::provider;
use crate::texts::{at, set_account};

const PHONE: &str = "+254712345678";
const NOBODYS: &str = "+254799999999";
const REQUEST: &str =
    "mutation ($phone: String!) { requestLoginOTP(phoneNumber: $phone) { success message expiresAt } }";
const VERIFY: &str =
    "mutation ($phone: String!, $otp: String!) { verifyLoginOTP(phoneNumber: $phone, otp: $otp) {
    __typename ... on CurrentUser { identifier } ... on ErrorResult { errorCode } } }";
const CLAIM: &str = "mutation ($phone: String!, $password: String!) {
    requestPhoneNumberOTP(phoneNumber: $phone, password: $password) { success } }";
const CONFIRM: &str = "mutation ($otp: String!) { verifyPhoneNumberOTP(otp: $otp) { success } }";
const NUMBER: &str = "{ loginPhoneNumber }";

/// A platform with an account for text messages, and a clerk of a shop whose telephone number it knows. One message was sent.
fn with_clerk<F: AsyncFnOnce(&TestServer, &SmsServer, &Client)>(test: F) {
    let (runtime, sms) = provider(SmsServer::start());
    with_settings(
        |settings| {
            at(settings, &sms);
            "africastalking".clone_into(&mut settings.sms.platform_provider);
            "platform".clone_into(&mut settings.sms.platform_username);
            API_KEY.clone_into(&mut settings.sms.platform_api_key.0);
        },
        async |server| {
            let admin = server.administrator(ALPHA).await;
            let (clerk, _) = employ(server, &admin, "clerk", &["ReadOrder"]).await;
            claim(&clerk, PHONE).await;
            let otp = code(&sms, 1).await;
            assert_eq!(confirm(&clerk, &otp).await, true);
            server.clock.advance(Duration::from_mins(1));
            test(server, &sms, &admin).await;
        },
    );
    drop(runtime);
}

async fn claim(client: &Client, phone: &str) {
    client.query(CLAIM, json!({ "phone": phone, "password": PASSWORD })).await;
}

async fn confirm(client: &Client, otp: &str) -> Value {
    only_field(&client.query(CONFIRM, json!({ "otp": otp })).await)["success"].clone()
}

async fn request(client: &Client, phone: &str) -> Value {
    only_field(&client.query(REQUEST, json!({ "phone": phone })).await)
}

async fn verify(client: &Client, phone: &str, otp: &str) -> Value {
    only_field(&client.query(VERIFY, json!({ "phone": phone, "otp": otp })).await)
}

/// The code of the message that comes as so many-th.
async fn code(sms: &SmsServer, count: usize) -> String {
    code_to(sms, PHONE, count).await
}

async fn code_to(sms: &SmsServer, phone: &str, count: usize) -> String {
    let taken = sms.wait_for(count).await.remove(count - 1);
    assert_eq!(taken.to, phone);
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
        set_account(admin, "AFRICAS_TALKING").await;
        let operator = server.operator(ALPHA).await;
        let shop = operator.query("{ activeChannel { id } }", json!({})).await["activeChannel"]["id"].clone();
        let none =
            "mutation ($id: ID!) { setChannelSmsQuota(channelId: $id, segmentsMax: 0) { segmentsMax } }";
        operator.query(none, json!({ "id": shop })).await;
        let client = server.admin(ALPHA);
        let asked = request(&client, "+254 712 345-678").await;
        let expected = (&json!(true), &json!("2026-07-01T09:06:00.000Z"));
        assert_eq!((&asked["success"], &asked["expiresAt"]), expected);
        let code = code(sms, 2).await;
        assert_eq!(sms.taken()[1].username, "platform", "shops do not see it");
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
        let first = code(sms, 2).await;
        for _ in 0..3 {
            assert_eq!(verify(&client, PHONE, &wrong(&first)).await, refused());
        }
        assert_eq!(verify(&client, PHONE, &first).await, refused(), "three were tried");
        server.clock.advance(Duration::from_mins(1));
        request(&client, PHONE).await;
        let second = code(sms, 3).await;
        assert_eq!(verify(&client, PHONE, &first).await, refused(), "there is a later one");
        server.clock.advance(Duration::from_mins(5));
        assert_eq!(verify(&client, PHONE, &second).await, refused(), "it is five minutes old");
        request(&client, PHONE).await;
        let third = code(sms, 4).await;
        assert_eq!(verify(&client, PHONE, &third).await["__typename"], "CurrentUser");
    });
}

#[test]
fn strangers_learn_nothing_and_nobody_asks_for_ever() {
    with_clerk(async |server, sms, _admin| {
        let client = server.admin(ALPHA);
        let (stranger, known) = (request(&client, NOBODYS).await, request(&client, PHONE).await);
        assert_eq!(stranger, known);
        let good = code(sms, 2).await;
        assert_eq!(verify(&client, NOBODYS, "000000").await, refused());
        for odd in ["", "12", "0712345678", "clerk@alpha.example"] {
            assert_eq!(client.send(REQUEST, json!({ "phone": odd })).await.code(), "INVALID_INPUT", "{odd}");
            assert_eq!(
                client.send(VERIFY, json!({ "phone": odd, "otp": "1" })).await.code(),
                "INVALID_INPUT"
            );
        }
        // The clerk's was asked for once more, as it was shown to be theirs.
        for (phone, more) in [(NOBODYS, 9), (PHONE, 8)] {
            for _ in 0..more {
                request(&client, phone).await;
            }
            assert_eq!(client.send(REQUEST, json!({ "phone": phone })).await.code(), "OVERLOADED", "{phone}");
        }
        for _ in 1..10 {
            assert_eq!(verify(&client, NOBODYS, "000000").await, refused());
        }
        let more = client.send(VERIFY, json!({ "phone": NOBODYS, "otp": "000000" })).await;
        assert_eq!(more.code(), "OVERLOADED");
        assert_eq!(
            verify(&client, PHONE, &good).await["__typename"],
            "CurrentUser",
            "none takes its place at once"
        );
        assert_eq!(sms.taken().len(), 2, "one a minute");
        // In the long run there are fewer than ten in each quarter of an hour.
        server.clock.advance(Duration::from_mins(15));
        for _ in 0..10 {
            assert_eq!(verify(&client, NOBODYS, "000000").await, refused());
        }
        server.clock.advance(Duration::from_mins(15));
        let more = client.send(VERIFY, json!({ "phone": NOBODYS, "otp": "000000" })).await;
        assert_eq!(more.code(), "OVERLOADED", "twenty a day");
    });
}

#[test]
fn a_number_is_theirs_who_knows_their_password_and_has_it() {
    with_clerk(async |server, sms, admin| {
        let clerk = server.log_in(ALPHA, "clerk@alpha.example").await;
        assert_eq!(clerk.query(NUMBER, json!({})).await["loginPhoneNumber"], PHONE);
        let wrong_password = json!({ "phone": NOBODYS, "password": "not-mine-at-all" });
        assert_eq!(clerk.send(CLAIM, wrong_password).await.code(), "INVALID_INPUT");
        let local = json!({ "phone": "0712345678", "password": PASSWORD });
        assert_eq!(clerk.send(CLAIM, local).await.code(), "INVALID_INPUT", "it may be in any country");
        let nobody = server.admin(ALPHA);
        for (text, variables) in [
            (CLAIM, json!({ "phone": PHONE, "password": PASSWORD })),
            (CONFIRM, json!({ "otp": "000000" })),
            (NUMBER, json!({})),
            ("mutation { removePhoneNumber { success } }", json!({})),
        ] {
            assert_eq!(nobody.send(text, variables).await.code(), "UNAUTHENTICATED", "{text}");
        }
        // Whoever shows that it is theirs takes it from whoever had it.
        claim(admin, PHONE).await;
        let otp = code(sms, 2).await;
        let elsewhere = server.administrator(ALPHA).await;
        assert_eq!(confirm(admin, &wrong(&otp)).await, false);
        assert_eq!(verify(&nobody, PHONE, &otp).await, refused(), "it is not the clerk's code");
        assert_eq!(confirm(admin, &otp).await, true);
        assert_eq!(admin.query(NUMBER, json!({})).await["loginPhoneNumber"], PHONE);
        assert_eq!(clerk.query(NUMBER, json!({})).await["loginPhoneNumber"], Value::Null);
        assert_eq!(
            elsewhere.send("{ me { id } }", json!({})).await.code(),
            "UNAUTHENTICATED",
            "other sessions end"
        );
        let remove = "mutation { removePhoneNumber { success } }";
        assert_eq!(admin.query(remove, json!({})).await["removePhoneNumber"]["success"], true);
        assert_eq!(admin.query(remove, json!({})).await["removePhoneNumber"]["success"], false);
    });
}

#[test]
fn a_code_is_good_for_what_it_was_sent_for_and_a_number_for_as_long_as_the_password() {
    with_clerk(async |server, sms, _admin| {
        let (clerk, nobody) = (server.log_in(ALPHA, "clerk@alpha.example").await, server.admin(ALPHA));
        claim(&clerk, NOBODYS).await;
        let of_number = code_to(sms, NOBODYS, 2).await;
        for phone in [PHONE, NOBODYS] {
            assert_eq!(verify(&nobody, phone, &of_number).await, refused(), "it is no code to log in with");
        }
        request(&nobody, PHONE).await;
        let to_log_in = code(sms, 3).await;
        assert_eq!(confirm(&clerk, &to_log_in).await, false, "nor is that one to show a number");
        assert_eq!(confirm(&clerk, &of_number).await, true, "nobody who asks for another takes its place");
        assert_eq!(verify(&nobody, PHONE, &to_log_in).await, refused(), "the number is no longer theirs");
        assert_eq!(verify(&nobody, NOBODYS, &to_log_in).await, refused(), "nor was it sent there");
        // Who changes their password is rid of a number that a stranger may have put there.
        let change =
            "mutation { updateActiveAdministrator(input: { password: \"another-password\" }) { id } }";
        clerk.query(change, json!({})).await;
        assert_eq!(clerk.query(NUMBER, json!({})).await["loginPhoneNumber"], Value::Null);
        server.clock.advance(Duration::from_mins(1));
        assert_eq!(request(&nobody, NOBODYS).await["success"], true);
        // Messages cost: ten in a quarter of an hour, whichever numbers they are for.
        let asked =
            |place: u32| json!({ "phone": format!("+2547000000{place:02}"), "password": "another-password" });
        for place in 0..8 {
            clerk.query(CLAIM, asked(place)).await;
        }
        assert_eq!(clerk.send(CLAIM, asked(8)).await.code(), "OVERLOADED");
        assert_eq!(sms.taken().len(), 11, "none to a number that is nobody's");
    });
}

/// A provider that fails, and a platform without an account.
#[test]
fn where_no_message_can_be_sent_nothing_breaks() {
    with_clerk(async |server, sms, admin| {
        sms.answer_with(&[Answer::Status(503)]);
        let refused = admin.send(CLAIM, json!({ "phone": NOBODYS, "password": PASSWORD })).await;
        assert_eq!(refused.code(), "CONFLICT", "{}", refused.body);
        claim(admin, NOBODYS).await;
        code_to(sms, NOBODYS, 2).await;
        let client = server.admin(ALPHA);
        sms.answer_with(&[Answer::Status(503)]);
        assert_eq!(request(&client, PHONE).await["success"], true);
        // What was not sent keeps nobody from asking again.
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            request(&client, PHONE).await;
            if sms.taken().len() == 3 {
                break;
            }
        }
        code(sms, 3).await;
        sent(admin, 1).await;
    });
    with_server(async |server| {
        let client = server.admin(ALPHA);
        assert_eq!(client.send(REQUEST, json!({ "phone": PHONE })).await.code(), "CONFLICT");
        assert_eq!(verify(&client, PHONE, "000000").await, refused());
    });
}
