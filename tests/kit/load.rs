//! Customers who check out, again and again, while things go wrong. They do as good clients do: who is refused for now
//! or not answered tries again, perhaps at another node, and who got no answer to a payment first asks whether it was
//! made.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Client, only_field};
use crate::cluster::Addresses;
use crate::shopper::Shopper;

/// Longest that a client waits for an answer.
pub const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How often a customer tries a step of a checkout.
const TRIES_MAX: u32 = 200;
/// Pause before another try.
const PAUSE: Duration = Duration::from_millis(50);
/// What a client can do nothing about but try again.
const FOR_NOW: [&str; 2] = ["OVERLOADED", "TIMEOUT"];

/// What customers saw.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// The ids of orders that a customer was told are paid, by an answer to the payment or to the question.
    pub paid: BTreeSet<i64>,
    /// Of those, the ones that were asked about because the payment had no answer.
    pub asked: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Requests that were refused, by the code.
    pub refused: BTreeMap<String, u64>,
    /// Answers that are neither what was asked for nor a refusal with a code.
    pub strange: Vec<String>,
    /// The longest wait for an answer.
    pub longest: Duration,
}

impl fmt::Display for Records {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { paid, asked, unanswered, refused, longest, .. } = self;
        let (paid, longest_ms) = (paid.len(), longest.as_millis());
        write!(
            formatter,
            "{paid} paid ({asked} of them asked about), {unanswered} requests unanswered, refused: {refused:?}, \
             longest answer {longest_ms} ms"
        )
    }
}

/// Customers at work. They stop with this.
#[derive(Debug)]
pub struct Load {
    records: Arc<Mutex<Records>>,
    stopping: Arc<AtomicBool>,
    customers: JoinSet<()>,
}

/// One customer, who comes back with a new cart.
struct Customer {
    http: reqwest::Client,
    addresses: Addresses,
    random: StdRng,
    variant: String,
    records: Arc<Mutex<Records>>,
    stopping: Arc<AtomicBool>,
}

/// What a request came to.
enum Heard {
    Data(Value),
    Refused(String),
    Nothing,
}

impl Load {
    /// So many customers who buy one unit at a time.
    ///
    /// # Panics
    /// When the shop does not have it.
    pub async fn start(addresses: &Addresses, sku: &str, customers: u32, random: &mut StdRng) -> Self {
        let http = reqwest::Client::builder().timeout(ANSWER_MAX).build().expect("a client");
        let url = format!("{}/shop-api", addresses.any(random));
        let variant = Shopper::new(Client::new(http.clone(), url, None)).variant(sku).await;
        let mut load = Self { records: Arc::default(), stopping: Arc::default(), customers: JoinSet::new() };
        for _ in 0..customers {
            let mut customer = Customer {
                http: http.clone(),
                addresses: addresses.clone(),
                random: StdRng::seed_from_u64(random.random()),
                variant: variant.clone(),
                records: Arc::clone(&load.records),
                stopping: Arc::clone(&load.stopping),
            };
            load.customers.spawn(async move { customer.shop().await });
        }
        load
    }

