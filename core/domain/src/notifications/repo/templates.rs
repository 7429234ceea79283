//! SQL of shops' own words.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Language, Timestamp};

use crate::notifications::catalogue::EventType;
use crate::notifications::templates::EventTemplate;

/// All of a shop's. Those of events that are no longer there are left out.
pub(in crate::notifications) async fn templates(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<EventTemplate>, DatabaseError> {
    let sql = "SELECT event, language, title, body FROM event_template WHERE channel_id = $1 ORDER BY event, language";
    let rows: Vec<(String, Language, String, String)> = reader.fetch_all(sql, (scope.channel_id(),)).await?;
    let known = |(event, language, title, body): (String, Language, String, String)| {
        Some(EventTemplate { event: EventType::find(&event)?, language, title, body, is_own: true })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::notifications) async fn put_template(
    tx: &mut Tx,
    scope: ChannelScope,
    template: &EventTemplate,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO event_template (channel_id, event, language, title, body, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (channel_id, event, language) DO UPDATE \
               SET title = excluded.title, body = excluded.body, updated_at = excluded.updated_at";
    let EventTemplate { event, language, title, body, .. } = template;
    let values = (scope.channel_id(), event.name, language.code(), title.as_str(), body.as_str(), now);
    tx.execute_one(sql, values).await
}

/// Whether there were any.
pub(in crate::notifications) async fn delete_template(
    tx: &mut Tx,
    scope: ChannelScope,
    event: &EventType,
    language: &Language,
) -> Result<bool, DatabaseError> {
    let sql = "DELETE FROM event_template WHERE channel_id = $1 AND event = $2 AND language = $3";
    Ok(tx.execute(sql, (scope.channel_id(), event.name, language.code())).await? == 1)
}
