//! SQL of components.

use soko_extension::{ComponentBytes, Digest};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::Timestamp;

pub(in crate::plugins) async fn insert_component(
    tx: &mut Tx,
    digest: Digest,
    bytes: &[u8],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO component (digest, bytes, created_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
        (digest.to_string(), bytes, now),
    )
    .await
    .map(|_| ())
}

pub(in crate::plugins) async fn find_component(
    reader: &mut Reader,
    digest: Digest,
) -> Result<Option<ComponentBytes>, DatabaseError> {
    let row = reader
        .fetch_optional::<(Vec<u8>,)>("SELECT bytes FROM component WHERE digest = $1", (digest.to_string(),));
    Ok(row.await?.map(|(bytes,)| bytes.into()))
}
