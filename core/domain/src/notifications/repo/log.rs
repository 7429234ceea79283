//! SQL of what happened, and of what was done about it.

use soko_infra::db::{Bound, Column, ListError, ListSql};
use soko_infra::{DatabaseError, Reader};
use soko_kernel::{ChannelScope, EventActionId, EventId, ListQuery, Page, Timestamp};

use super::routing::EventRow;
use crate::notifications::catalogue::ActionType;
use crate::notifications::entity::{ActionState, EventAction, StoredEvent};
use crate::notifications::reason::ActionReason;

/// A list of names as parameters, after the first.
pub(super) fn names(values: &mut Vec<Bound>, names: &[&'static str]) -> String {
    if names.is_empty() {
        return "NULL".to_owned();
    }
    let first = values.len() + 1;
    values.extend(names.iter().map(|name| Bound::from(*name)));
    (first..first + names.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// A page of the channel's events of these types, the latest first.
pub(in crate::notifications) async fn list_events(
    reader: &mut Reader,
    scope: ChannelScope,
    types: &[&'static str],
    query: &ListQuery,
) -> Result<Page<StoredEvent>, ListError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "o.id"),
        Column::text("type", "o.name"),
        Column::time("createdAt", "o.created_at"),
        Column::time("routedAt", "o.routed_at"),
    ];
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = names(&mut values, types);
    let list = ListSql {
        select: "o.id, o.name, o.payload, o.created_at, o.routed_at",
        from: "FROM outbox o",
        condition: format!("o.channel_id = $1 AND o.name IN ({listed})"),
        values,
        columns: COLUMNS,
        tie_break: "o.id DESC",
    };
    let page = list.fetch::<EventRow>(reader, query).await?;
    let items = page.items.into_iter().map(StoredEvent::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

#[derive(sqlx::FromRow)]
struct ActionRow {
    id: EventActionId,
    event_id: EventId,
    event: String,
    action: String,
    recipient_type: String,
    recipient_id: i64,
    state: String,
    priority: i64,
    attempts: i64,
    reason: Option<String>,
    message: Option<String>,
    due_at: Option<Timestamp>,
    duration_ms: Option<i64>,
    segments: i64,
    cost_micros: Option<i64>,
    cost_currency: Option<String>,
    reference: Option<String>,
    event_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<ActionRow> for EventAction {
    type Error = DatabaseError;

    fn try_from(row: ActionRow) -> Result<Self, DatabaseError> {
        let corrupt = |name: &str| DatabaseError::corrupt("event action", name.to_owned());
        Ok(Self {
            id: row.id,
            event_id: row.event_id,
            event: row.event,
            action: ActionType::parse(&row.action).ok_or_else(|| corrupt(&row.action))?,
            recipient_type: row.recipient_type,
            recipient_id: row.recipient_id,
            state: ActionState::parse(&row.state).ok_or_else(|| corrupt(&row.state))?,
            attempts: row.attempts,
            reason: row.reason.as_deref().and_then(ActionReason::parse),
            message: row.message,
            priority: row.priority,
            due_at: row.due_at,
            duration_ms: row.duration_ms,
            segments: row.segments,
            cost: row.cost_micros.zip(row.cost_currency),
            reference: row.reference,
            event_at: row.event_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A page of what was done about the channel's events of these types, the latest first.
pub(in crate::notifications) async fn list_actions(
    reader: &mut Reader,
    scope: ChannelScope,
    types: &[&'static str],
    query: &ListQuery,
) -> Result<Page<EventAction>, ListError> {
    const COLUMNS: &[Column] = &[
        Column::integer("id", "a.id"),
        Column::integer("eventId", "a.event_id"),
        Column::text("eventType", "a.event"),
        Column::text("actionType", "a.action"),
        Column::text("recipientType", "a.recipient_type"),
        Column::integer("recipientId", "a.recipient_id"),
        Column::text("state", "a.state"),
        Column::text("reason", "COALESCE(a.reason, '')"),
        Column::integer("attempts", "a.attempts"),
        Column::time("createdAt", "a.created_at"),
        Column::time("updatedAt", "a.updated_at"),
    ];
    let mut values = vec![Bound::from(scope.channel_id().0)];
    let listed = names(&mut values, types);
    let list = ListSql {
        select: "a.*",
        from: "FROM event_action a",
        condition: format!("a.channel_id = $1 AND a.event IN ({listed})"),
        values,
        columns: COLUMNS,
        tie_break: "a.id DESC",
    };
    let page = list.fetch::<ActionRow>(reader, query).await?;
    let items = page.items.into_iter().map(EventAction::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, total: page.total })
}

pub(in crate::notifications) const DELETE_OLD_EVENTS: &str = "DELETE FROM outbox \
     WHERE (channel_id, id) IN (SELECT channel_id, id FROM outbox WHERE routed_at IS NOT NULL AND created_at <= $1 \
     ORDER BY created_at LIMIT $2)";

pub(in crate::notifications) const DELETE_OLD_ACTIONS: &str = "DELETE FROM event_action \
     WHERE (channel_id, id) IN (SELECT channel_id, id FROM event_action WHERE state <> 'Pending' AND created_at <= $1 \
     ORDER BY created_at LIMIT $2)";
