//! What to try: requests to copy and paste.

use soko_kernel::PluginBindingId;

use super::{DemoPlatform, DemoShop};

/// Enough of the sugar for the wholesale price.
const SAMPLE_QUANTITY: i64 = 24;

/// A request to copy and paste.
#[derive(Debug, Clone)]
pub struct DemoRequest {
    /// What it shows.
    pub title: String,
    /// Lines for a shell.
    pub command: String,
}

impl DemoPlatform {
    /// The requests that show the point, for a server at `base_url` such as `http://127.0.0.1:3000`.
    pub fn requests(&self, base_url: &str) -> Vec<DemoRequest> {
        let carts = self.shops.iter().filter(|shop| !shop.plan.is_default);
        let carts: Vec<String> = carts.filter_map(|shop| add_to_cart(shop, base_url)).collect();
        let priced = self.shops.iter().any(|shop| shop.binding.is_some());
        let title = if priced {
            "The same cart in both shops, each with its own pricing plugin"
        } else {
            "The same cart in both shops, at list price: --plugins DIR gives each its own pricing plugin"
        };
        let mut requests = vec![DemoRequest { title: title.to_owned(), command: carts.join("\n") }];
        let managed = self.shops.iter().find_map(|shop| Some((shop, shop.binding?)));
        let managed = managed.and_then(|(shop, binding)| self.administration(shop, binding, base_url));
        requests.extend(managed.into_iter().flatten());
        requests
    }

    /// Logging in, looking at the plugins, and rolling one back.
    fn administration(
        &self,
        shop: &DemoShop,
        binding: PluginBindingId,
        base_url: &str,
    ) -> Option<[DemoRequest; 2]> {
        let is_administrator = |endpoint: &str| endpoint == "/admin-api";
        let account = self.accounts.iter();
        let mut account = account.filter(|one| one.shop == shop.plan.code && is_administrator(one.endpoint));
        let account = account.next()?;
        let code = shop.plan.code;
        let log_in = format!(
            "mutation {{ login(username: \"{}\", password: \"{}\") {{ __typename }} }}",
            account.identifier, account.password
        );
        let list =
            "{ pluginBindings { items { id pluginName enabled current { version { version } config } } } }";
        let roll_back = "mutation ($id: ID!) { rollbackPlugin(bindingId: $id) { __typename \
                         ... on PluginBinding { id current { version { version } config } } \
                         ... on ErrorResult { errorCode message } } }";
        let log_in = post(base_url, "/admin-api", code, &["-D -", "-o /dev/null"], &body(&log_in, ""));
        let authorised = ["-H \"authorization: Bearer $TOKEN\""];
        let list = post(base_url, "/admin-api", code, &authorised, &body(list, ""));
        let roll_back = post(
            base_url,
            "/admin-api",
            code,
            &authorised,
            &body(roll_back, &format!("\"id\":\"{binding}\"")),
        );
        Some([
            DemoRequest {
                title: format!("Log in as the administrator of {code}, and see the plugin"),
                command: format!(
                    "TOKEN=$({log_in} | tr -d '\\r' | sed -n 's/^vendure-auth-token: //p')\n{list}"
                ),
            },
            DemoRequest {
                title: "Roll the plugin back to its first configuration: the next cart is priced by it; \
                        again brings the present one back"
                    .to_owned(),
                command: roll_back,
            },
        ])
    }
}

fn add_to_cart(shop: &DemoShop, base_url: &str) -> Option<String> {
    let variant = shop.sample?;
    let query = "mutation ($variant: ID!, $quantity: Int!) { \
                 addItemToOrder(productVariantId: $variant, quantity: $quantity) { __typename \
                 ... on Order { totalWithTax lines { quantity unitPriceWithTax linePriceWithTax discountedLinePriceWithTax \
                 discounts { adjustmentSource description amountWithTax } } } } }";
    let variables = format!("\"variant\":\"{variant}\",\"quantity\":{SAMPLE_QUANTITY}");
    Some(post(base_url, "/shop-api", shop.plan.code, &[], &body(query, &variables)))
}

/// The JSON of a request, without a single quote, so that a shell can hold it between two.
fn body(query: &str, variables: &str) -> String {
    let query = serde_json::Value::from(query);
    format!("{{\"query\":{query},\"variables\":{{{variables}}}}}")
}

fn post(base_url: &str, endpoint: &str, channel: &str, options: &[&str], body: &str) -> String {
    let options: String = options.iter().map(|option| format!(" {option}")).collect();
    format!(
        "curl -s {base_url}{endpoint}{options} -H 'vendure-token: {channel}' -H 'content-type: application/json' \
         -d '{body}'"
    )
}
