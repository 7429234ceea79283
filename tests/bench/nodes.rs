//! Checkouts over HTTP on both backends, by one node and by three, beside what bare transactions cost there.
//!
//! **The ceilings** are transactions of five rows, each synced to disk: on SQLite a bare loop in this process, one after the
//! other; on PostgreSQL pgbench with as many clients as the checkouts beside it have, on the same server with the same
//! settings (`pgbench/schema.sql`, `pgbench/sale.sql`).
//!
//! **A checkout's database time** is what the nodes' `/metrics` say that its statements took, with the beginning and the
//! committing of their transactions, reads included; waiting for a connection of the node is not. **What the ceiling
//! allows** is the time that as many bare transactions take as the checkout makes commits: on SQLite each at the loop's
//! pace, on PostgreSQL each at the mean latency that pgbench has with as many clients. The ratio is the second over the
//! first: 100 % would be a checkout that does nothing but five rows a commit. Where transactions of several clients share
//! a commit, as they do on SQLite, there are fewer commits than transactions, and the ceiling allows less; what the
//! ratio would be if each had a commit of its own is shown beside it.
//!
//! A node's statements take as long as it waits for their answers, and with more clients than cores it waits for the cores
//! too. So the last lines say what the server itself counted over all cells: the time that it worked on a transaction of
//! the checkouts, with their reads, and on one of pgbench's.
//!
//! Clients, nodes and server share the machine's cores; three nodes are therefore not expected to be quicker than one, but
//! only to lose little. Cells are measured in turns, so that a slow moment of the machine meets all of them alike.

use std::time::Duration;

use serde_json::json;
use soko_tests::cluster::Cluster;
use soko_tests::process::Process;
use soko_tests::{Client, TestHome};
use soko_tools::postgres::TestServer;

use crate::commits;
use crate::counted::Counted;
use crate::load::{Report, as_float, check_out};
use crate::measure::{micros, target};

/// Clients at the same time.
const CLIENTS: [usize; 3] = [1, 8, 32];
/// Nodes of the larger platform.
const NODES: usize = 3;
/// Turns in which a cell is measured.
const TURNS: u32 = 2;
/// Before a cell counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// Least of what the ceiling allows that a checkout's database time may reach.
const OF_CEILING_MIN: f64 = 0.50;
/// Least that three nodes may do of what one does.
const OF_ONE_NODE_MIN: f64 = 0.85;
/// The database of pgbench.
const CEILING: &str = "ceiling";
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/pgbench/schema.sql");
const SALE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/pgbench/sale.sql");
/// The rows that were written in a database so far, the milliseconds that its statements were worked on, and its commits.
const SERVER_SIDE: &str = "SELECT (SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables), active_time, \
     xact_commit FROM pg_stat_database WHERE datname = current_database()";
/// Longest until the server has counted what idle connections have done.
const COUNTED_AFTER: Duration = Duration::from_secs(11);

/// Measures both backends, each load for so long.
pub fn run(lasts: Duration) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        on_sqlite(lasts).await;
        on_postgres(lasts).await;
    });
}

/// Nodes that serve the demo's default shop, which has stock for every checkout.
struct Stage {
    nodes: Cluster,
    http: reqwest::Client,
    variants: Vec<String>,
}

/// A number of clients at a number of nodes.
struct Cell {
    report: Report,
    counted: Counted,
}

impl Cell {
    fn and(self, other: Self) -> Self {
        Self { report: self.report.and(other.report), counted: self.counted.and(other.counted) }
    }
}

impl Stage {
    async fn set(home: TestHome, nodes: usize) -> Self {
        Process::start("demo", home.path(), &[]).kill();
        let nodes = Cluster::serve(home, nodes, &["--set", "metrics.public=true"]);
        let http = reqwest::Client::new();
        let mut stage = Self { nodes, http, variants: Vec::new() };
        let query = "{ products(options: { take: 100 }) { items { variants { id } } } }";
        let found = stage.shops(1)[0].query(query, json!({})).await;
        let products = found["products"]["items"].as_array().cloned().unwrap_or_default();
        let variants = products.iter().filter_map(|product| product["variants"][0]["id"].as_str());
        stage.variants = variants.map(str::to_owned).collect();
        assert!(stage.variants.len() > CLIENTS[2], "there is something for every client to buy");
        stage
    }

    /// The shop at the first so many nodes.
    fn shops(&self, nodes: usize) -> Vec<Client> {
        let urls = self.nodes.urls();
        let shop = |url: &String| Client::new(self.http.clone(), format!("{url}/shop-api"), None);
        urls.iter().take(nodes).map(shop).collect()
    }

    async fn measure(&self, nodes: usize, clients: usize, lasts: Duration) -> Cell {
        let (shops, urls) = (self.shops(nodes), self.nodes.urls());
        check_out(&shops, &self.variants, clients, WARM_UP).await;
        let before = Counted::of(&self.http, &urls).await;
        let report = check_out(&shops, &self.variants, clients, lasts).await;
        let counted = Counted::of(&self.http, &urls).await.since(before);
        Cell { report, counted }
    }
}

async fn on_sqlite(lasts: Duration) {
    println!("   SQLite, one node");
    let stage = Stage::set(TestHome::with_file(), 1).await;
    for clients in CLIENTS {
        let (mut bare, mut cells) = (0.0, Vec::new());
        for _ in 0..TURNS {
            bare += commits::bare(lasts / TURNS).await / f64::from(TURNS);
            cells.push(stage.measure(1, clients, lasts / TURNS).await);
        }
        println!("   bare loop                {bare:>7.0} transactions per second");
        let cell = cells.into_iter().reduce(Cell::and).expect("turns");
        show("one node", clients, &cell);
        compare(&cell, Ceiling { per_second: bare, each: Duration::from_secs_f64(1.0 / bare) });
    }
}

