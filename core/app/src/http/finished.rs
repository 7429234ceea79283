//! What a request came to, before it becomes an HTTP response; an idempotency key keeps it for the next time.

use async_graphql::{BatchResponse, Response, ServerError, Value};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use soko_graphql::context::SessionChange;
use soko_kernel::ErrorKind;

use super::refusal::Refusal;

/// A request that has run, or whose document was refused.
#[derive(Debug)]
pub struct Finished {
    /// The HTTP status.
    pub status: StatusCode,
    /// The answer in JSON.
    pub body: Vec<u8>,
    /// The session that it began or ended.
    pub change: Option<SessionChange>,
    /// Whether it tells of a fault, after which the same request may succeed.
    pub is_fault: bool,
}

/// A [`Finished`] as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    session: Option<KeptSession>,
    body: String,
}

/// A [`SessionChange`] as it is kept.
#[derive(Serialize, Deserialize)]
enum KeptSession {
    Issued { token: String, remember: bool },
    Ended,
}

impl Finished {
    /// # Errors
    /// [`Refusal::Internal`] for an answer without a JSON form.
    pub fn try_new(answer: &BatchResponse, change: Option<SessionChange>) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(answer).map_err(|error| internal(&error))?;
        let status = match answer {
            BatchResponse::Single(response) if !soko_graphql::execute::ran(response) => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::OK,
        };
        let has_fault = |response: &Response| response.errors.iter().any(is_fault);
        let is_fault = match answer {
            BatchResponse::Single(response) => has_fault(response),
            BatchResponse::Batch(responses) => responses.iter().any(has_fault),
        };
        Ok(Self { status, body, change, is_fault })
    }

    /// The form in which it is kept.
    ///
    /// # Errors
    /// [`Refusal::Internal`], which JSON in UTF-8 does not lead to.
    pub fn to_kept(&self) -> Result<Vec<u8>, Refusal> {
        let session = self.change.as_ref().map(|change| match change {
            SessionChange::Issued { token, remember } => {
                KeptSession::Issued { token: token.clone(), remember: *remember }
            }
            SessionChange::Ended => KeptSession::Ended,
        });
        let body = String::from_utf8(self.body.clone()).map_err(|error| internal(&error))?;
        serde_json::to_vec(&Kept { status: self.status.as_u16(), session, body })
            .map_err(|error| internal(&error))
    }

    /// What was kept.
    ///
    /// # Errors
    /// [`Refusal::Internal`] for what another version kept in another form.
    pub fn from_kept(kept: &[u8]) -> Result<Self, Refusal> {
        let kept: Kept = serde_json::from_slice(kept).map_err(|error| internal(&error))?;
        let change = kept.session.map(|session| match session {
            KeptSession::Issued { token, remember } => SessionChange::Issued { token, remember },
            KeptSession::Ended => SessionChange::Ended,
        });
        let status = StatusCode::from_u16(kept.status).map_err(|error| internal(&error))?;
        Ok(Self { status, body: kept.body.into_bytes(), change, is_fault: false })
    }
}

fn is_fault(error: &ServerError) -> bool {
    let faults = [ErrorKind::Internal.code(), ErrorKind::Overloaded.code()];
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    matches!(code, Some(Value::String(code)) if faults.contains(&code.as_str()))
}

fn internal(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "an answer cannot be put into its form");
    Refusal::Internal
}
