//! Variants as carts show them, remembered.

use std::collections::HashMap;
use std::sync::Arc;

use soko_infra::{DatabaseError, Reader, RevisionMap};
use soko_kernel::{Actor, VariantId};

use super::entity::Variant;
use super::load_variants;
use crate::catalogue::translation::Languages;

/// Variants that are remembered, of all channels together.
const VARIANTS_MAX: usize = 10_000;
/// Longest description, in bytes, of a product whose variants are remembered, so that few fill no memory.
const DESCRIPTION_MAX: usize = 4_096;

/// Variants that were read before, by the channel's revision: every change of a variant or its product raises it.
#[derive(Debug, Clone)]
pub struct KnownVariants(Arc<RevisionMap<(VariantId, Languages), Variant>>);

impl Default for KnownVariants {
    fn default() -> Self {
        Self(Arc::new(RevisionMap::new(VARIANTS_MAX)))
    }
}

impl KnownVariants {
    /// The variants in the actor's languages, as of the channel's revision that the actor knows; `None` unless every one
    /// is remembered.
    pub fn recall(&self, actor: &Actor, ids: &[VariantId]) -> Option<HashMap<VariantId, Variant>> {
        let (channel, languages) = (&actor.channel, Languages::of(actor));
        let known = |id: &VariantId| Some((*id, self.0.get(channel.id, channel.revision, (*id, languages))?));
        ids.iter().map(known).collect()
    }

    /// The same, of that revision or later, read where they are not remembered; unknown ids are left out. At most one
    /// statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn load(
        &self,
        reader: &mut Reader,
        actor: &Actor,
        ids: &[VariantId],
    ) -> Result<HashMap<VariantId, Variant>, DatabaseError> {
        if let Some(known) = self.recall(actor, ids) {
            return Ok(known);
        }
        let (channel, languages) = (&actor.channel, Languages::of(actor));
        let found = load_variants(reader, actor.public_scope(), languages, ids).await?;
        for variant in found.iter().filter(|variant| variant.product.description.len() <= DESCRIPTION_MAX) {
            self.0.insert(channel.id, channel.revision, (variant.id, languages), variant.clone());
        }
        Ok(found.into_iter().map(|variant| (variant.id, variant)).collect())
    }
}
