//! SQL of text messages.

use soko_extension::sms::SmsProvider;
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Timestamp};

use crate::notifications::sms::{SmsSettings, StoredAccount};

#[derive(sqlx::FromRow)]
struct AccountRow {
    provider: String,
    username: String,
    sender_id: Option<String>,
    calling_code: String,
    api_key: Vec<u8>,
    updated_at: Timestamp,
}

/// The shop's account.
pub(in crate::notifications) async fn sms_account(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Option<StoredAccount>, DatabaseError> {
    let sql = "SELECT provider, username, sender_id, calling_code, api_key, updated_at FROM sms_account \
               WHERE channel_id = $1";
    let row: Option<AccountRow> = reader.fetch_optional(sql, (scope.channel_id(),)).await?;
    row.map(|row| {
        let provider = SmsProvider::parse(&row.provider);
        let provider = provider.ok_or_else(|| DatabaseError::corrupt("SMS provider", row.provider))?;
        let AccountRow { username, sender_id, calling_code, api_key: sealed_key, updated_at, .. } = row;
        Ok(StoredAccount {
            settings: SmsSettings { provider, username, sender_id, calling_code, updated_at },
            sealed_key,
        })
    })
    .transpose()
}

pub(in crate::notifications) async fn put_sms_account(
    tx: &mut Tx,
    scope: ChannelScope,
    account: &StoredAccount,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO sms_account (channel_id, provider, username, sender_id, calling_code, api_key, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (channel_id) DO UPDATE \
               SET provider = excluded.provider, username = excluded.username, sender_id = excluded.sender_id, \
               calling_code = excluded.calling_code, api_key = excluded.api_key, updated_at = excluded.updated_at";
    let StoredAccount { settings, sealed_key } = account;
    let SmsSettings { provider, username, sender_id, calling_code, updated_at } = settings;
    let values = (
        scope.channel_id(),
        provider.as_str(),
        username.as_str(),
        sender_id.clone(),
        calling_code.as_str(),
        sealed_key.clone(),
        *updated_at,
    );
    tx.execute_one(sql, values).await
}

/// Whether there was one.
pub(in crate::notifications) async fn delete_sms_account(
    tx: &mut Tx,
    scope: ChannelScope,
) -> Result<bool, DatabaseError> {
    Ok(tx.execute("DELETE FROM sms_account WHERE channel_id = $1", (scope.channel_id(),)).await? == 1)
}

/// Segments that were used in a month, and how many the shop may use.
pub(in crate::notifications) async fn sms_usage(
    reader: &mut Reader,
    scope: ChannelScope,
    month: Timestamp,
) -> Result<(i64, Option<i64>), DatabaseError> {
    let used = "SELECT segments FROM sms_usage WHERE channel_id = $1 AND month = $2";
    let used: Option<(i64,)> = reader.fetch_optional(used, (scope.channel_id(), month)).await?;
    let quota = "SELECT segments_max FROM sms_quota WHERE channel_id = $1";
    let quota: Option<(i64,)> = reader.fetch_optional(quota, (scope.channel_id(),)).await?;
    Ok((used.map_or(0, |(used,)| used), quota.map(|(most,)| most)))
}

pub(in crate::notifications) async fn put_sms_quota(
    tx: &mut Tx,
    scope: ChannelScope,
    segments_max: Option<i64>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let Some(most) = segments_max else {
        tx.execute("DELETE FROM sms_quota WHERE channel_id = $1", (scope.channel_id(),)).await?;
        return Ok(());
    };
    let sql = "INSERT INTO sms_quota (channel_id, segments_max, updated_at) VALUES ($1, $2, $3) \
               ON CONFLICT (channel_id) DO UPDATE SET segments_max = excluded.segments_max, \
               updated_at = excluded.updated_at";
    tx.execute_one(sql, (scope.channel_id(), most, now)).await
}

/// Whether so many segments of a month were free, and are taken now.
pub(in crate::notifications) async fn reserve_segments(
    tx: &mut Tx,
    scope: ChannelScope,
    month: Timestamp,
    segments: i64,
) -> Result<bool, DatabaseError> {
    let begin = "INSERT INTO sms_usage (channel_id, month, segments) VALUES ($1, $2, 0) \
                 ON CONFLICT (channel_id, month) DO NOTHING";
    tx.execute(begin, (scope.channel_id(), month)).await?;
    // The bound is a value by itself: a condition on both rows would not be looked at again by a server on which another
    // has taken segments meanwhile.
    let take = "UPDATE sms_usage SET segments = segments + $3 WHERE channel_id = $1 AND month = $2 \
                AND segments + $3 <= COALESCE((SELECT q.segments_max FROM sms_quota q WHERE q.channel_id = $1), \
                9223372036854775807)";
    Ok(tx.execute(take, (scope.channel_id(), month, segments)).await? == 1)
}

pub(in crate::notifications) async fn release_segments(
    tx: &mut Tx,
    scope: ChannelScope,
    month: Timestamp,
    segments: i64,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE sms_usage SET segments = segments - $3 WHERE channel_id = $1 AND month = $2";
    tx.execute_one(sql, (scope.channel_id(), month, segments)).await
}
