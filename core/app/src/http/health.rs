//! `/healthz`: the process answers. `/readyz`: it should be sent requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use soko_infra::Database;

/// Longest that the store may take to answer: whoever asks has a limit of their own, and wants to hear why.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// What readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    serving: Arc<AtomicBool>,
    database: Database,
}

impl Readiness {
    /// Ready from now on, as long as the store answers.
    pub fn new(database: Database) -> Self {
        Self { serving: Arc::new(AtomicBool::new(true)), database }
    }

    /// Not ready any more: the server is about to stop.
    pub fn withdraw(&self) {
        self.serving.store(false, Ordering::Relaxed);
    }
}

/// Whether the process answers at all.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the server takes requests and its store answers.
pub async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, &'static str) {
    if !readiness.serving.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match tokio::time::timeout(ANSWER_MAX, readiness.database.check_readable()).await {
        Ok(Ok(())) => (StatusCode::OK, "ready\n"),
        Err(_) => {
            tracing::error!(limit_s = ANSWER_MAX.as_secs(), "the store does not answer in time");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer in time\n")
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    }
}
