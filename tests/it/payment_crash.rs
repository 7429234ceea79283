//! The program is killed while payers pay by M-Pesa: before the prompt, between the prompt and its answer, before the
//! answer is on record, and while the callback is dealt with. In the end each payment is settled once, has failed, or is
//! before people, and agrees with the provider's own books.
//!
//! `cargo xtask soak` makes many rounds of it.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use soko::wiring::{DataDirectory, Options, Platform};
use soko_domain::auth::SUPERADMIN_IDENTIFIER;
use soko_infra::{DataScope, Database};
use soko_kernel::Clock;
use soko_tests::load::Records;
use soko_tests::platform::{ALPHA, PASSWORD, SUGAR, prepare};
use soko_tests::process::Process;
use soko_tests::providers::Answering;
use soko_tests::providers::daraja::{Daraja, Prompt, callback};
use soko_tests::{Client, Shopper, TestHome, invariants, soak};

use crate::providers::{PAY, install_mpesa, phone, provider};

/// Kills, and those of a soak.
const ROUNDS: [u64; 2] = [8, 100];
/// Longest from a request to the kill that follows, in milliseconds: about twice what answering it takes.
const KILL_WITHIN_MS: u64 = 60;
/// What payers answer a prompt with: they pay, or they do not.
const ANSWERS: [i64; 3] = [0, 0, 1032];
/// Questions about an attempt until people have to look at it, and some more.
const LOOKS: usize = 16;

/// The program, its store, and the provider that its shop is paid by.
struct Stage<'d> {
    home: TestHome,
    process: Option<Process>,
    arguments: Vec<String>,
    daraja: &'d Daraja,
    http: reqwest::Client,
}

impl<'d> Stage<'d> {
    async fn set(daraja: &'d Daraja) -> Self {
        let home = TestHome::create().await;
        let settings = home.settings();
        prepare(&settings).await.expect("a shop to serve");
        let arguments = [
            format!("secrets.key={}", settings.secrets.key.0),
            format!("plugins.egress.stand_ins=api.safaricom.co.ke={}", daraja.origin()),
            "plugins.effectful.http_ms=500".to_owned(),
            "server.sweep_s=1".to_owned(),
        ];
        let arguments = arguments.into_iter().flat_map(|one| ["--set".to_owned(), one]).collect();
        let mut stage = Self { home, process: None, arguments, daraja, http: reqwest::Client::new() };
        stage.serve();
        let admin = stage.client("admin-api");
        let text = "mutation ($username: String!, $password: String!) {
            login(username: $username, password: $password) { __typename } }";
        let login = json!({ "username": SUPERADMIN_IDENTIFIER, "password": PASSWORD });
        admin.expect("CurrentUser", text, login).await;
        install_mpesa(stage.url(), &admin).await;
        stage
    }

    fn serve(&mut self) {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        self.process = Some(Process::start("serve", self.home.path(), &arguments));
    }

    fn url(&self) -> &str {
        &self.process.as_ref().expect("the program runs").url
    }

    fn client(&self, endpoint: &str) -> Client {
        Client::new(self.http.clone(), format!("{}/{endpoint}", self.url()), Some(ALPHA))
    }

    /// Kills the program some time from now, and starts it again.
    async fn kill(&mut self, random: &mut StdRng) {
        tokio::time::sleep(Duration::from_millis(random.random_range(0..KILL_WITHIN_MS))).await;
        tokio::task::block_in_place(|| {
            self.process.take().expect("the program runs").kill();
            self.serve();
        });
    }

    /// A guest begins to pay, and the program is killed meanwhile.
    async fn pay(&mut self, random: &mut StdRng) {
        let guest = Shopper::new(self.client("shop-api"));
        let sugar = guest.variant(SUGAR).await;
        guest.arrange_payment(&sugar, 1, "amina@example.com").await;
        let input = json!({ "method": "mpesa", "metadata": phone() });
        let request = json!({ "query": PAY, "variables": { "input": input } });
        let paying = tokio::spawn(async move { guest.client.try_send(&request).await });
        self.kill(random).await;
        // An answer, or a connection that broke: which of them says nothing about the money.
        let _either = paying.await.expect("a client that does not break");
    }

    /// The payer answers a prompt, and its callback comes never, once, twice, or while the program is killed.
    async fn answer(&mut self, random: &mut StdRng) {
        let open = self.daraja.prompts().pop().is_some_and(|(_, prompt)| prompt.result.is_none());
        if !open {
            return;
        }
        let result = ANSWERS[random.random_range(0..ANSWERS.len())];
        let checkout = self.daraja.payer_answers(result);
        match random.random_range(0..4) {
            0 => {}
            1 => {
                let (url, body) = self.callback(&checkout);
                let told = self.daraja.try_send(&url, &body);
                let killed =
                    tokio::time::sleep(Duration::from_millis(random.random_range(0..KILL_WITHIN_MS)));
                // Whether it was dealt with does not matter: it comes again.
                tokio::select! { _ = told => {} () = killed => {} }
                self.kill(random).await;
                self.tell(&checkout).await;
            }
            times => {
                for _ in 1..times {
                    self.tell(&checkout).await;
                }
            }
        }
    }

    /// Delivers a callback, which must be taken.
    async fn tell(&self, checkout: &str) {
        let (url, body) = self.callback(checkout);
        assert_eq!(self.daraja.send(&url, &body).await, 200, "the callback of {checkout}");
    }

    /// The address of a prompt's callback where the program serves now, and the callback.
    fn callback(&self, checkout: &str) -> (String, serde_json::Value) {
        let found = self.daraja.prompts().into_iter().find(|(one, _)| one == checkout);
        let (_, prompt) = found.expect("the prompt");
        let (_, path) = prompt.callback.split_once("/webhooks/").expect("an address of ours");
        (format!("{}/webhooks/{path}", self.url()), callback(checkout, &prompt))
    }

    /// Ends the program, and asks about what is open until it is known or people have to look.
    async fn find_out(&mut self) -> Database {
        drop(self.process.take());
        let clock = Clock::fixed(Clock::system().now());
        let mut settings = self.home.settings();
        settings.plugins.egress.stand_ins = vec![format!("api.safaricom.co.ke={}", self.daraja.origin())];
        let options = Options { clock: clock.clone(), ..Options::in_process().expect("options") };
        let platform =
            Platform::open(&settings, &options, DataDirectory::MustExist).await.expect("a platform");
        for _ in 0..LOOKS {
            clock.advance(Duration::from_mins(5));
            platform.services.orders.reconcile_payments().await.expect("a round of questions");
        }
        platform.close().await;
        self.home.open_store().await
    }
}

