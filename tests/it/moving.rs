//! A platform that moves from its file to a server, and what becomes of a move that cannot end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use soko_infra::testing::TestDatabase;
use soko_tests::platform::{PASSWORD, SUGAR, TEA, prepare};
use soko_tests::process::Process;
use soko_tests::program::program;
use soko_tests::{Client, Shopper};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// What administrators see of the platform, in answers that name no address.
const QUESTIONS: &[&str] = &[
    "{ channels { totalItems items { id code token } } }",
    "{ orders(options: { take: 100, sort: { id: ASC } }) { totalItems items { id code state totalWithTax
        customer { id emailAddress } lines { id quantity linePriceWithTax productVariant { sku } }
        payments { id method amount state } history(options: {}) { totalItems } } } }",
    "{ products(options: { take: 100, sort: { id: ASC } }) { totalItems items { id name slug enabled
        featuredAsset { id name fileSize } facetValues { id code } variants { id sku price stockOnHand stockAllocated } } } }",
    "{ collections(options: { take: 100, sort: { id: ASC } }) { totalItems items { id name slug parentId } } }",
    "{ customers(options: { take: 100, sort: { id: ASC } }) { totalItems items { id emailAddress } } }",
    "{ journalEntries { totalItems items { id entryDate sourceType postings { amount orderId
        debitAccount { code } creditAccount { code } } } } }",
    "{ trialBalance { debits credits account { code } } }",
    "{ search(input: { term: \"tea\", take: 20, groupByProduct: false, sort: { name: ASC } }) { totalItems items { productVariantId sku } } }",
];

struct Home {
    directory: tempfile::TempDir,
    server: TestDatabase,
}

impl Home {
    /// A platform in a file, with some orders, and a database without a row.
    async fn create() -> Self {
        let home = Self::empty().await;
        prepare(&soko_tests::server::settings(&home.data())).await.expect("a shop to serve");
        home
    }

    async fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let server = TestDatabase::on_server(&soko_domain::MIGRATIONS).await;
        Self { directory, server }
    }

    fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    fn url(&self) -> &str {
        self.server.url().expect("a database of a server")
    }

    fn arguments(&self) -> [String; 5] {
        let from = format!("sqlite:{}", text(&self.data()));
        ["move", "--from", from.as_str(), "--to", self.url()].map(str::to_owned)
    }

    fn run(&self) -> Output {
        let arguments = self.arguments();
        program(&arguments.each_ref().map(String::as_str)).output().expect("the program runs")
    }

    /// Runs a move that must fail and say this.
    fn refused(&self, because: &str) {
        let output = self.run();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(because), "{said}");
    }

    /// A connection that sees the rows of all channels.
    async fn aside(&self) -> PgConnection {
        let mut connection = PgConnection::connect(self.url()).await.expect("a connection");
        connection.execute("SELECT set_config('soko.channel_id', '0', false)").await.expect("a setting");
        connection
    }

    /// The tables of the server that have rows.
    async fn filled_tables(&self) -> Vec<String> {
        let mut connection = self.aside().await;
        let tables = "SELECT c.relname::TEXT FROM pg_class c WHERE c.relkind = 'r' \
             AND c.relnamespace = current_schema()::regnamespace AND c.relname <> '_sqlx_migrations' ORDER BY 1";
        let tables: Vec<(String,)> = sqlx::query_as(tables).fetch_all(&mut connection).await.expect("tables");
        assert!(tables.len() > 60, "there are {} tables", tables.len());
        let mut filled = Vec::new();
        for (table,) in tables {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let (rows,): (i64,) =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("a number");
            if rows > 0 {
                filled.push(table);
            }
        }
        filled
    }

    async fn execute(&self, sql: &'static str) {
        self.aside().await.execute(sqlx::raw_sql(sql)).await.expect("a statement");
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

async fn check_out(url: &str, number: usize) -> String {
    let shopper = Shopper::new(Client::new(reqwest::Client::new(), format!("{url}/shop-api"), None));
    let variant = shopper.variant(if number.is_multiple_of(2) { TEA } else { SUGAR }).await;
    let order = shopper.check_out(&variant, 1, &format!("customer{number}@example.com")).await;
    order["code"].as_str().expect("a code").to_owned()
}

async fn answers(url: &str) -> Vec<Value> {
    let admin = Client::new(reqwest::Client::new(), format!("{url}/admin-api"), None);
    let log_in = "mutation ($password: String!) { login(username: \"superadmin\", password: $password) { __typename } }";
    admin.expect("CurrentUser", log_in, json!({ "password": PASSWORD })).await;
    let mut answers = Vec::new();
    for question in QUESTIONS {
        answers.push(admin.query(question, json!({})).await);
    }
    answers
}

fn on_two_threads<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

#[test]
fn a_platform_answers_on_the_server_as_it_did_from_its_file() {
    on_two_threads(async {
        let home = Home::create().await;
        let process = Process::serve(&home.data());
        let mut codes = Vec::new();
        for number in 0..4 {
            codes.push(check_out(&process.url, number).await);
        }
        let before = answers(&process.url).await;
        assert!(before.iter().all(|answer| answer.to_string().len() > 60), "{before:?}");
        home.refused("the store is being served or used");
        process.kill();
        assert_eq!(home.filled_tables().await, [] as [&str; 0]);

        let moved = home.run();
        let (said, heard) = (String::from_utf8_lossy(&moved.stdout), String::from_utf8_lossy(&moved.stderr));
        assert!(moved.status.success(), "{heard}");
        for expected in [
            "rows of",
            "balances of accounts are the same",
            "levels of stock are the same",
            "Pictures stay in",
        ] {
            assert!(said.contains(expected), "{said}");
        }
        assert!(heard.contains("customer_order: 4 of 4 rows"), "{heard}");

        let process = Process::start("serve", &home.data(), &["--database", home.url()]);
        let after = answers(&process.url).await;
        for ((question, before), after) in QUESTIONS.iter().zip(&before).zip(&after) {
            assert_eq!(before, after, "{question}");
        }
        // New rows get ids of their own.
        let new = check_out(&process.url, 4).await;
        assert!(!codes.contains(&new));
        process.kill();
        home.refused("of the database on the server has rows");
    });
}

#[test]
fn a_move_from_what_is_no_platform_is_refused() {
    on_two_threads(async {
        let home = Home::empty().await;
        home.refused("there is no store at");
        std::fs::create_dir(home.data()).expect("a directory");
        rusqlite::Connection::open(home.data().join("soko.db"))
            .expect("a file")
            .execute_batch("CREATE TABLE t (a)")
            .expect("another program's table");
        home.refused("the schema of the store is not this program's");
        let wrong = |arguments: &[&str], because: &str| {
            let output = program(arguments).output().expect("the program runs");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(because), "{said}");
        };
        wrong(&["move", "--from", "soko.db", "--to", home.url()], "moved from `sqlite:PATH`");
        wrong(&["move", "--from", "sqlite:x", "--to", "mysql://x/y"], "moved to `postgres://");
        wrong(&["move", "--from", "sqlite:x"], "where to?");
    });
}

