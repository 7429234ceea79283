//! Every operation that takes an id, one line each, in the order in which they are tried.
//!
//! `$kind` stands for the id of a thing of that kind, see `belongings`. A line is sent with an id that nothing has, with
//! the other shop's and with the own: the first two answers must be the same, the last another one. What is asked of the
//! answer is chosen by its type, unless the line says it: where the choice would not show the difference. An operation
//! that uses something up stands below those that need it.

/// The Shop API, by a customer.
pub const SHOP: &[&str] = &[
    "product(id: $product)",
    "collection(id: $collection)",
    "facet(id: $facet)",
    "order(id: $order)",
    "search(input: { facetValueIds: [$facet_value] })",
    "search(input: { facetValueFilters: [{ and: $facet_value }] })",
    "search(input: { facetValueFilters: [{ or: [$facet_value] }] })",
    "search(input: { collectionId: $collection })",
    "search(input: { collectionIds: [$collection] })",
    "addItemToOrder(productVariantId: $variant, quantity: 1)",
    "addItemsToOrder(inputs: [{ productVariantId: $variant, quantity: 1 }])",
    "setOrderShippingMethod(shippingMethodId: [$shipping_method])",
    "adjustOrderLine(orderLineId: $cart_line, quantity: 2)",
    "removeOrderLine(orderLineId: $cart_line)",
];

/// The Admin API, by an administrator who may do everything in the own shop.
pub const ADMIN: &[&str] = &[
    "channel(id: $channel)",
    "product(id: $product)",
    "productVariant(id: $variant)",
    "productVariants(productId: $product)",
    "order(id: $order)",
    "priceReceipts(orderId: $order)",
    "stockLocation(id: $stock_location)",
    "plugin(id: $plugin)",
    "pluginVersions(pluginId: $plugin)",
    "pluginRuns(pluginId: $plugin)",
    "updateChannel(input: { id: $channel, pricesIncludeTax: true })",
    "updateChannel(input: { id: $channel, defaultTaxZoneId: $zone })",
    "updateChannel(input: { id: $channel, defaultShippingZoneId: $zone })",
    "updateStockLocation(input: { id: $stock_location, description: \"Here\" })",
    "settlePayment(id: $payment)",
    "cancelPayment(id: $payment)",
    "transitionFulfillmentToState(id: $fulfillment, state: \"Shipped\")",
    r#"addFulfillmentToOrder(input: { lines: [{ orderLineId: $order_line, quantity: 1 }], handler: { code: "manual-fulfillment", arguments: [] } })"#,
    "cancelOrder(input: { orderId: $order })",
    "updatePluginBinding(input: { id: $binding, priority: 1 })",
    "updatePluginBinding(input: { id: $binding, versionId: $plugin_version })",
    "rollbackPlugin(bindingId: $binding)",
    "unbindPlugin(id: $binding)",
    "bindPlugin(input: { pluginId: $plugin, versionId: $plugin_version, config: {} })",
    "bindPlugin(input: { pluginId: $plugin, config: {} })",
];

/// Operations of the Admin API that are the platform's alone: a shop's administrator may not even try.
pub const PLATFORM: &[&str] = &["updateChannel(input: { id: $channel, sellerId: $seller })"];
