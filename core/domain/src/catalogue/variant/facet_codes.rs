//! How variants are classified, as pricing rules see it.

use std::collections::HashMap;
use std::sync::Arc;

use soko_infra::{DatabaseError, Reader, RevisionMap};
use soko_kernel::{ChannelId, ChannelScope, VariantId};

use super::repo;

/// Variants whose codes are remembered, of all channels together.
const VARIANTS_MAX: usize = 50_000;

/// Pairs of facet code and facet value code, sorted.
pub type CodePairs = Arc<[(String, String)]>;

/// The codes of facets and their values that variants and their products have. Remembered by the channel's revision,
/// which every change of a variant's codes raises.
#[derive(Debug, Clone)]
pub struct FacetCodes {
    known: Arc<RevisionMap<VariantId, CodePairs>>,
}

impl Default for FacetCodes {
    fn default() -> Self {
        Self { known: Arc::new(RevisionMap::new(VARIANTS_MAX)) }
    }
}

impl FacetCodes {
    /// The codes of each variant, if every one's are remembered.
    pub fn recall<'v>(
        &self,
        channel: ChannelId,
        revision: i64,
        variants: impl Iterator<Item = &'v VariantId>,
    ) -> Option<HashMap<VariantId, CodePairs>> {
        variants.map(|variant| Some((*variant, self.known.get(channel, revision, *variant)?))).collect()
    }

    /// The codes of each variant, as of the channel's revision or later. At most one statement.
    ///
    /// # Errors
    /// A failing store.
    pub async fn load(
        &self,
        reader: &mut Reader,
        scope: ChannelScope,
        revision: i64,
        variants: &[VariantId],
    ) -> Result<HashMap<VariantId, CodePairs>, DatabaseError> {
        let channel = scope.channel_id();
        let (mut codes, mut unknown) = (HashMap::with_capacity(variants.len()), Vec::new());
        for variant in variants {
            match self.known.get(channel, revision, *variant) {
                Some(known) => {
                    codes.insert(*variant, known);
                }
                None => unknown.push(*variant),
            }
        }
        if unknown.is_empty() {
            return Ok(codes);
        }
        let mut found = repo::facet_codes(reader, scope, &unknown).await?;
        for variant in unknown {
            let of_variant: CodePairs = found.remove(&variant).unwrap_or_default().into();
            self.known.insert(channel, revision, variant, of_variant.clone());
            codes.insert(variant, of_variant);
        }
        Ok(codes)
    }
}
