//! Logging in and out.

use serde_json::{Value, json};
use soko_domain::customers::{GuestCustomer, NewCustomer};

use super::kit::{Shop, nothing};

const LOGIN: &str = "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { ... on CurrentUser { identifier \
    channels { code permissions } } ... on InvalidCredentialsError { errorCode authenticationError } } }";

async fn shop_with_customer() -> Shop {
    let shop = Shop::with_products(1).await;
    let facts = GuestCustomer {
        title: None,
        first_name: "Asha".into(),
        last_name: "Otieno".into(),
        phone_number: None,
        email_address: "asha@mail.example".into(),
    };
    let new = NewCustomer { facts, password: Some("correct horse".into()) };
    shop.services.customers.create(&shop.store.actor, new).await.unwrap();
    shop
}

#[tokio::test]
async fn logs_a_customer_in_with_their_cart_and_out_again() {
    let shop = shop_with_customer().await;
    let mut asha = shop.guest();
    let data = asha.ask("{ product(slug: \"laptop-0\") { variants { id } } }", nothing()).await;
    let variant = &data["product"]["variants"][0]["id"];
    let add =
        "mutation($v: ID!) { addItemToOrder(productVariantId: $v, quantity: 1) { ... on Order { id } } }";
    asha.ask(add, json!({ "v": variant })).await;
    let guest_token = asha.token().map(str::to_owned);
    let data = asha.ask(LOGIN, json!({ "u": "Asha@mail.example", "p": "correct horse" })).await;
    assert_eq!(data["login"]["identifier"], "asha@mail.example", "{data}");
    assert_ne!(asha.token().map(str::to_owned), guest_token);
    let text = "{ me { identifier } activeCustomer { firstName addresses { id } user { id } orders { totalItems } } \
        activeOrder { lines { quantity } } }";
    let data = asha.ask(text, nothing()).await;
    assert_eq!(data["activeCustomer"]["firstName"], "Asha");
    assert_eq!(data["activeOrder"]["lines"][0]["quantity"], 1);
    let data = asha.ask("mutation { logout { success } }", nothing()).await;
    assert_eq!(data["logout"]["success"], true);
    assert_eq!(asha.token(), None);
    assert_eq!(asha.ask("mutation { logout { success } }", nothing()).await["logout"]["success"], false);
}

#[tokio::test]
async fn refuses_wrong_passwords_and_unknown_users_alike() {
    let shop = shop_with_customer().await;
    let mut guest = shop.guest();
    let wrong = guest.ask(LOGIN, json!({ "u": "asha@mail.example", "p": "wrong" })).await;
    assert_eq!(wrong["login"]["errorCode"], "INVALID_CREDENTIALS_ERROR");
    assert_eq!(guest.ask(LOGIN, json!({ "u": "nobody@mail.example", "p": "wrong" })).await, wrong);
    assert_eq!(guest.token(), None);
    let text = "mutation { authenticate(input: {}) { ... on ErrorResult { errorCode } } }";
    assert_eq!(guest.ask(text, nothing()).await["authenticate"]["errorCode"], "INVALID_CREDENTIALS_ERROR");
    let answer = guest.answer("{ me { id } }", nothing()).await;
    assert_eq!(
        (&answer["data"]["me"], &answer["errors"][0]["extensions"]["code"]),
        (&Value::Null, &json!("UNAUTHENTICATED"))
    );
}

#[tokio::test]
async fn authenticates_natively() {
    let shop = shop_with_customer().await;
    let mut asha = shop.guest();
    let text = "mutation($i: AuthenticationInput!) { authenticate(input: $i, rememberMe: true) { ... on CurrentUser { identifier } } }";
    let input = json!({ "native": { "username": "asha@mail.example", "password": "correct horse" } });
    let data = asha.ask(text, json!({ "i": input })).await;
    assert_eq!(data["authenticate"]["identifier"], "asha@mail.example");
    assert!(asha.token().is_some());
}
