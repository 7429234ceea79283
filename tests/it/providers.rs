//! Payments by the plugins for M-Pesa and Paystack, against stand-ins of both that keep books of their own.

use std::time::Duration;

use serde_json::{Value, json};
use soko::config::Settings;
use soko_infra::DataScope;
use soko_tests::client::only_field;
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::plugins::{binding_of, example, try_bind, upload};
use soko_tests::providers::Answering;
use soko_tests::providers::daraja::{CONSUMER, Daraja, PASSKEY};
use soko_tests::providers::paystack::{Paystack, SECRET_KEY};
use soko_tests::server::with_settings;
use soko_tests::shopper::order_of;
use soko_tests::{Answer, Client, TestServer, invariants};

/// What makes callbacks of the tests' Daraja genuine.
pub(crate) const TOKEN: &str = "c4llb4ckT0kenOfTheTests";

async fn set_secret(admin: &Client, plugin: &Value, name: &str, value: &str) {
    let text = "mutation ($input: SetPluginSecretInput!) { setPluginSecret(input: $input) { success } }";
    let input = json!({ "pluginId": plugin, "name": name, "value": value });
    admin.query(text, json!({ "input": input })).await;
}

async fn add_method(admin: &Client, code: &str, plugin: &str) {
    let text = "mutation ($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) { id } }";
    let handler = json!({ "code": format!("plugin:{plugin}"), "arguments": [] });
    let texts = json!([{ "languageCode": "en", "name": code, "description": "" }]);
    let input = json!({ "code": code, "enabled": true, "handler": handler, "translations": texts });
    admin.query(text, json!({ "input": input })).await;
}

/// Puts the plugin to use with all that it wants.
pub(crate) async fn install_mpesa(webhooks: &str, admin: &Client) {
    let version = upload(admin, example("mpesa-stk")).await;
    let plugin = &version["pluginId"];
    let secrets = [
        ("consumer-key", CONSUMER.0),
        ("consumer-secret", CONSUMER.1),
        ("passkey", PASSKEY),
        ("callback-token", TOKEN),
        ("security-credential", "encrypted"),
    ];
    for (name, value) in secrets {
        set_secret(admin, plugin, name, value).await;
    }
    let config = json!({ "shortCode": "174379", "callbackUrl": format!("{webhooks}/webhooks/alpha/mpesa"),
        "initiator": "testapi" });
    let grants = json!({ "hosts": ["api.safaricom.co.ke"], "secrets": ["consumer-key", "consumer-secret"],
        "readableSecrets": ["passkey", "callback-token", "security-credential"], "kv": true });
    let input = json!({ "pluginId": plugin, "config": config, "grants": grants });
    binding_of(try_bind(admin, input).await);
    add_method(admin, "mpesa", "mpesa-stk").await;
}

async fn install_paystack(admin: &Client) {
    let version = upload(admin, example("paystack-charge")).await;
    set_secret(admin, &version["pluginId"], "secret-key", SECRET_KEY).await;
    let config = json!({ "referencePrefix": "alpha", "email": "orders@alpha.example" });
    let grants = json!({ "hosts": ["api.paystack.co"], "secrets": ["secret-key"], "kv": true });
    let input = json!({ "pluginId": version["pluginId"], "config": config, "grants": grants });
    binding_of(try_bind(admin, input).await);
    add_method(admin, "paystack", "paystack-charge").await;
}

fn stands_in(settings: &mut Settings, host: &str, origin: &str) {
    settings.plugins.egress.stand_ins.push(format!("{host}={origin}"));
    settings.plugins.effectful.http_ms = 1_000;
}

/// Runs a test with a server and a stand-in of Daraja.
fn with_daraja<F: AsyncFnOnce(&TestServer, &Daraja, &Client)>(test: F) {
    let (runtime, daraja) = provider(Daraja::start());
    with_settings(
        |settings| stands_in(settings, "api.safaricom.co.ke", &daraja.origin()),
        async |server| {
            let admin = server.administrator(ALPHA).await;
            install_mpesa(&server.url(""), &admin).await;
            test(server, &daraja, &admin).await;
        },
    );
    drop(runtime);
}

