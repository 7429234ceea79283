//! Stock that is held for those who pay, and what becomes of it when they do not.

use std::time::{Duration, Instant};

use soko_infra::{DataScope, DatabaseError};
use soko_tests::TestServer;
use soko_tests::platform::{ALPHA, LAST};
use soko_tests::server::with_settings;
use soko_tests::shopper::{order_of, refusal_of};

/// Longest wait for a job that runs every second.
const PATIENCE: Duration = Duration::from_secs(20);
const HALF_AN_HOUR: Duration = Duration::from_mins(30);

async fn holds(server: &TestServer) -> i64 {
    let counted = server.services().database.read(DataScope::Platform, async |reader| {
        let (holds,): (i64,) = reader.fetch_one("SELECT COUNT(*) FROM stock_hold", ()).await?;
        Ok::<_, DatabaseError>(holds)
    });
    counted.await.expect("a number")
}

#[test]
fn the_last_unit_goes_to_who_pays_and_expired_holds_are_removed() {
    with_settings(
        |settings| settings.server.sweep_s = 1,
        async |server| {
            let (slow, quick) = (server.shopper(ALPHA), server.shopper(ALPHA));
            let last = slow.variant(LAST).await;
            slow.arrange_payment(&last, 1, "slow@example.com").await;
            assert_eq!(holds(server).await, 1);

            server.clock.advance(HALF_AN_HOUR);
            let begun = Instant::now();
            while holds(server).await > 0 {
                assert!(begun.elapsed() < PATIENCE, "the hold is still there");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            quick.arrange_payment(&last, 1, "quick@example.com").await;
            let late = refusal_of(slow.try_pay("cash").await);
            assert_eq!(late["errorCode"], "ORDER_STATE_TRANSITION_ERROR", "{late}");
            let unpaid = slow.active_order().await;
            assert_eq!(unpaid["state"], "ArrangingPayment");
            assert!(unpaid["payments"].as_array().is_none_or(Vec::is_empty), "{unpaid}");
            assert_eq!(order_of(quick.try_pay("cash").await)["state"], "PaymentSettled");
            assert_eq!(holds(server).await, 0, "what is sold is not held");
        },
    );
}
