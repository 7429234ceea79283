//! Reading the body of a request: JSON whole and bounded, uploads as a stream with files on disk.

use async_graphql::http::MultipartOptions;
use async_graphql::{BatchRequest, ParseRequestError, Request};
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::io::AsyncReadExt as _;
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::refusal::Refusal;

/// Bytes beyond the limit that are still read and thrown away, so that a client which sends before it listens gets
/// its answer.
const DISCARD_BYTES_MAX: u64 = 32 << 20;
/// Bytes that are read at a time while discarding.
const DISCARD_CHUNK_BYTES: usize = 64 << 10;

/// What a body claims to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json`.
    Json,
    /// `multipart/form-data`, in full.
    Multipart(String),
}

impl ContentType {
    /// Reads the header. JSON must be named: a page of another site cannot send that without asking first.
    ///
    /// # Errors
    /// [`Refusal::ContentType`] for everything else.
    pub fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let value = value.ok_or(Refusal::ContentType)?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(Self::Json)
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            Ok(Self::Multipart(value.to_owned()))
        } else {
            Err(Refusal::ContentType)
        }
    }
}

/// Reads a JSON body of at most `limit_bytes`: one request, or a batch that is not empty.
///
/// # Errors
/// [`Refusal::TooLarge`], [`Refusal::Malformed`].
pub async fn read_json(headers: &HeaderMap, body: Body, limit_bytes: u64) -> Result<BatchRequest, Refusal> {
    let mut stream = body.into_data_stream();
    let declared = declared_bytes(headers);
    let bytes = match declared {
        Some(length) if length > limit_bytes => None,
        _ => collect(&mut stream, limit_bytes, declared.unwrap_or(0)).await?,
    };
    let Some(bytes) = bytes else {
        discard(&mut stream).await;
        return Err(Refusal::TooLarge { limit_bytes });
    };
    parse_json(&bytes)
}

/// Reads a body of the GraphQL multipart request specification.
///
/// # Errors
/// [`Refusal::TooLarge`], [`Refusal::Malformed`].
pub async fn read_multipart(
    headers: &HeaderMap,
    content_type: &str,
    body: Body,
    file_bytes_max: u64,
    files_max: usize,
) -> Result<BatchRequest, Refusal> {
    let limit_bytes = file_bytes_max.saturating_mul(files_max as u64);
    let mut reader = body.into_data_stream().map_err(std::io::Error::other).into_async_read();
    let outcome = if declared_bytes(headers).is_some_and(|length| length > limit_bytes) {
        Err(Refusal::TooLarge { limit_bytes })
    } else {
        let file_bytes = usize::try_from(file_bytes_max).unwrap_or(usize::MAX);
        let options = MultipartOptions::default().max_file_size(file_bytes).max_num_files(files_max);
        let received =
            async_graphql::http::receive_batch_body(Some(content_type), &mut reader, options).await;
        received.map_err(|error| refuse_multipart(error, file_bytes_max))
    };
    if outcome.is_err() {
        let mut chunk = vec![0; DISCARD_CHUNK_BYTES];
        let mut discarded = 0;
        while discarded < DISCARD_BYTES_MAX {
            match reader.read(&mut chunk).await {
                Ok(read) if read > 0 => discarded += read as u64,
                _ => break,
            }
        }
    }
    outcome
}

fn refuse_multipart(error: ParseRequestError, limit_bytes: u64) -> Refusal {
    match error {
        ParseRequestError::PayloadTooLarge => Refusal::TooLarge { limit_bytes },
        ParseRequestError::Io(error) => {
            tracing::debug!(%error, "an upload broke off");
            Refusal::Malformed("the upload broke off".to_owned())
        }
        error => Refusal::Malformed(format!("the multipart request is malformed: {error}")),
    }
}

fn declared_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body, or `None` when it is larger than the limit.
async fn collect(
    stream: &mut BodyDataStream,
    limit_bytes: u64,
    expected: u64,
) -> Result<Option<Bytes>, Refusal> {
    let mut all = BytesMut::with_capacity(usize::try_from(expected.min(limit_bytes)).unwrap_or(0));
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::Malformed("the request broke off".to_owned()))?;
        if (all.len() + chunk.len()) as u64 > limit_bytes {
            return Ok(None);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(Some(all.freeze()))
}

async fn discard(stream: &mut BodyDataStream) {
    let mut discarded = 0;
    while discarded < DISCARD_BYTES_MAX {
        match stream.next().await {
            Some(Ok(chunk)) => discarded += chunk.len() as u64,
            _ => break,
        }
    }
}

/// One request or a batch; told apart by the first byte, so that errors say what is wrong.
fn parse_json(bytes: &[u8]) -> Result<BatchRequest, Refusal> {
    let malformed = |error: serde_json::Error| {
        Refusal::Malformed(format!("the request is no GraphQL request in JSON: {error}"))
    };
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'[') {
        return serde_json::from_slice::<Request>(bytes).map(BatchRequest::Single).map_err(malformed);
    }
    let requests: Vec<Request> = serde_json::from_slice(bytes).map_err(malformed)?;
    if requests.is_empty() {
        return Err(Refusal::Malformed("the batch is empty".to_owned()));
    }
    Ok(BatchRequest::Batch(requests))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test")]
    use super::*;

    async fn read(text: &'static str, limit: u64) -> Result<usize, Refusal> {
        // As a stream, which declares no length.
        let chunks =
            text.as_bytes().chunks(7).map(|chunk| Ok::<_, std::io::Error>(Bytes::from_static(chunk)));
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        read_json(&HeaderMap::new(), body, limit).await.map(|batch| match batch {
            BatchRequest::Single(_) => 1,
            BatchRequest::Batch(requests) => requests.len(),
        })
    }

    #[tokio::test]
    async fn reads_one_request_or_a_batch() {
        assert_eq!(read(r#"{"query": "{a}", "variables": null, "operationName": null}"#, 999).await, Ok(1));
        assert_eq!(read(r#" [{"query": "{a}"}, {"query": "{b}", "variables": {"x": 1}}]"#, 999).await, Ok(2));
    }

    #[tokio::test]
    async fn refuses_what_is_malformed_or_too_large() {
        for text in ["", "{", "[]", "[{]", r#""query""#, r#"{"query": 3}"#, "query { a }"] {
            assert!(matches!(read(text, 999).await, Err(Refusal::Malformed(_))), "{text:?}");
        }
        assert_eq!(read(r#"{"query": "{a}"}"#, 15).await, Err(Refusal::TooLarge { limit_bytes: 15 }));
        assert_eq!(read(r#"{"query": "{a}"}"#, 16).await, Ok(1));
    }

    #[test]
    fn knows_the_content_types_of_the_api() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            ContentType::read(&headers)
        };
        assert_eq!(read("application/json; charset=utf-8"), Ok(ContentType::Json));
        assert!(matches!(read("Multipart/Form-Data; boundary=x"), Ok(ContentType::Multipart(_))));
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/graphql"] {
            assert_eq!(read(other), Err(Refusal::ContentType), "{other}");
        }
        assert_eq!(ContentType::read(&HeaderMap::new()), Err(Refusal::ContentType));
    }
}
