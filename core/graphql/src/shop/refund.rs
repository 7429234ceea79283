//! Money given back.

use soko_domain::payments;

use super::order_line::OrderLine;
use crate::context::OfRequest as _;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Id, Json, Money, NO_CUSTOM_FIELDS};
use crate::shared::refund::refund_types;

refund_types!(OrderLine, metadata);

/// Nothing: what a handler says is for administrators.
fn metadata(_refund: &payments::Refund) -> serde_json::Value {
    serde_json::json!({})
}