async fn on_postgres(lasts: Duration) {
    println!("   PostgreSQL, one node and {NODES}");
    let server = TestServer::start_durable(None).expect("a PostgreSQL server");
    server.create_database(CEILING).expect("a database");
    server.run_file(CEILING, SCHEMA.as_ref()).expect("tables for pgbench");
    let stage = Stage::set(TestHome::with_database(server.own_url()), NODES).await;
    let urls = stage.nodes.urls();
    let before = (ServerSide::of(&server, "soko").await, Counted::of(&stage.http, &urls).await);
    for clients in CLIENTS {
        let (mut ceilings, mut alone, mut together) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            ceilings.push(pgbench(&server, clients, lasts / TURNS));
            alone.push(stage.measure(1, clients, lasts / TURNS).await);
            together.push(stage.measure(NODES, clients, lasts / TURNS).await);
        }
        let ceiling = Ceiling::mean(&ceilings);
        println!(
            "   pgbench      {clients:>2} clients: {:>7.0} transactions per second, {} each",
            ceiling.per_second,
            micros(ceiling.each)
        );
        let [alone, together] =
            [alone, together].map(|turns| turns.into_iter().reduce(Cell::and).expect("turns"));
        show("one node", clients, &alone);
        compare(&alone, ceiling);
        show("three nodes", clients, &together);
        let kept = together.report.per_second() / alone.report.per_second();
        println!("                {:.0} % of one node's checkouts", kept * 100.0);
        target(kept >= OF_ONE_NODE_MIN, "three nodes do at least 85 % of what one node does");
    }
    let counted = Counted::of(&stage.http, &urls).await.since(before.1);
    let soko = ServerSide::of(&server, "soko").await.since(before.0);
    soko.show("checkouts", counted.transactions);
    let bare = ServerSide::of(&server, CEILING).await;
    bare.show("pgbench", bare.commits);
}

/// What the server counted of a database.
#[derive(Debug, Clone, Copy)]
struct ServerSide {
    rows: f64,
    active_ms: f64,
    /// Snapshots that were only read among them.
    commits: f64,
}

impl ServerSide {
    async fn of(server: &TestServer, database: &str) -> Self {
        tokio::time::sleep(COUNTED_AFTER).await;
        let said = server.query_in(database, SERVER_SIDE).expect("the server's counts");
        let numbers: Vec<f64> = said.split('|').filter_map(|number| number.parse().ok()).collect();
        let [rows, active_ms, commits] = numbers[..] else { panic!("three numbers, not {said:?}") };
        Self { rows, active_ms, commits }
    }

    fn since(self, before: Self) -> Self {
        Self {
            rows: self.rows - before.rows,
            active_ms: self.active_ms - before.active_ms,
            commits: self.commits - before.commits,
        }
    }

    fn show(self, of: &str, transactions: f64) {
        let each = Duration::from_secs_f64(self.active_ms / 1_000.0).div_f64(transactions);
        println!(
            "   by the server's own count, {of:<9} a transaction: {} of its time, {:.1} rows written",
            micros(each),
            self.rows / transactions
        );
    }
}

/// Bare transactions.
#[derive(Debug, Clone, Copy)]
struct Ceiling {
    per_second: f64,
    /// How long each takes.
    each: Duration,
}

impl Ceiling {
    fn mean(turns: &[Self]) -> Self {
        let count = as_float(turns.len());
        let each: Duration = turns.iter().map(|turn| turn.each).sum();
        Self {
            per_second: turns.iter().map(|turn| turn.per_second).sum::<f64>() / count,
            each: each.div_f64(count),
        }
    }
}

fn pgbench(server: &TestServer, clients: usize, lasts: Duration) -> Ceiling {
    let seconds = lasts.as_secs().max(1);
    let said = tokio::task::block_in_place(|| server.pgbench(CEILING, SALE.as_ref(), clients, seconds));
    let said = said.expect("pgbench, of PostgreSQL's own programs");
    let number = |name: &str| -> f64 {
        let found = said.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
        let found = found.unwrap_or_else(|| panic!("pgbench does not say {name:?}: {said}"));
        found.parse().unwrap_or_else(|error| panic!("{name}{found}: {error}"))
    };
    Ceiling {
        per_second: number("tps = "),
        each: Duration::from_secs_f64(number("latency average = ") / 1_000.0),
    }
}

fn show(what: &str, clients: usize, cell: &Cell) {
    println!("   {what:<12} {clients:>2} clients: {}", cell.report);
}

/// A checkout's database time beside the time that as many bare transactions take.
fn compare(cell: &Cell, ceiling: Ceiling) {
    let Cell { report, counted } = cell;
    let checkouts = as_float(report.count());
    let (transactions, commits) = (counted.transactions / checkouts, counted.commits / checkouts);
    let (spent, allowed) = (counted.time.div_f64(checkouts), ceiling.each.mul_f64(commits));
    let ratio = allowed.as_secs_f64() / spent.as_secs_f64();
    println!(
        "                database {} a checkout, in {transactions:.1} transactions by {commits:.1} commits; the ceiling \
         takes {} for as many commits: {:.0} % ({:.0} % for as many transactions)",
        micros(spent),
        micros(allowed),
        ratio * 100.0,
        ratio * 100.0 * transactions / commits
    );
    let share = report.per_second() * transactions / ceiling.per_second;
    println!("                {:.0} % of the ceiling's transactions per second", share * 100.0);
    target(ratio >= OF_CEILING_MIN, "a checkout's database time is at least 50 % of what the ceiling allows");
}
