//! Facts about customers.

use serde::Serialize;
use soko_infra::outbox::Event;
use soko_kernel::CustomerId;

/// A customer was written down: by themselves, or by those who run the shop. Guests who only buy are not.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerCreated {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their given name.
    pub first_name: String,
    /// Whether they can log in.
    pub has_account: bool,
}

impl Event for CustomerCreated {
    fn name(&self) -> &'static str {
        "customer.created"
    }
}
