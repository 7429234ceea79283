//! What happened to an order.

use async_graphql::SimpleObject;
use soko_domain::orders;

use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::enums::HistoryEntryType;

/// Something that happened to an order.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "HistoryEntry")]
pub struct HistoryEntry {
    /// Its id.
    pub id: Id,
    /// When it happened.
    pub created_at: DateTime,
    /// When it was last changed; only notes are.
    pub updated_at: DateTime,
    /// What happened.
    #[graphql(name = "type")]
    pub kind: HistoryEntryType,
    /// What exactly.
    pub data: Json,
    /// None.
    pub custom_fields: Option<Json>,
}

impl From<&orders::HistoryEntry> for HistoryEntry {
    fn from(entry: &orders::HistoryEntry) -> Self {
        Self {
            id: entry.id.into(),
            created_at: entry.created_at.into(),
            updated_at: entry.updated_at.into(),
            kind: HistoryEntryType(entry.kind.clone()),
            data: Json(entry.data.clone()),
            custom_fields: NO_CUSTOM_FIELDS,
        }
    }
}

/// A page of what happened to an order.
#[derive(SimpleObject)]
#[graphql(name = "HistoryEntryList")]
pub struct HistoryEntryList {
    /// This page.
    pub items: Vec<HistoryEntry>,
    /// Entries in the whole list.
    pub total_items: i64,
}