/// Starts a stand-in on a runtime of its own, which serves it for as long as it is kept.
pub(crate) fn provider<P>(start: impl Future<Output = P>) -> (tokio::runtime::Runtime, P) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
    let provider = runtime.block_on(start);
    (runtime, provider)
}

pub(crate) const PAY: &str = "mutation ($input: PaymentInput!) { addPaymentToOrder(input: $input) {
    __typename ... on ErrorResult { errorCode message }
    ... on Order { id code state totalWithTax payments { id state amount transactionId metadata } } } }";

/// The shopper, and whatever paying was answered with. Prices are made whole shillings by what is bought.
async fn pay(server: &TestServer, method: &str, metadata: Value) -> (soko_tests::Shopper, Answer) {
    let shopper = server.shopper(ALPHA);
    let sugar = shopper.variant(SUGAR).await;
    shopper.arrange_payment(&sugar, 1, "amina@example.com").await;
    let input = json!({ "input": { "method": method, "metadata": metadata } });
    let answer = shopper.client.send(PAY, input).await;
    (shopper, answer)
}

pub(crate) fn phone() -> Value {
    json!({ "phoneNumber": "0712 345 678" })
}

/// The order of the only payment, as its shop sees it.
async fn order(admin: &Client) -> Value {
    let text = "{ orders { items { id state totalWithTax payments { id state transactionId errorMessage
        refunds { state } } } } }";
    admin.query(text, json!({})).await["orders"]["items"][0].clone()
}

async fn look_again(server: &TestServer, later: Duration) {
    server.clock.advance(later);
    server.services().orders.reconcile_payments().await.expect("a round of questions");
}

#[test]
fn an_order_is_paid_by_mpesa_when_the_callback_comes_and_once_however_often_it_comes() {
    with_daraja(async |server, daraja, admin| {
        let (_shopper, answer) = pay(server, "mpesa", phone()).await;
        let waiting = order_of(answer);
        assert_eq!(
            (&waiting["state"], &waiting["payments"][0]["state"]),
            (&json!("ArrangingPayment"), &json!("Created"))
        );
        let (checkout, prompt) = daraja.prompts().remove(0);
        assert_eq!(prompt.phone, "254712345678");
        assert_eq!(prompt.amount * 100, waiting["totalWithTax"].as_i64().expect("a total"));
        assert_eq!(waiting["payments"][0]["transactionId"], checkout);

        assert_eq!(daraja.call_back(&checkout).await, 503, "a callback that Daraja itself does not confirm");
        daraja.payer_answers(0);
        let told = futures_util::future::join_all((0..50).map(|_| daraja.call_back(&checkout))).await;
        assert!(told.iter().all(|status| *status == 200), "{told:?}");
        let paid = order(admin).await;
        assert_eq!(paid["state"], "PaymentSettled", "{paid}");
        assert_eq!(paid["payments"].as_array().map(Vec::len), Some(1));
        assert_eq!(paid["payments"][0]["transactionId"], "SGL000001");
        assert_eq!(daraja.asked().0, 1, "one token serves all calls");
        invariants::check(server.database(), &Records::default()).await;
    });
}

#[test]
fn mpesa_is_asked_where_no_callback_comes() {
    with_daraja(async |server, daraja, admin| {
        let (_shopper, answer) = pay(server, "mpesa", phone()).await;
        order_of(answer);
        look_again(server, Duration::from_secs(20)).await;
        assert_eq!(order(admin).await["payments"][0]["state"], "Created", "the payer has not answered");
        let checkout = daraja.payer_answers(0);
        look_again(server, Duration::from_mins(1)).await;
        assert_eq!(order(admin).await["state"], "PaymentSettled");
        assert_eq!(daraja.call_back(&checkout).await, 200, "a late callback is taken and changes nothing");
        assert_eq!(order(admin).await["payments"][0]["state"], "Settled");
    });
}

