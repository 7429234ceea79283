//! Mutations that take effect once: `Idempotency-Key` names one, so that it can be sent again when its answer was lost.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use async_graphql::{BatchRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};
use soko_domain::auth::Api;
use soko_graphql::document::DOCUMENT_BYTES_MAX;
use soko_infra::idempotency::{ClaimRefusal, OperationKey};
use soko_kernel::Actor;

use super::graphql::changes_something;
use super::refusal::Refusal;

/// Names a mutation, by a text that its sender makes up.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Shortest and longest key, in bytes: whoever guesses the key of a guest without a session would get their answer.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=255;
/// Bytes of an uploaded file that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// The key of a request that changes something, if it has one.
///
/// # Errors
/// [`Refusal::IdempotencyKey`] for a key that cannot be one.
pub fn read_key(headers: &HeaderMap, batch: &mut BatchRequest) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get(&IDEMPOTENCY_KEY) else { return Ok(None) };
    let visible =
        |key: &&str| KEY_BYTES.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = key.to_str().ok().filter(visible).ok_or(Refusal::IdempotencyKey)?;
    // A longer document is refused before it is parsed.
    let changes =
        |request: &mut Request| request.query.len() <= DOCUMENT_BYTES_MAX && changes_something(request);
    Ok(batch.iter_mut().any(changes).then(|| key.to_owned()))
}

/// What stands for a request and its sender: the user, where nobody is logged in the session, and without one the key
/// alone.
pub fn operation_key(
    api: Api,
    key: &str,
    actor: &Actor,
    session_token: Option<&str>,
    request: [u8; 32],
) -> OperationKey {
    let sender = match (actor.user, actor.session, session_token) {
        (Some(user), ..) => format!("{api:?} user {user}"),
        (None, Some(_), Some(token)) => format!("{api:?} session {token}"),
        _ => format!("{api:?}"),
    };
    OperationKey::new(actor.public_scope(), &sender, key, request)
}

/// Everything that a request asks, in parts that can be read.
pub struct Asked(Vec<Part>);

enum Part {
    Text(Vec<u8>),
    File(File),
}

impl Asked {
    /// What the requests ask.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when an uploaded file cannot be read.
    pub fn by(batch: &BatchRequest) -> Result<Self, Refusal> {
        let mut parts = Vec::new();
        for request in batch.iter() {
            let name = request.operation_name.as_deref().unwrap_or_default();
            let variables = serde_json::to_vec(&request.variables);
            let no_json = |error| Refusal::Malformed(format!("the variables have no JSON form: {error}"));
            parts.push(Part::Text(request.query.clone().into_bytes()));
            parts.push(Part::Text(name.as_bytes().to_vec()));
            parts.push(Part::Text(variables.map_err(no_json)?));
            for upload in &request.uploads {
                parts.push(Part::Text(upload.filename.clone().into_bytes()));
                parts.push(Part::File(upload.content.try_clone().map_err(|error| broken(&error))?));
            }
        }
        Ok(Self(parts))
    }

    /// The digest of all of it.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when an uploaded file cannot be read.
    pub async fn digest(self) -> Result<[u8; 32], Refusal> {
        let digest = tokio::task::spawn_blocking(move || {
            let mut sha = Sha256::new();
            let mut add = |part: &[u8]| {
                sha.update((part.len() as u64).to_le_bytes());
                sha.update(part);
            };
            for part in self.0 {
                match part {
                    Part::Text(text) => add(&text),
                    Part::File(file) => add(&file_digest(file)?),
                }
            }
            Ok(sha.finalize().into())
        });
        let digest = digest.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        digest.map_err(|error| broken(&error))
    }
}

fn broken(error: &std::io::Error) -> Refusal {
    Refusal::Malformed(format!("an uploaded file cannot be read: {error}"))
}

/// Leaves the file, whose place its clones share, at its start.
fn file_digest(mut file: File) -> std::io::Result<[u8; 32]> {
    file.seek(SeekFrom::Start(0))?;
    let (mut sha, mut chunk) = (Sha256::new(), vec![0; CHUNK_BYTES]);
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => sha.update(&chunk[..read]),
        }
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(sha.finalize().into())
}

/// Why a request was not run again.
pub fn refuse(refusal: ClaimRefusal) -> Refusal {
    match refusal {
        ClaimRefusal::OtherRequest => Refusal::IdempotencyKeyReused,
        ClaimRefusal::Running => Refusal::IdempotencyKeyInUse,
        ClaimRefusal::AnswerLost => Refusal::IdempotencyAnswerLost,
    }
}

/// The value of [`IDEMPOTENCY_REPLAYED`].
pub const REPLAYED: HeaderValue = HeaderValue::from_static("true");
