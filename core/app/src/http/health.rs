//! `/healthz`: the process answers. `/readyz`: it should be sent requests; if not, it says why.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use soko_infra::Database;
use soko_infra::db::SchemaState;

/// Longest that the store may take to answer: whoever asks wants to hear within a second why it does not.
const ANSWER_MAX: Duration = Duration::from_millis(750);

/// What readiness depends on.
#[derive(Debug, Clone)]
pub struct Readiness {
    serving: Arc<AtomicBool>,
    /// Whether it was ready when it was asked last: a change is worth telling, and all else is not.
    was_ready: Arc<AtomicBool>,
    database: Database,
}

impl Readiness {
    /// Ready from now on, as long as the store answers and has this program's schema.
    pub fn new(database: Database) -> Self {
        let yes = || Arc::new(AtomicBool::new(true));
        Self { serving: yes(), was_ready: yes(), database }
    }

    /// Not ready any more: the server is about to stop.
    pub fn withdraw(&self) {
        self.serving.store(false, Ordering::Relaxed);
    }

    /// Why it is not ready, if it is not.
    async fn objection(&self) -> Option<Cow<'static, str>> {
        if !self.serving.load(Ordering::Relaxed) {
            return Some("stopping".into());
        }
        match tokio::time::timeout(ANSWER_MAX, self.database.schema_state()).await {
            Ok(Ok(SchemaState::Current)) => None,
            Ok(Ok(SchemaState::Behind { pending })) => Some(
                format!("the database is {pending} migrations behind this program: run `soko migrate`")
                    .into(),
            ),
            Ok(Ok(SchemaState::Ahead { unknown })) => Some(
                format!("the database is {unknown} migrations ahead of this program: run the newer one")
                    .into(),
            ),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the database does not answer");
                Some("the database does not answer".into())
            }
            Err(_) => Some("the database does not answer in time".into()),
        }
    }
}

/// Whether the process answers at all.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the server takes requests, and its store answers and is of this program's schema.
pub async fn readyz(State(readiness): State<Readiness>) -> (StatusCode, String) {
    let objection = readiness.objection().await;
    let was_ready = readiness.was_ready.swap(objection.is_none(), Ordering::Relaxed);
    match objection {
        Some(why) => {
            if was_ready {
                tracing::error!(%why, "not ready");
            }
            (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"))
        }
        None => {
            if !was_ready {
                tracing::info!("ready again");
            }
            (StatusCode::OK, "ready\n".to_owned())
        }
    }
}