/// Each payment's state, and whether people have to look at it, by its idempotency key.
async fn payments(store: &Database) -> BTreeMap<String, (String, bool)> {
    let rows = store.read(DataScope::Platform, async |reader| {
        let sql = "SELECT id, state, review IS NOT NULL FROM payment ORDER BY id";
        reader.fetch_all::<(i64, String, bool)>(sql, ()).await
    });
    let rows = rows.await.expect("payments").into_iter();
    rows.map(|(id, state, review)| (format!("payment-{id}"), (state, review))).collect()
}

/// What of the payments does not agree with the provider's books.
fn disagreements(payments: &BTreeMap<String, (String, bool)>, prompts: &[(String, Prompt)]) -> Vec<String> {
    let mut odd = Vec::new();
    let mut prompted = BTreeMap::new();
    for (checkout, prompt) in prompts {
        let (_, key) = prompt.callback.rsplit_once("payment=").expect("the payment's key");
        if prompted.insert(key.to_owned(), prompt).is_some() {
            odd.push(format!("{key} was asked for twice, again as {checkout}"));
        }
        if !payments.contains_key(key) {
            odd.push(format!("{checkout} is for {key}, which is not on record"));
        }
    }
    for (key, (state, review)) in payments {
        let paid = prompted.get(key).and_then(|prompt| prompt.result).map(|result| result == 0);
        let agrees = match state.as_str() {
            "Settled" => paid == Some(true),
            "Declined" => paid == Some(false),
            "Error" => !prompted.contains_key(key),
            "Created" => *review,
            _ => false,
        };
        if !agrees {
            odd.push(format!("{key} is {state}, in review: {review}; paid at the provider: {paid:?}"));
        }
    }
    odd
}

#[test]
fn payments_survive_kills_and_agree_with_the_providers_books() {
    let (providers, daraja) = provider(Daraja::start());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut random = soak::random();
        let mut stage = Stage::set(&daraja).await;
        for _ in 0..soak::rounds_of(ROUNDS[0], ROUNDS[1]) {
            let answering = [Answering::Well, Answering::Well, Answering::BrokenAfterwards, Answering::Hangs];
            daraja.answer(answering[random.random_range(0..answering.len())]);
            stage.pay(&mut random).await;
            daraja.answer(Answering::Well);
            stage.answer(&mut random).await;
        }
        let prompts = daraja.prompts();
        let store = stage.find_out().await;
        let payments = payments(&store).await;
        println!("{} payments, {} prompts", payments.len(), prompts.len());
        assert!(!payments.is_empty() && !prompts.is_empty(), "no kill came late enough to mean anything");
        let odd = disagreements(&payments, &prompts);
        assert!(odd.is_empty(), "{}", odd.join("\n"));
        invariants::check(&store, &Records::default()).await;
        store.close().await;
    });
    drop(providers);
}
