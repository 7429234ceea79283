//! A guest who buys: the operations of a storefront's checkout, in its order.

use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// What the tests ask of an order.
pub const ORDER: &str = "fragment O on Order {
    __typename id code state active totalQuantity subTotal subTotalWithTax shipping shippingWithTax total totalWithTax
    currencyCode couponCodes
    customer { id firstName lastName emailAddress }
    shippingAddress { fullName streetLine1 city countryCode }
    shippingLines { priceWithTax shippingMethod { id code } }
    taxSummary { description taxRate taxBase taxTotal }
    discounts { description amountWithTax }
    payments { id state method amount transactionId }
    lines {
        id quantity unitPriceWithTax linePrice linePriceWithTax discountedLinePriceWithTax proratedLinePriceWithTax taxRate
        discounts { description amountWithTax adjustmentSource }
        productVariant { id sku }
    }
}";

const REFUSALS: &str = "__typename ... on ErrorResult { errorCode message }";

/// A guest with a cart in one channel's Shop API.
#[derive(Debug)]
pub struct Shopper {
    /// The client, with the guest's session.
    pub client: Client,
}

impl Shopper {
    /// A guest without a cart.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The id of the variant with this SKU, found as a customer would: by the catalogue.
    ///
    /// # Panics
    /// When the shop does not show it.
    pub async fn variant(&self, sku: &str) -> String {
        let query = "{ products(options: { take: 100 }) { items { variants { id sku } } } }";
        let data = self.client.query(query, json!({})).await;
        let products = data["products"]["items"].as_array().cloned().unwrap_or_default();
        let mut variants = products.iter().filter_map(|product| product["variants"].as_array()).flatten();
        let variant = variants.find(|variant| variant["sku"] == sku);
        let variant = variant.unwrap_or_else(|| panic!("the shop shows no {sku}: {data}"));
        variant["id"].as_str().expect("an id").to_owned()
    }

    /// Whatever adding to the cart is answered with.
    pub async fn try_add(&self, variant: &str, quantity: i64) -> Answer {
        let text = format!(
            "mutation ($variant: ID!, $quantity: Int!) {{
                addItemToOrder(productVariantId: $variant, quantity: $quantity) {{ {REFUSALS} ...O
                    ... on InsufficientStockError {{ quantityAvailable order {{ ...O }} }} }} }} {ORDER}"
        );
        self.client.send(&text, json!({ "variant": variant, "quantity": quantity })).await
    }

    /// The order after adding to the cart.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn add(&self, variant: &str, quantity: i64) -> Value {
        order_of(self.try_add(variant, quantity).await)
    }

    /// The order after saying who buys and where it goes to.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn set_details(&self, email: &str) -> Value {
        self.change(
            "setCustomerForOrder(input: $input)",
            "CreateCustomerInput!",
            json!({ "firstName": "Wanjiku", "lastName": "Mwangi", "emailAddress": email, "phoneNumber": "0712345678" }),
        )
        .await;
        self.set_address().await
    }

    /// The order after saying where it goes to, which is all that is asked of a customer who is logged in.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn set_address(&self) -> Value {
        self.change(
            "setOrderShippingAddress(input: $input)",
            "CreateAddressInput!",
            json!({ "fullName": "Wanjiku Mwangi", "streetLine1": "Biashara Street 4", "city": "Nairobi",
                    "countryCode": "KE" }),
        )
        .await
    }

    /// The order after choosing the cheapest way to deliver.
    ///
    /// # Panics
    /// When there is none.
    pub async fn choose_shipping(&self) -> Value {
        let data = self.client.query("{ eligibleShippingMethods { id code priceWithTax } }", json!({})).await;
        let id = data["eligibleShippingMethods"][0]["id"].clone();
        assert!(id.is_string(), "no eligible shipping method: {data}");
        self.change("setOrderShippingMethod(shippingMethodId: $input)", "[ID!]!", json!([id])).await
    }

    /// Whatever moving the order to a state is answered with.
    pub async fn try_transition(&self, state: &str) -> Answer {
        let text = format!(
            "mutation ($state: String!) {{ transitionOrderToState(state: $state) {{ {REFUSALS}
                ... on OrderStateTransitionError {{ transitionError fromState toState }} ...O }} }} {ORDER}"
        );
        self.client.send(&text, json!({ "state": state })).await
    }

    /// Whatever paying by a method is answered with.
    pub async fn try_pay(&self, method: &str) -> Answer {
        let text = format!(
            "mutation ($input: PaymentInput!) {{ addPaymentToOrder(input: $input) {{ {REFUSALS} ...O }} }} {ORDER}"
        );
        self.client.send(&text, json!({ "input": { "method": method, "metadata": {} } })).await
    }

    /// The order when it is ready to be paid: with these goods, a customer, an address and a way to deliver.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn arrange_payment(&self, variant: &str, quantity: i64, email: &str) -> Value {
        self.add(variant, quantity).await;
        self.set_details(email).await;
        self.choose_shipping().await;
        order_of(self.try_transition("ArrangingPayment").await)
    }

    /// The whole checkout, paid by `cash`.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn check_out(&self, variant: &str, quantity: i64, email: &str) -> Value {
        self.arrange_payment(variant, quantity, email).await;
        let order = order_of(self.try_pay("cash").await);
        assert_eq!(order["state"], "PaymentSettled", "{order}");
        order
    }

    /// The present cart; `null` when there is none.
    pub async fn active_order(&self) -> Value {
        self.client.query(&format!("{{ activeOrder {{ ...O }} }} {ORDER}"), json!({})).await["activeOrder"]
            .clone()
    }

    async fn change(&self, call: &str, input_type: &str, input: Value) -> Value {
        let text = format!("mutation ($input: {input_type}) {{ {call} {{ {REFUSALS} ...O }} }} {ORDER}");
        order_of(self.client.send(&text, json!({ "input": input })).await)
    }
}

/// The order that a mutation answered with.
///
/// # Panics
/// When it was refused.
#[track_caller]
pub fn order_of(answer: Answer) -> Value {
    let field = crate::client::only_field(&answer.data());
    assert_eq!(field["__typename"], "Order", "{field}");
    field
}

/// The `errorCode` with which a mutation was refused.
///
/// # Panics
/// When it was not refused.
#[track_caller]
pub fn refusal_of(answer: Answer) -> Value {
    let field = crate::client::only_field(&answer.data());
    assert!(field["errorCode"].is_string(), "{field}");
    field
}