#[test]
fn a_payer_who_cancels_can_try_again() {
    with_daraja(async |server, daraja, admin| {
        let (shopper, answer) = pay(server, "mpesa", phone()).await;
        order_of(answer);
        let first = daraja.payer_answers(1032);
        assert_eq!(daraja.call_back(&first).await, 200);
        assert_eq!(order(admin).await["payments"][0]["state"], "Declined");
        daraja.let_payers_pay();
        let again = json!({ "input": { "method": "mpesa", "metadata": phone() } });
        order_of(shopper.client.send(PAY, again).await);
        let (second, _) = daraja.prompts().pop().expect("a prompt");
        assert_eq!(daraja.call_back(&second).await, 200);
        assert_eq!(daraja.call_back(&first).await, 200, "out of order");
        assert_eq!(order(admin).await["state"], "PaymentSettled");
    });
}

/// The prompt is out and its answer lost: the callback finds the attempt by the address that it was given.
#[test]
fn a_lost_answer_to_the_prompt_is_made_good_by_the_callback() {
    for answering in [Answering::BrokenAfterwards, Answering::Hangs] {
        with_daraja(async |server, daraja, admin| {
            daraja.answer(answering);
            let (_shopper, answer) = pay(server, "mpesa", phone()).await;
            let open = order_of(answer);
            assert_eq!(
                (&open["payments"][0]["state"], &open["payments"][0]["transactionId"]),
                (&json!("Created"), &Value::Null)
            );
            daraja.answer(Answering::Well);
            look_again(server, Duration::from_mins(2)).await;
            assert_eq!(order(admin).await["payments"][0]["state"], "Created", "nothing is guessed");
            let checkout = daraja.payer_answers(0);
            assert_eq!(daraja.call_back(&checkout).await, 200);
            assert_eq!(order(admin).await["state"], "PaymentSettled");
        });
    }
}

#[test]
fn forged_callbacks_are_refused() {
    with_daraja(async |server, daraja, admin| {
        let (_shopper, answer) = pay(server, "mpesa", phone()).await;
        order_of(answer);
        let (checkout, mut prompt) = daraja.prompts().remove(0);
        (prompt.result, prompt.receipt) = (Some(0), Some("FORGED".to_owned()));
        let body = soko_tests::providers::daraja::callback(&checkout, &prompt);
        let genuine = prompt.callback.clone();
        assert_eq!(daraja.send(&genuine.replace(TOKEN, "guess"), &body).await, 403);
        assert_eq!(daraja.send(&server.url("/webhooks/alpha/mpesa"), &body).await, 403);
        assert_eq!(daraja.send(&genuine, &body).await, 503, "Daraja says that the payer has not answered");
        assert_eq!(daraja.send(&server.url("/webhooks/alpha/nothing"), &body).await, 404);
        assert_eq!(daraja.send(&server.url("/webhooks/nobody/mpesa"), &body).await, 404);
        let kept = server.database().read(DataScope::Platform, async |reader| {
            let sql = "SELECT LENGTH(body) > 0 FROM payment_callback ORDER BY id";
            reader.fetch_all::<(bool,)>(sql, ()).await
        });
        assert_eq!(kept.await.expect("callbacks"), [(false,), (false,), (true,)], "forgeries take no room");
        assert_eq!(order(admin).await["payments"][0]["state"], "Created");
    });
}

#[test]
fn a_payment_by_mpesa_is_reversed() {
    with_daraja(async |server, daraja, admin| {
        let (_shopper, answer) = pay(server, "mpesa", phone()).await;
        let waiting = order_of(answer);
        let checkout = daraja.payer_answers(0);
        assert_eq!(daraja.call_back(&checkout).await, 200);
        let payment = &waiting["payments"][0];
        let text = "mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
            __typename ... on Refund { state } } }";
        let input = json!({ "paymentId": payment["id"], "amount": payment["amount"], "reason": "Torn bag" });
        let begun = only_field(&admin.query(text, json!({ "input": input })).await);
        assert_eq!(begun["state"], "Pending", "{begun}");
        assert_eq!(daraja.call_back_reversal(0).await, 200);
        assert_eq!(daraja.call_back_reversal(0).await, 200);
        assert_eq!(order(admin).await["payments"][0]["refunds"], json!([{ "state": "Settled" }]));
        assert!(daraja.prompts()[0].1.reversed);
    });
}

