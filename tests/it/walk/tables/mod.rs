//! Every operation that takes an id, one line each, in the order in which they are tried.
//!
//! `$kind` stands for the id of a thing of that kind, see `belongings` and `spares`. A line is sent with an id that
//! nothing has, with the other shop's and with the own: the first two answers must be the same, the last another one,
//! and no refusal. What is asked of the answer is chosen by its type, unless the line says it: where the choice would
//! not show the difference. An operation that uses something up stands below those that need it.

mod catalogue;
mod credit;
mod ledger;
mod orders;
mod people;
mod plugins;
mod products;
mod settings;

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
    "markNotificationAsRead(id: $notification)",
];

/// The Admin API, by an administrator who may do everything in the own shop: what deletes goods or settings stands below
/// the sales that need them.
pub const ADMIN: &[&[&str]] = &[
    catalogue::LINES,
    products::LINES,
    people::LINES,
    settings::LINES,
    orders::LINES,
    plugins::LINES,
    ledger::LINES,
    credit::LINES,
    products::DELETIONS,
    catalogue::DELETIONS,
    people::DELETIONS,
    settings::DELETIONS,
];

/// Operations of the Admin API that are the platform's alone: a shop's administrator may not even try.
pub const PLATFORM: &[&str] = &[
    "updateChannel(input: { id: $channel, sellerId: $seller })",
    "setChannelSmsQuota(channelId: $channel, segmentsMax: 5)",
];
