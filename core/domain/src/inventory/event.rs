//! Facts about stock.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::VariantId;

/// So many units of a variant can still be sold as the channel has set for being told, or fewer, where there were more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StockLow {
    /// The variant.
    pub variant_id: VariantId,
    /// Units on hand that no paid order speaks for.
    pub units: i64,
    /// Units at which it is told.
    pub threshold: i64,
}

impl Event for StockLow {
    fn name(&self) -> &'static str {
        "stock.low"
    }
}