fn with_paystack<F: AsyncFnOnce(&TestServer, &Paystack, &Client)>(test: F) {
    let (runtime, paystack) = provider(Paystack::start());
    with_settings(
        |settings| stands_in(settings, "api.paystack.co", &paystack.origin()),
        async |server| {
            let admin = server.administrator(ALPHA).await;
            install_paystack(&admin).await;
            test(server, &paystack, &admin).await;
        },
    );
    drop(runtime);
}

#[test]
fn an_order_is_paid_on_paystacks_page_and_given_back() {
    with_paystack(async |server, paystack, admin| {
        let (_shopper, answer) = pay(server, "paystack", json!({})).await;
        let waiting = order_of(answer);
        let payment = &waiting["payments"][0];
        let url = payment["metadata"]["public"]["paymentUrl"].as_str().expect("a page");
        assert!(url.starts_with("https://checkout.paystack.com/alpha-payment-"), "{url}");
        let hook = server.url("/webhooks/alpha/paystack");
        let reference = paystack.payer_answers("success");
        let event = paystack.success(&reference);
        assert_eq!(paystack.send(&hook, &event, "sk_test_another").await, 403, "a wrong signature");
        assert_eq!(order(admin).await["payments"][0]["state"], "Created");
        for _ in 0..3 {
            assert_eq!(paystack.send(&hook, &event, SECRET_KEY).await, 200);
        }
        assert_eq!(order(admin).await["state"], "PaymentSettled");
        let text = "mutation ($input: RefundOrderInput!) { refundOrder(input: $input) {
            __typename ... on Refund { state } } }";
        let input = json!({ "paymentId": payment["id"], "amount": 100, "reason": "Torn bag" });
        assert_eq!(only_field(&admin.query(text, json!({ "input": input })).await)["state"], "Pending");
        assert_eq!(paystack.send(&hook, &paystack.refund_processed(), SECRET_KEY).await, 200);
        assert_eq!(order(admin).await["payments"][0]["refunds"], json!([{ "state": "Settled" }]));
        assert_eq!(paystack.transactions()[0].1.refunded, 100);
    });
}

#[test]
fn paystack_is_asked_after_its_answer_was_lost() {
    for answering in [Answering::BrokenAfterwards, Answering::Hangs] {
        with_paystack(async |server, paystack, admin| {
            paystack.answer(answering);
            let (_shopper, answer) = pay(server, "paystack", phone()).await;
            order_of(answer);
            paystack.answer(Answering::Well);
            paystack.payer_answers("success");
            look_again(server, Duration::from_mins(2)).await;
            assert_eq!(order(admin).await["state"], "PaymentSettled");
        });
    }
}

#[test]
fn what_paystack_never_saw_stays_in_doubt_and_is_put_before_people() {
    with_paystack(async |server, paystack, admin| {
        paystack.answer(Answering::Broken);
        let (_shopper, answer) = pay(server, "paystack", json!({})).await;
        order_of(answer);
        paystack.answer(Answering::Well);
        for _ in 0..14 {
            look_again(server, Duration::from_mins(5)).await;
        }
        let text = "{ paymentsInReview { totalItems items { reason askedTimes payment { id state } } } }";
        let review = admin.query(text, json!({})).await["paymentsInReview"].clone();
        assert_eq!(
            (&review["totalItems"], &review["items"][0]["payment"]["state"]),
            (&json!(1), &json!("Created"))
        );
        let text = "mutation ($id: ID!) { resolvePaymentInReview(input: {
            paymentId: $id, state: \"Error\", reason: \"not on the statement\" }) { state } }";
        let id = &review["items"][0]["payment"]["id"];
        assert_eq!(admin.query(text, json!({ "id": id })).await["resolvePaymentInReview"]["state"], "Error");
        assert!(paystack.transactions().is_empty());
    });
}