    /// What they have seen so far.
    pub fn records(&self) -> Records {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until they have been told of more paid orders.
    ///
    /// # Panics
    /// When that takes longer than it may.
    pub async fn wait_for_more(&self, orders: usize, at_most: Duration) {
        let (before, begun) = (self.records().paid.len(), Instant::now());
        while self.records().paid.len() < before + orders {
            let records = self.records();
            assert!(begun.elapsed() < at_most, "nobody can pay: {records} {:?}", records.strange);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Has them end what they are about, and says what they saw.
    ///
    /// # Panics
    /// When a customer was answered by something that is no answer.
    pub async fn stop(mut self) -> Records {
        self.stopping.store(true, Ordering::Relaxed);
        while let Some(ended) = self.customers.join_next().await {
            ended.expect("a customer who does not panic");
        }
        let records = self.records();
        assert!(records.strange.is_empty(), "{:#?}", records.strange);
        records
    }
}

impl Customer {
    async fn shop(&mut self) {
        while !self.stopping.load(Ordering::Relaxed) {
            let client = Client::new(self.http.clone(), String::new(), None);
            if self.check_out(&client).await.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// One checkout; `None` where it was given up, after which only the invariants can tell what it came to.
    async fn check_out(&mut self, client: &Client) -> Option<()> {
        let added = "mutation ($id: ID!) { addItemToOrder(productVariantId: $id, quantity: 1) { __typename
            ... on ErrorResult { errorCode } ... on Order { id code } } }";
        let Heard::Data(order) = self.ask(client, added, json!({ "id": self.variant })).await else {
            return None;
        };
        let (id, code) = (order["id"].as_str()?.parse::<i64>().ok()?, order["code"].as_str()?.to_owned());
        let customer =
            "mutation ($input: CreateCustomerInput!) { setCustomerForOrder(input: $input) { __typename
            ... on ErrorResult { errorCode } } }";
        let email = format!("customer{}@example.com", self.random.random_range(0..1_000));
        let who = json!({ "firstName": "Wanjiku", "lastName": "Mwangi", "emailAddress": email,
            "phoneNumber": "0712345678" });
        self.insist(client, customer, json!({ "input": who })).await?;
        let address =
            "mutation ($input: CreateAddressInput!) { setOrderShippingAddress(input: $input) { __typename
            ... on ErrorResult { errorCode } } }";
        let there = json!({ "streetLine1": "Biashara Street 4", "city": "Nairobi", "countryCode": "KE" });
        self.insist(client, address, json!({ "input": there })).await?;
        let methods = self.insist(client, "{ eligibleShippingMethods { id } }", json!({})).await?;
        let method = "mutation ($ids: [ID!]!) { setOrderShippingMethod(shippingMethodId: $ids) { __typename
            ... on ErrorResult { errorCode } } }";
        self.insist(client, method, json!({ "ids": [methods[0]["id"]] })).await?;
        let arrange = "mutation { transitionOrderToState(state: \"ArrangingPayment\") { __typename
            ... on ErrorResult { errorCode } ... on Order { state } } }";
        self.bring(client, &code, arrange, &["ArrangingPayment", "PaymentSettled"]).await?;
        let pay = "mutation { addPaymentToOrder(input: { method: \"cash\", metadata: {} }) { __typename
            ... on ErrorResult { errorCode } ... on Order { state } } }";
        let asked = self.bring(client, &code, pay, &["PaymentSettled"]).await?;
        self.note(|records| {
            records.asked += u64::from(asked);
            if !records.paid.insert(id) {
                records.strange.push(format!("order {id} was given to two customers"));
            }
        });
        Some(())
    }

    /// The data of a request that can be made again as it is.
    async fn insist(&mut self, client: &Client, text: &str, variables: Value) -> Option<Value> {
        for _ in 0..TRIES_MAX {
            match self.ask(client, text, variables.clone()).await {
                Heard::Data(data) => return Some(data),
                Heard::Refused(code) if !FOR_NOW.contains(&&*code) => return None,
                Heard::Refused(_) | Heard::Nothing => tokio::time::sleep(PAUSE).await,
            }
        }
        None
    }

    /// Brings the order into a state, and says whether its state had to be asked for.
    async fn bring(&mut self, client: &Client, code: &str, text: &str, states: &[&str]) -> Option<bool> {
        let is_there = |order: &Value| order["state"].as_str().is_some_and(|state| states.contains(&state));
        let question = "query ($code: String!) { orderByCode(code: $code) { state } }";
        for _ in 0..TRIES_MAX {
            match self.ask(client, text, json!({})).await {
                Heard::Data(order) if is_there(&order) => return Some(false),
                Heard::Data(_) => return None,
                Heard::Refused(_) | Heard::Nothing => {}
            }
            // Refused, perhaps because it was done the first time.
            let order = self.insist(client, question, json!({ "code": code })).await?;
            if is_there(&order) {
                return Some(true);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    /// Asks any node, with the session that the client has.
    async fn ask(&mut self, client: &Client, text: &str, variables: Value) -> Heard {
        let url = format!("{}/shop-api", self.addresses.any(&mut self.random));
        let there = Client::new(self.http.clone(), url, None).with_session_of(client);
        let begun = Instant::now();
        let answer = there.try_send(&json!({ "query": text, "variables": variables })).await;
        let waited = begun.elapsed();
        client.set_session(there.session());
        let heard = match answer {
            Ok(answer)
                if answer.status == 200
                    && answer.body["errors"].is_null()
                    && answer.body["data"].is_object() =>
            {
                let field = only_field(&answer.body["data"]);
                field["errorCode"].as_str().map(str::to_owned).map_or(Heard::Data(field), Heard::Refused)
            }
            Ok(answer) => match answer.body["errors"][0]["extensions"]["code"].as_str() {
                Some(code) => Heard::Refused(code.to_owned()),
                None => {
                    self.note(|records| records.strange.push(format!("{} {}", answer.status, answer.body)));
                    Heard::Nothing
                }
            },
            Err(_) => Heard::Nothing,
        };
        self.note(|records| {
            records.longest = records.longest.max(waited);
            match &heard {
                Heard::Data(_) => {}
                Heard::Refused(code) => *records.refused.entry(code.clone()).or_default() += 1,
                Heard::Nothing => records.unanswered += 1,
            }
        });
        heard
    }

    fn note(&self, change: impl FnOnce(&mut Records)) {
        change(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
