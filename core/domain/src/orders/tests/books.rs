//! What a sale leaves in the books.

use std::collections::BTreeMap;

use soko_kernel::ListQuery;

use super::*;

impl Shop {
    /// Debits less credits by account.
    pub(super) async fn books(&self) -> BTreeMap<String, i64> {
        let ledger = &self.services.ledger;
        let accounts = ledger.list_accounts(&self.admin, &ListQuery::default()).await.unwrap().items;
        let balances = ledger.balances(&self.admin).await.unwrap();
        assert_eq!(balances, ledger.replayed_balances(&self.admin).await.unwrap());
        let code = |id| accounts.iter().find(|account| account.id == id).unwrap().code.clone();
        balances.iter().map(|balance| (code(balance.account), balance.net().unwrap())).collect()
    }
}

fn books<const N: usize>(expected: [(&str, i64); N]) -> BTreeMap<String, i64> {
    expected.into_iter().map(|(code, amount)| (code.to_owned(), amount)).collect()
}

#[tokio::test]
async fn cash_is_a_sale_at_once_and_its_tax_is_owed() {
    let shop = Shop::open(10).await;
    let order = shop.paid(2, "cash").await;
    let total = order.order.totals.total();
    let tax = total.gross - total.net;
    assert!(tax > 0);
    let expected = books([("CASH_ON_HAND", total.gross), ("SALES", -total.net), ("TAX_PAYABLE", -tax)]);
    assert_eq!(shop.books().await, expected);
    let entries = shop.services.ledger.list_entries(&shop.admin, &ListQuery::default()).await.unwrap();
    let payment = shop.payment_of(&order).await;
    assert_eq!((entries.total, &entries.items[0].source.id), (1, &payment.to_string()));
}

#[tokio::test]
async fn reserved_money_is_booked_when_it_is_here_and_once() {
    let shop = Shop::open(10).await;
    let order = shop.paid(2, "bank").await;
    assert_eq!(shop.books().await, BTreeMap::new());
    let payment = shop.payment_of(&order).await;
    shop.services.orders.settle_payment(&shop.admin, payment).await.unwrap();
    let total = order.order.totals.total();
    let expected = books([
        ("CLEARING_GENERIC", total.gross),
        ("SALES", -total.net),
        ("TAX_PAYABLE", total.net - total.gross),
    ]);
    assert_eq!(shop.books().await, expected);
    assert!(shop.services.orders.settle_payment(&shop.admin, payment).await.is_err());
    assert_eq!(shop.books().await, expected);
}

#[tokio::test]
async fn a_payment_that_is_given_up_leaves_nothing() {
    let shop = Shop::open(10).await;
    let order = shop.paid(2, "bank").await;
    shop.services.orders.cancel_payment(&shop.admin, shop.payment_of(&order).await).await.unwrap();
    assert_eq!(shop.books().await, BTreeMap::new());
}
