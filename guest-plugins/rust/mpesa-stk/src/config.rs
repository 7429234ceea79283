//! What a shop sets.

use serde::Deserialize;

/// A shop's till or paybill, and where Daraja is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Where Daraja is; no slash at the end.
    #[serde(default = "safaricom")]
    pub base_url: String,
    /// The paybill, or for a till its store number: whose passkey signs the requests.
    pub short_code: String,
    /// The till that the money goes to, for goods and services; the short code itself is a paybill when absent.
    pub till: Option<String>,
    /// Where Daraja tells of results: the method's webhook address, without parameters.
    pub callback_url: String,
    /// What the payer's statement names, beside the order's code.
    #[serde(default = "order")]
    pub description: String,
    /// Who asks for reversals; none can be made when absent.
    pub initiator: Option<String>,
}

fn safaricom() -> String {
    "https://api.safaricom.co.ke".to_owned()
}

fn order() -> String {
    "Order".to_owned()
}

impl Config {
    /// Kind of transaction, and who gets the money.
    pub fn receiver(&self) -> (&'static str, &str) {
        match &self.till {
            Some(till) => ("CustomerBuyGoodsOnline", till),
            None => ("CustomerPayBillOnline", &self.short_code),
        }
    }
}
