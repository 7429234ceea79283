//! The accounts that every channel's books begin with. Shops may add others.

use super::entity::{AccountCode, AccountType};

/// Everything that is money at hand or on its way; gathers the accounts below it.
pub const CASH: &str = "CASH";
/// Notes and coins in the till.
pub const CASH_ON_HAND: &str = "CASH_ON_HAND";
/// The shop's bank account.
pub const BANK_MAIN: &str = "BANK_MAIN";
/// Paid by M-Pesa and not yet on the bank account.
pub const CLEARING_MPESA: &str = "CLEARING_MPESA";
/// Paid by store credit.
pub const CLEARING_CREDIT: &str = "CLEARING_CREDIT";
/// Paid by another provider and not yet on the bank account.
pub const CLEARING_GENERIC: &str = "CLEARING_GENERIC";
/// What customers owe.
pub const ACCOUNTS_RECEIVABLE: &str = "ACCOUNTS_RECEIVABLE";
/// Goods, at what they cost.
pub const INVENTORY: &str = "INVENTORY";
/// What is owed to suppliers.
pub const ACCOUNTS_PAYABLE: &str = "ACCOUNTS_PAYABLE";
/// Tax that was taken and is owed to the state.
pub const TAX_PAYABLE: &str = "TAX_PAYABLE";
/// Sales, without their tax.
pub const SALES: &str = "SALES";
/// Sales that were paid back, without their tax.
pub const SALES_RETURNS: &str = "SALES_RETURNS";
/// Goods bought that are not counted as stock.
pub const PURCHASES: &str = "PURCHASES";
/// What running the shop costs.
pub const EXPENSES: &str = "EXPENSES";
/// What payment providers keep.
pub const PROCESSOR_FEES: &str = "PROCESSOR_FEES";
/// Money that was missing or over when it was counted.
pub const CASH_SHORT_OVER: &str = "CASH_SHORT_OVER";
/// What the goods cost that were sold.
pub const COGS: &str = "COGS";
/// Goods that were lost, broken or stolen.
pub const INVENTORY_WRITE_OFF: &str = "INVENTORY_WRITE_OFF";
/// Goods that were past their date.
pub const EXPIRY_LOSS: &str = "EXPIRY_LOSS";
/// Goods that were found or missing when they were counted.
pub const INVENTORY_ADJUSTMENT: &str = "INVENTORY_ADJUSTMENT";
/// The other side of balances that were corrected by hand.
pub const BALANCE_ADJUSTMENT: &str = "BALANCE_ADJUSTMENT";

/// Accounts of which the books know what each party has on them.
pub(super) const PARTY_ACCOUNTS: [&str; 2] = [ACCOUNTS_RECEIVABLE, ACCOUNTS_PAYABLE];

/// An account of the chart.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChartAccount {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: AccountType,
    /// Code of the account that gathers it.
    pub(super) parent: Option<&'static str>,
    pub(super) is_parent: bool,
}

const fn account(code: &'static str, name: &'static str, kind: AccountType) -> ChartAccount {
    ChartAccount { code, name, kind, parent: None, is_parent: false }
}

const fn cash(code: &'static str, name: &'static str) -> ChartAccount {
    ChartAccount { parent: Some(CASH), ..account(code, name, AccountType::Asset) }
}

/// Parents stand before their children.
pub(super) const CHART: &[ChartAccount] = &[
    ChartAccount { is_parent: true, ..account(CASH, "Cash", AccountType::Asset) },
    cash(CASH_ON_HAND, "Cash on hand"),
    cash(BANK_MAIN, "Bank"),
    cash(CLEARING_MPESA, "M-Pesa clearing"),
    cash(CLEARING_CREDIT, "Store credit clearing"),
    cash(CLEARING_GENERIC, "Other payments clearing"),
    account(ACCOUNTS_RECEIVABLE, "Accounts receivable", AccountType::Asset),
    account(INVENTORY, "Inventory", AccountType::Asset),
    account(ACCOUNTS_PAYABLE, "Accounts payable", AccountType::Liability),
    account(TAX_PAYABLE, "Tax payable", AccountType::Liability),
    account(BALANCE_ADJUSTMENT, "Balance adjustment", AccountType::Equity),
    account(SALES, "Sales", AccountType::Income),
    account(SALES_RETURNS, "Sales returns", AccountType::Income),
    account(PURCHASES, "Purchases", AccountType::Expense),
    account(EXPENSES, "Expenses", AccountType::Expense),
    account(PROCESSOR_FEES, "Processor fees", AccountType::Expense),
    account(CASH_SHORT_OVER, "Cash short or over", AccountType::Expense),
    account(COGS, "Cost of goods sold", AccountType::Expense),
    account(INVENTORY_WRITE_OFF, "Inventory write-off", AccountType::Expense),
    account(EXPIRY_LOSS, "Expiry loss", AccountType::Expense),
    account(INVENTORY_ADJUSTMENT, "Inventory adjustment", AccountType::Expense),
];

/// Where the money of a payment is until it is on the bank account, by the handler that moved it.
pub fn tender_account(handler: &str) -> AccountCode {
    // A plugin is named with its kind before it.
    match handler.strip_prefix("plugin:").unwrap_or(handler) {
        "cash" => CASH_ON_HAND,
        "bank" => BANK_MAIN,
        "mpesa" | "mpesa-stk" => CLEARING_MPESA,
        "store-credit" => CLEARING_CREDIT,
        _ => CLEARING_GENERIC,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_each_account_once_and_parents_first() {
        let mut seen = HashSet::new();
        for account in CHART {
            assert!(account.parent.is_none_or(|parent| seen.contains(parent)), "{}", account.code);
            assert!(seen.insert(account.code), "{}", account.code);
        }
    }
}
