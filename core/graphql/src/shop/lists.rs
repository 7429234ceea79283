//! The lists of the Shop API: which fields they can be filtered and sorted by.

use crate::shared::lists::lists;

lists! {
    /// Products.
    Products "Product" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "slug": Text sort, "description": Text sort, "enabled": Boolean,
    }
    /// Variants of a product or in a collection.
    ProductVariants "ProductVariant" {
        "id": Id sort, "productId": Id sort, "createdAt": Date sort, "updatedAt": Date sort,
        "languageCode": Text, "sku": Text sort, "name": Text sort, "price": Number sort,
        "currencyCode": Text, "priceWithTax": Number sort, "stockLevel": Text sort,
    }
    /// Collections.
    Collections "Collection" with flags ["topLevelOnly"] {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "slug": Text sort, "position": Number sort, "description": Text sort,
        "parentId": Id sort, "productVariantCount": Number sort,
    }
    /// Facets.
    Facets "Facet" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "languageCode": Text,
        "name": Text sort, "code": Text sort,
    }
    /// Customers of a group.
    Customers "Customer" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "title": Text sort,
        "firstName": Text sort, "lastName": Text sort, "phoneNumber": Text sort, "emailAddress": Text sort,
    }
    /// Orders of a customer.
    Orders "Order" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "type": Text,
        "orderPlacedAt": Date sort, "code": Text sort, "state": Text sort, "active": Boolean,
        "totalQuantity": Number sort, "subTotal": Number sort, "subTotalWithTax": Number sort,
        "currencyCode": Text, "shipping": Number sort, "shippingWithTax": Number sort, "total": Number sort,
        "totalWithTax": Number sort,
    }
    /// What happened to an order.
    HistoryEntries "HistoryEntry" {
        "id": Id sort, "createdAt": Date sort, "updatedAt": Date sort, "type": Text,
    }
}
