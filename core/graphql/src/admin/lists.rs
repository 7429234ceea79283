//! The lists of the Admin API: which fields they can be filtered and sorted by.

use crate::shared::lists::lists;

lists! {
    /// Administrators.
    Administrators "Administrator" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "firstName": Text sort, "lastName": Text sort,
        "emailAddress": Text sort,
    }
    /// Assets.
    Assets "Asset" with others { "tags": "[String!]", "tagsOperator": "LogicalOperator" } {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "name": Text sort,
        "type": Text, "fileSize": Number sort, "mimeType": Text sort, "width": Number sort,
        "height": Number sort, "source": Text sort, "preview": Text sort,
    }
    /// Labels on assets.
    Tags "Tag" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "value": Text sort,
    }
    /// Channels of the platform.
    Channels "Channel" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "code": Text sort, "token": Text sort,
        "defaultLanguageCode": Text, "currencyCode": Text, "defaultCurrencyCode": Text, "trackInventory": Boolean,
        "outOfStockThreshold": Number sort, "pricesIncludeTax": Boolean,
    }
    /// Customers.
    Customers "Customer" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "title": Text sort, "firstName": Text sort,
        "lastName": Text sort, "phoneNumber": Text sort, "emailAddress": Text sort,
    }
    /// Groups of customers.
    CustomerGroups "CustomerGroup" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort,
    }
    /// Accounts of the books.
    LedgerAccounts "LedgerAccount" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "code": Text sort, "name": Text sort,
        "isParent": Boolean, "enabled": Boolean,
    }
    /// Entries of the journal.
    JournalEntries "JournalEntry" {
        "id": Id sort, "entryDate": Text sort, "postedAt": Date sort, "sourceType": Text sort, "sourceId": Text,
        "memo": Text, "accountId": Id, "orderId": Id, "partyId": Id,
    }
    /// Payments that people have to look at.
    PaymentsInReview "PaymentInReview" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "method": Text sort, "state": Text sort,
        "amount": Number sort, "transactionId": Text,
    }
    /// Refunds that are pending.
    PendingRefunds "PendingRefund" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "method": Text sort, "total": Number sort,
        "inDoubt": Boolean, "transactionId": Text,
    }
    /// What happened.
    Events "Event" {
        "id": Id sort, "createdAt": Date sort, "routedAt": Date sort, "type": Text sort,
    }
    /// What was done about what happened.
    EventActions "EventAction" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "eventId": Id sort, "eventType": Text sort,
        "actionType": Text, "recipientType": Text, "recipientId": Id, "state": Text sort, "reason": Text,
        "attempts": Number sort,
    }
    /// Plugins.
    Plugins "Plugin" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort, "kind": Text sort,
    }
    /// Versions of plugins.
    PluginVersions "PluginVersion" {
        "id": Id sort, "createdAt": Date sort, "pluginId": Id sort, "pluginName": Text sort, "version": Text sort,
        "digest": Text, "contract": Text sort, "sizeBytes": Number sort,
    }
    /// Bindings of plugins.
    PluginBindings "PluginBinding" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "pluginId": Id sort,
        "pluginName": Text sort, "versionId": Id, "priority": Number sort, "failurePolicy": Text,
        "enabled": Boolean,
    }
    /// Calls of plugins.
    PluginRuns "PluginRun" {
        "id": Id sort, "createdAt": Date sort, "pluginId": Id sort, "pluginName": Text sort, "versionId": Id,
        "orderId": Id, "outcome": Text sort, "message": Text, "micros": Number sort, "fuel": Number sort,
    }
    /// Price receipts of an order.
    PriceReceipts "PriceReceipt" {
        "id": Id sort, "createdAt": Date sort, "orderVersion": Number sort, "engineVersion": Text,
        "roundingVersion": Number,
    }
    /// Roles.
    Roles "Role" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "code": Text sort, "description": Text sort,
    }
    /// Sellers.
    Sellers "Seller" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort,
    }
    /// Places that keep stock.
    StockLocations "StockLocation" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort, "description": Text sort,
    }
    /// Products.
    Products "Product" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "slug": Text sort, "description": Text sort, "enabled": Boolean, "facetValueId": Id,
        "optionGroupId": Id, "sku": Text,
    }
    /// Variants of a product or in a collection.
    ProductVariants "ProductVariant" {
        "id": Id sort, "productId": Id sort, "createdAt": Date sort, "updatedAt": Date sort,
        "languageCode": Text, "sku": Text sort, "name": Text sort, "price": Number sort,
        "currencyCode": Text, "priceWithTax": Number sort, "stockLevel": Text sort, "enabled": Boolean,
        "trackInventory": Text, "stockOnHand": Number sort, "stockAllocated": Number sort,
        "outOfStockThreshold": Number sort, "useGlobalOutOfStockThreshold": Boolean, "facetValueId": Id,
    }
    /// Option groups.
    ProductOptionGroups "ProductOptionGroup" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "code": Text sort,
        "name": Text sort, "productCount": Number sort,
    }
    /// Options of a group or of all.
    ProductOptions "ProductOption" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "code": Text sort,
        "name": Text sort, "groupId": Id sort,
    }
    /// Collections.
    Collections "Collection" with flags ["topLevelOnly"] {
        "isPrivate": Boolean, "inheritFilters": Boolean,
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "slug": Text sort, "position": Number sort, "description": Text sort,
        "parentId": Id sort, "productVariantCount": Number sort,
    }
    /// Facets.
    Facets "Facet" {
        "isPrivate": Boolean,
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "code": Text sort,
    }
    /// Orders.
    Orders "Order" {
        "customerLastName": Text sort, "transactionId": Text sort,
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "type": Text,
        "orderPlacedAt": Date sort, "code": Text sort, "state": Text sort, "active": Boolean,
        "totalQuantity": Number sort, "subTotal": Number sort, "subTotalWithTax": Number sort,
        "currencyCode": Text, "shipping": Number sort, "shippingWithTax": Number sort, "total": Number sort,
        "totalWithTax": Number sort,
    }
    /// What happened to an order.
    HistoryEntries "HistoryEntry" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "type": Text, "isPublic": Boolean,
    }
    /// Countries.
    Countries "Country" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "code": Text sort,
        "type": Text sort, "name": Text sort, "enabled": Boolean, "parentId": Id sort,
    }
    /// Zones.
    Zones "Zone" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort,
    }
    /// Tax categories.
    TaxCategories "TaxCategory" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort, "isDefault": Boolean,
    }
    /// Tax rates.
    TaxRates "TaxRate" {
        "zoneId": Id, "categoryId": Id, "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort,
        "name": Text sort, "enabled": Boolean, "value": Percent sort,
    }
    /// Shipping methods.
    ShippingMethods "ShippingMethod" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text, "code": Text sort,
        "name": Text sort, "description": Text sort, "fulfillmentHandlerCode": Text sort,
    }
    /// Payment methods.
    PaymentMethods "PaymentMethod" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "name": Text sort, "code": Text sort,
        "description": Text sort, "enabled": Boolean,
    }
}