#[test]
fn rows_that_arrive_otherwise_than_they_were_sent_stop_the_move() {
    on_two_threads(async {
        let home = Home::create().await;
        home.execute(
            "CREATE FUNCTION spoil() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN \
             NEW.on_hand := NEW.on_hand + 1; RETURN NEW; END $$; \
             CREATE TRIGGER spoil BEFORE INSERT ON stock_level FOR EACH ROW EXECUTE FUNCTION spoil()",
        )
        .await;
        home.refused("the rows of stock_level did not arrive as they were sent");
        assert_eq!(home.filled_tables().await, [] as [&str; 0]);
        home.execute(
            "DROP TRIGGER spoil ON stock_level; \
             CREATE FUNCTION lose() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN \
             DELETE FROM search_text WHERE rowid = (SELECT MIN(rowid) FROM search_text); \
             DELETE FROM search_document d WHERE NOT EXISTS (SELECT 1 FROM search_text t WHERE t.rowid = d.id); \
             RETURN NULL; END $$; \
             CREATE TRIGGER lose AFTER INSERT ON search_text FOR EACH STATEMENT EXECUTE FUNCTION lose()",
        )
        .await;
        home.refused("documents of the search differ");
        assert_eq!(home.filled_tables().await, [] as [&str; 0]);
        home.execute("DROP TRIGGER lose ON search_text").await;
        assert!(home.run().status.success(), "and then it moves");
    });
}

#[test]
fn a_move_that_is_killed_leaves_nothing_on_the_server() {
    on_two_threads(async {
        let home = Home::create().await;
        // Keeps the move from its last step, so that it is killed with every row on the other side.
        let mut aside = home.aside().await;
        let mut holding = aside.begin().await.expect("a transaction");
        holding.execute("ALTER SEQUENCE zone_id_seq CACHE 2").await.expect("the sequence, held");
        let arguments = home.arguments();
        let mut moving = program(&arguments.each_ref().map(String::as_str))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let heard = BufReader::new(moving.stderr.take().expect("what it says"));
        let mut heard = heard.lines().map_while(Result::ok);
        assert!(heard.any(|line| line == "setting the sequences of ids"), "it comes to its last step");
        moving.kill().expect("a program to kill");
        assert!(!moving.wait().expect("its end").success());
        holding.rollback().await.expect("an end");
        assert_eq!(home.filled_tables().await, [] as [&str; 0]);
        assert!(home.run().status.success(), "and then it moves");
    });
}
