//! Who reads: customers see what the shop shows, administrators see everything that is not deleted.

use std::sync::Arc;

use soko_infra::{Database, RevisionMap};
use soko_kernel::{Actor, AssetId, ChannelScope, Clock, Forbidden, Permission};

use super::asset::Asset;
use super::translation::Languages;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Customers: enabled products and variants, public facets and collections.
    Shop,
    /// Administrators with a permission to read.
    Admin,
}

impl Audience {
    /// Whether disabled and private things are shown.
    pub(super) fn sees_hidden(self) -> bool {
        self == Self::Admin
    }
}

/// The use cases that read, for one audience: [`super::Catalogue::shop`] or [`super::Catalogue::admin`].
///
/// Batched reads take any number of ids and answer a map. Ids that the channel does not have, or that the audience
/// may not see, are simply absent from it, and so are ids that have none of what is asked for. Each costs one
/// statement, however many ids there are (up to 16,384).
#[derive(Debug, Clone)]
pub struct CatalogueReads {
    pub(super) database: Database,
    pub(super) clock: Clock,
    pub(super) audience: Audience,
    /// By the channel's revision, which every change of a picture that is there raises. Not for administrators: who
    /// changes pictures reads them again by the revision of before.
    pub(super) known_assets: Option<Arc<RevisionMap<(AssetId, Languages), Asset>>>,
}

impl CatalogueReads {
    /// The channel's data, for customers as they are and for administrators by permission.
    pub(super) fn scope(&self, actor: &Actor, permission: Permission) -> Result<ChannelScope, Forbidden> {
        match self.audience {
            Audience::Shop => Ok(actor.public_scope()),
            Audience::Admin => actor.require_any(&[permission, Permission::ReadCatalog]),
        }
    }
}
