//! What is said about what is unpaid: each rung once, and anew after it was paid.

use std::time::Duration;

use super::on_account::ORDER;
use super::*;
use crate::credit::Excess;

const DAY: Duration = Duration::from_hours(24);

impl Shop {
    /// The rungs that were climbed so far, with the days that the oldest was overdue.
    async fn rungs(&self) -> Vec<(String, i64)> {
        let rung = |event: serde_json::Value| {
            (event["rung"].as_str().unwrap().to_owned(), event["overdueDays"].as_i64().unwrap())
        };
        self.events("credit.reminder_due").await.into_iter().map(rung).collect()
    }
}

#[tokio::test]
async fn each_rung_is_said_once_and_again_after_all_was_paid() {
    let (shop, customer) = Shop::with_accounts(10).await;
    let (credit, clock) = (&shop.services.credit, &shop.store.clock);
    shop.approve(customer, 10 * ORDER).await;
    shop.sell_by(shop.to_pay().await, "account").await.unwrap();
    assert_eq!(credit.remind().await.unwrap(), 0, "there is time to pay");
    clock.advance(DAY * (14 + 3));
    assert_eq!(credit.remind().await.unwrap(), 1);
    assert_eq!(credit.remind().await.unwrap(), 0, "once a day");
    clock.advance(DAY);
    assert_eq!(credit.remind().await.unwrap(), 0, "it was said");
    clock.advance(DAY * 3);
    assert_eq!(credit.remind().await.unwrap(), 1);
    clock.advance(DAY * 3);
    assert_eq!(credit.remind().await.unwrap(), 1);
    let said = [("overdue_3", 3), ("overdue_7", 7), ("overdue_10", 10)];
    assert_eq!(shop.rungs().await, said.map(|(rung, days)| (rung.to_owned(), days)));
    shop.repay(customer, ORDER, None, Excess::Return).await.unwrap();
    shop.approve(customer, ORDER).await;
    shop.sell_by(shop.to_pay().await, "account").await.unwrap();
    clock.advance(DAY);
    assert_eq!(credit.remind().await.unwrap(), 1);
    assert_eq!(shop.rungs().await.last().unwrap(), &("limit_90".to_owned(), -13));
    clock.advance(DAY * 23);
    assert_eq!(credit.remind().await.unwrap(), 1);
    assert_eq!(shop.rungs().await.last().unwrap(), &("overdue_10".to_owned(), 10), "said anew");
}
