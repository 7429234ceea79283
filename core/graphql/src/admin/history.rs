//! What happened to an order.

use async_graphql::{ComplexObject, Context, SimpleObject};
use soko_domain::orders;
use soko_kernel::UserId;

use super::administrator::Administrator;
use crate::context::OfRequest as _;
use crate::error::Nullable;
use crate::scalars::{DateTime, Id, Json, NO_CUSTOM_FIELDS};
use crate::shared::enums::HistoryEntryType;

/// Something that happened to an order.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "HistoryEntry", complex)]
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
    /// Whether the customer may see it.
    pub is_public: bool,
    /// None.
    pub custom_fields: Option<Json>,
    #[graphql(skip)]
    user_id: Option<UserId>,
}

impl From<&orders::HistoryEntry> for HistoryEntry {
    fn from(entry: &orders::HistoryEntry) -> Self {
        Self {
            id: entry.id.into(),
            created_at: entry.created_at.into(),
            updated_at: entry.updated_at.into(),
            kind: HistoryEntryType(entry.kind.clone()),
            data: Json(entry.data.clone()),
            is_public: entry.is_public,
            custom_fields: NO_CUSTOM_FIELDS,
            user_id: entry.user_id,
        }
    }
}

#[ComplexObject]
impl HistoryEntry {
    /// Who did it; nobody for customers and the platform's own hand.
    async fn administrator(&self, context: &Context<'_>) -> Nullable<Administrator> {
        let found = context.request().administrator_of_user(self.user_id?).await;
        found.map(|found| found.as_deref().map(Administrator::from)).transpose()
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
