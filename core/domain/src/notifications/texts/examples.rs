//! What each event says, by an example: the fields that templates may name.

use serde_json::{Value, json};

/// An example of an event's payload.
pub(in crate::notifications) fn example_of(event: &str) -> Value {
    let order = json!({ "orderId": 7, "code": "ABCDEFGHJKLMNPQR", "customerId": 5, "totalWithTax": 116_000,
        "currency": "KES", "from": "ArrangingPayment", "to": "PaymentSettled" });
    let payment = json!({ "orderId": 7, "code": "ABCDEFGHJKLMNPQR", "customerId": 5, "paymentId": 9, "method": "cash",
        "amount": 116_000, "currency": "KES", "to": "Settled" });
    let refund = json!({ "orderId": 7, "code": "ABCDEFGHJKLMNPQR", "customerId": 5, "paymentId": 9, "refundId": 3,
        "amount": 5_000, "currency": "KES", "to": "Settled" });
    let binding = json!({ "bindingId": 4, "pluginId": 2, "versionId": 6, "enabled": true });
    match event {
        "order.placed" => {
            json!({ "orderId": 7, "code": "ABCDEFGHJKLMNPQR", "customerId": 5, "totalWithTax": 116_000, "currency": "KES" })
        }
        "payment.in_review" => {
            json!({ "orderId": 7, "paymentId": 9, "reason": "nobody knows what came of it" })
        }
        "customer.credit_approved" => json!({ "customerId": 5, "limit": 500_000, "durationDays": 30 }),
        "customer.balance_changed" => json!({ "customerId": 5, "outstanding": 116_000, "deposit": 0 }),
        "credit.reminder_due" => {
            json!({ "partyType": "customer", "partyId": 5, "rung": "overdue_7", "overdueDays": 7,
            "outstanding": 116_000, "limit": 500_000 })
        }
        "credit.sale_refused" => {
            json!({ "customerId": 5, "orderId": 7, "amount": 116_000, "reason": "the credit is frozen" })
        }
        "customer.created" => json!({ "customerId": 5, "firstName": "Asha", "hasAccount": true }),
        "stock.low" => json!({ "variantId": 8, "units": 10, "threshold": 10 }),
        "plugin.uploaded" => json!({ "pluginId": 2, "versionId": 6, "digest": "9f86d081884c7d65" }),
        event if event.starts_with("channel.") => {
            json!({ "code": "duka-moja", "from": "UNAPPROVED", "to": "APPROVED" })
        }
        event if event.starts_with("administrator.") => json!({ "administratorId": 3, "userId": 11 }),
        event if event.starts_with("user.") => json!({ "userId": 11 }),
        event if event.starts_with("order.") => order,
        event if event.starts_with("payment.") => payment,
        event if event.starts_with("refund.") => refund,
        event if event.starts_with("plugin.") => binding,
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use soko_infra::outbox::Event;
    use soko_kernel::{
        AdministratorId, CustomerId, OrderId, PaymentId, PluginBindingId, PluginId, PluginVersionId,
        RefundId, UserId, VariantId,
    };

    use super::*;
    use crate::auth::{AdministratorCreated, AdministratorUpdated, UserCreated, UserUpdated};
    use crate::channels::ChannelStatusChanged;
    use crate::credit::{
        CreditReminderDue, CreditSaleRefused, CustomerBalanceChanged, CustomerCreditApproved,
    };
    use crate::customers::CustomerCreated;
    use crate::inventory::StockLow;
    use crate::orders::{OrderPlaced, OrderStateChanged, PaymentStateChanged, RefundStateChanged};
    use crate::payments::PaymentInReview;
    use crate::plugins::{BindingState, PluginBound, PluginUploaded};

    fn keys(value: &Value) -> Vec<&String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name).collect()
    }

    fn compare(event: &impl Event) {
        let stated = serde_json::to_value(event).unwrap_or_default();
        assert_eq!(keys(&stated), keys(&example_of(event.name())), "{}", event.name());
    }

    #[test]
    fn examples_of_people_stock_and_channels_have_the_fields_that_the_events_have() {
        let customer_id = CustomerId(1);
        compare(&CustomerCreated { customer_id, first_name: String::new(), has_account: true });
        compare(&StockLow { variant_id: VariantId(1), units: 1, threshold: 1 });
        for to in ["APPROVED", "DISABLED"] {
            compare(&ChannelStatusChanged { code: String::new(), from: "UNAPPROVED", to });
        }
        let (administrator_id, user_id) = (AdministratorId(1), UserId(1));
        compare(&AdministratorCreated { administrator_id, user_id });
        compare(&AdministratorUpdated { administrator_id, user_id });
        compare(&UserCreated { user_id });
        compare(&UserUpdated { user_id });
    }

    #[test]
    fn examples_have_the_fields_that_the_events_have() {
        let (code, currency, reason) = (String::new(), "KES".to_owned(), String::new());
        let (order_id, payment_id, customer_id) = (OrderId(1), PaymentId(1), CustomerId(1));
        let someone = Some(customer_id);
        compare(&OrderPlaced {
            order_id,
            code: code.clone(),
            customer_id: someone,
            total_with_tax: 1,
            currency: currency.clone(),
        });
        for to in ["PaymentSettled", "Shipped", "Delivered", "Cancelled", "PaymentAuthorized"] {
            let (code, currency) = (code.clone(), currency.clone());
            compare(&OrderStateChanged {
                order_id,
                code,
                customer_id: someone,
                total_with_tax: 1,
                currency,
                from: "Created",
                to,
            });
        }
        for to in ["Settled", "Declined"] {
            let (code, currency, method) = (code.clone(), currency.clone(), String::new());
            compare(&PaymentStateChanged {
                order_id,
                code,
                customer_id: someone,
                payment_id,
                method,
                amount: 1,
                currency,
                to,
            });
        }
        for to in ["Settled", "Failed"] {
            let (code, currency, refund_id) = (code.clone(), currency.clone(), RefundId(1));
            compare(&RefundStateChanged {
                order_id,
                code,
                customer_id: someone,
                payment_id,
                refund_id,
                amount: 1,
                currency,
                to,
            });
        }
        compare(&PaymentInReview { order_id, payment_id, reason: reason.clone() });
        compare(&CustomerCreditApproved { customer_id, limit: 1, duration_days: 1 });
        compare(&CustomerBalanceChanged { customer_id, outstanding: 1, deposit: 1 });
        compare(&CreditSaleRefused { customer_id, order_id, amount: 1, reason });
        let (party_id, rung) = (customer_id, "overdue_3");
        compare(&CreditReminderDue {
            party_type: "customer",
            party_id,
            rung,
            overdue_days: 1,
            outstanding: 1,
            limit: 1,
        });
        let (plugin_id, version_id) = (PluginId(1), PluginVersionId(1));
        compare(&PluginUploaded { plugin_id, version_id, digest: String::new() });
        let binding_id = PluginBindingId(1);
        compare(&PluginBound(BindingState { binding_id, plugin_id, version_id, enabled: true }));
    }
}
