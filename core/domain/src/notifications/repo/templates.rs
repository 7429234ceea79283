//! SQL of shops' own words.

use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{ChannelScope, Language, Timestamp};

use crate::notifications::catalogue::{ActionType, EventType};
use crate::notifications::templates::EventTemplate;

/// All of a shop's. Those of events that are no longer there are left out.
pub(in crate::notifications) async fn templates(
    reader: &mut Reader,
    scope: ChannelScope,
) -> Result<Vec<EventTemplate>, DatabaseError> {
    let sql = "SELECT event, language, action, title, body FROM event_template WHERE channel_id = $1 \
               ORDER BY event, language, action";
    let rows: Vec<(String, Language, String, String, String)> =
        reader.fetch_all(sql, (scope.channel_id(),)).await?;
    let known = |(event, language, action, title, body): (String, Language, String, String, String)| {
        let action = if action.is_empty() { None } else { Some(ActionType::parse(&action)?) };
        Some(EventTemplate { event: EventType::find(&event)?, language, action, title, body, is_own: true })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(in crate::notifications) async fn put_template(
    tx: &mut Tx,
    scope: ChannelScope,
    template: &EventTemplate,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO event_template (channel_id, event, language, action, title, body, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (channel_id, event, language, action) DO UPDATE \
               SET title = excluded.title, body = excluded.body, updated_at = excluded.updated_at";
    let EventTemplate { event, language, action, title, body, .. } = template;
    let values = (
        scope.channel_id(),
        event.name,
        language.code(),
        name_of(*action),
        title.as_str(),
        body.as_str(),
        now,
    );
    tx.execute_one(sql, values).await
}

/// Whether there were any.
pub(in crate::notifications) async fn delete_template(
    tx: &mut Tx,
    scope: ChannelScope,
    event: &EventType,
    (language, action): (&Language, Option<ActionType>),
) -> Result<bool, DatabaseError> {
    let sql =
        "DELETE FROM event_template WHERE channel_id = $1 AND event = $2 AND language = $3 AND action = $4";
    let values = (scope.channel_id(), event.name, language.code(), name_of(action));
    Ok(tx.execute(sql, values).await? == 1)
}

/// The kind of action as a part of the key, which is empty for all kinds.
fn name_of(action: Option<ActionType>) -> &'static str {
    action.map_or("", ActionType::as_str)
}
