//! What nodes say that they have done, from their `/metrics`.

use std::time::Duration;

/// What a load made the nodes' stores do, or what they have done since they were started.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Time that statements took, and the beginning and ending of transactions, commits included. Waiting for a connection
    /// or for a turn is left out.
    pub time: Duration,
    /// Transactions that wrote.
    pub transactions: f64,
    /// Flushes to the disk that they waited for, as far as the nodes know: on SQLite one for all transactions that share a
    /// commit. A PostgreSQL server puts several commits into one flush by itself.
    pub commits: f64,
}

impl Counted {
    /// Of all these nodes, which show their metrics to everybody.
    pub async fn of(http: &reqwest::Client, urls: &[String]) -> Self {
        let mut sum = Self { time: Duration::ZERO, transactions: 0.0, commits: 0.0 };
        for url in urls {
            let answer = http.get(format!("{url}/metrics")).send().await.expect("an answer of a node");
            assert_eq!(answer.status(), 200, "the metrics of a node");
            sum.add(&answer.text().await.expect("a text"));
        }
        sum
    }

    fn add(&mut self, text: &str) {
        let seconds = [
            "soko_sql_seconds_total{kind=\"read\"}",
            "soko_sql_seconds_total{kind=\"write\"}",
            "soko_db_bound_seconds_total",
        ];
        self.time += Duration::from_secs_f64(seconds.map(|name| value(text, name)).iter().sum());
        let commits = value(text, "soko_db_commits_total");
        let batched = value(text, "soko_db_commit_batch_sum");
        self.commits += commits;
        // Of a server each transaction has its own.
        self.transactions += if batched > 0.0 { batched } else { commits };
    }

    /// What was done since.
    pub fn since(self, before: Self) -> Self {
        Self {
            time: self.time.saturating_sub(before.time),
            transactions: self.transactions - before.transactions,
            commits: self.commits - before.commits,
        }
    }

    /// This and something else.
    pub fn and(self, other: Self) -> Self {
        Self {
            time: self.time + other.time,
            transactions: self.transactions + other.transactions,
            commits: self.commits + other.commits,
        }
    }
}

/// The value of a line that begins so.
fn value(text: &str, name: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let found = found.unwrap_or_else(|| panic!("the nodes do not show {name}"));
    found.parse().unwrap_or_else(|error| panic!("{name} {found}: {error}"))
}
