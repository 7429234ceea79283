//! SQL of inboxes.

use soko_infra::db::{Bound, Column, ListError, ListSql};
use soko_infra::{DatabaseError, Reader, Tx};
use soko_kernel::{EventId, InboxMessageId, ListQuery, Page, Timestamp};

use crate::notifications::entity::InboxMessage;
use crate::notifications::inbox::Owner;

#[derive(sqlx::FromRow)]
pub(super) struct MessageRow {
    pub(super) id: InboxMessageId,
    pub(super) event_id: EventId,
    pub(super) event: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) data: String,
    pub(super) read_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
}

impl TryFrom<MessageRow> for InboxMessage {
    type Error = DatabaseError;

    fn try_from(row: MessageRow) -> Result<Self, DatabaseError> {
        let data = serde_json::from_str(&row.data).map_err(|error| DatabaseError::corrupt("event", error))?;
        let MessageRow { id, event_id, event, title, body, read_at, created_at, .. } = row;
        Ok(Self { id, event_id, event, title, body, data, read_at, created_at })
    }
}

/// Of one owner.
const OWN: &str = "channel_id = $1 AND user_id = $2 AND recipient_type = $3";

pub(in crate::notifications) async fn list_messages(
    reader: &mut Reader,
    owner: Owner,
    query: &ListQuery,
) -> Result<Page<InboxMessage>, ListError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "m.id"),
        Column::text("type", "m.event"),
        Column::boolean("read", "(m.read_at IS NOT NULL)"),
        Column::time("createdAt", "m.created_at"),
    ];
    let list = ListSql {
        select: "m.id, m.event_id, m.event, m.title, m.body, m.data, m.read_at, m.created_at",
        from: "FROM inbox_message m",
        condition: "m.channel_id = $1 AND m.user_id = $2 AND m.recipient_type = $3".to_owned(),
        values: vec![owner.scope.channel_id().0.into(), owner.user.0.into(), Bound::from(owner.kind)],
        columns: COLUMNS,
        tie_break: "m.id DESC",
    };
    let page = list.fetch::<MessageRow>(reader, query).await?;
    let items = page.items.into_iter().map(InboxMessage::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

pub(in crate::notifications) async fn unread_count(
    reader: &mut Reader,
    owner: Owner,
) -> Result<i64, DatabaseError> {
    const COUNT: &str = "SELECT COUNT(*) FROM inbox_message \
        WHERE channel_id = $1 AND user_id = $2 AND recipient_type = $3 AND read_at IS NULL";
    let values = (owner.scope.channel_id(), owner.user, owner.kind);
    let (count,): (i64,) = reader.fetch_one(COUNT, values).await?;
    Ok(count)
}

/// Whether there is such a message.
pub(in crate::notifications) async fn mark_read(
    tx: &mut Tx,
    owner: Owner,
    id: InboxMessageId,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let sql = format!("UPDATE inbox_message SET read_at = COALESCE(read_at, $4) WHERE {OWN} AND id = $5");
    let values = (owner.scope.channel_id(), owner.user, owner.kind, now, id);
    Ok(tx.execute(sqlx::AssertSqlSafe(sql), values).await? == 1)
}

pub(in crate::notifications) async fn mark_all_read(
    tx: &mut Tx,
    owner: Owner,
    now: Timestamp,
) -> Result<u64, DatabaseError> {
    let sql = format!("UPDATE inbox_message SET read_at = $4 WHERE {OWN} AND read_at IS NULL");
    tx.execute(sqlx::AssertSqlSafe(sql), (owner.scope.channel_id(), owner.user, owner.kind, now)).await
}

pub(in crate::notifications) const DELETE_OLD_MESSAGES: &str = "DELETE FROM inbox_message \
     WHERE (channel_id, id) IN (SELECT channel_id, id FROM inbox_message WHERE created_at <= $1 \
     ORDER BY created_at LIMIT $2)";
