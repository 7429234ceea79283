//! Ids: one type per kind of row, so that an order's id cannot be passed for a product's.
//!
//! Ids are positive 64-bit integers given by the database and shown to clients as decimal strings. To add a kind of
//! id, add a line to the macro's list.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(text).map(Self).ok_or(InvalidId)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }
    )*};
}

/// The text is no id: not a positive decimal integer of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no id")]
pub struct InvalidId;

fn parse(text: &str) -> Option<i64> {
    let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if canonical { text.parse().ok() } else { None }
}

ids! {
    /// A shop: the tenant.
    ChannelId,
    /// The legal party behind channels.
    SellerId,
    /// Somebody who can log in: an administrator or a customer with an account.
    UserId,
    /// A log-in or a guest's visit.
    SessionId,
    /// A person who works in the admin API.
    AdministratorId,
    /// A named set of permissions in some channels.
    RoleId,
    /// Money of a customer for what they owe, or for a supplier for what they are owed.
    CreditPaymentId,
    /// Goods bought of a supplier.
    SupplierPurchaseId,
    /// A buyer, with or without an account.
    CustomerId,
    /// A named set of customers.
    CustomerGroupId,
    /// A customer's stored address.
    AddressId,
    /// A country that a channel serves.
    CountryId,
    /// A named set of countries, for taxes and shipping.
    ZoneId,
    /// Which rates a variant falls under.
    TaxCategoryId,
    /// A rate of tax for a category in a zone.
    TaxRateId,
    /// A product.
    ProductId,
    /// What is sold and stocked: one variant of a product.
    VariantId,
    /// Something variants of a product differ in, such as size.
    OptionGroupId,
    /// One value of an option group.
    OptionId,
    /// A way to classify, such as brand.
    FacetId,
    /// One value of a facet.
    FacetValueId,
    /// A node in the shop's tree of categories.
    CollectionId,
    /// A stored picture or file.
    AssetId,
    /// A label on assets.
    TagId,
    /// A place that holds stock.
    StockLocationId,
    /// The stock of one variant at one place.
    StockLevelId,
    /// A way to deliver.
    ShippingMethodId,
    /// A way to pay.
    PaymentMethodId,
    /// An order.
    OrderId,
    /// A line of an order.
    OrderLineId,
    /// The chosen delivery of an order.
    ShippingLineId,
    /// A payment, or an attempt at one.
    PaymentId,
    /// Money given back.
    RefundId,
    /// Goods handed over.
    FulfillmentId,
    /// An entry in an order's history.
    HistoryEntryId,
    /// A plugin of a channel, across its versions.
    PluginId,
    /// One uploaded version of a plugin.
    PluginVersionId,
    /// A version put to use in a channel.
    PluginBindingId,
    /// One recorded call of a plugin.
    PluginRunId,
    /// A stored proof of how an order was priced.
    PriceReceiptId,
    /// A change of the quantity on hand or allocated.
    StockMovementId,
    /// An account of a shop's books.
    LedgerAccountId,
    /// What was booked for one occasion.
    JournalEntryId,
    /// One amount of an entry, from one account to another.
    JournalPostingId,
    /// A fact that was stated.
    EventId,
    /// What was done about an event for one recipient.
    EventActionId,
    /// What somebody was told within the system.
    InboxMessageId,
    /// Where a shop wants events sent.
    WebhookEndpointId,
    /// How much a shop tells people at most.
    RateLimitId,
    /// A plugin that acts on events.
    EventHandlerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_texts_that_are_no_ids() {
        for text in ["", "0", "01", "-1", "+1", " 1", "1.0", "9223372036854775808", "T_1", "１"] {
            assert_eq!(text.parse::<OrderId>(), Err(InvalidId), "{text:?}");
        }
        assert_eq!("9223372036854775807".parse(), Ok(OrderId(i64::MAX)));
    }
}
