//! The books over HTTP: what a sale leaves there, what administrators write, and who may.

use serde_json::{Value, json};
use soko_tests::platform::{ALPHA, SUGAR};
use soko_tests::{Answer, Client, TestServer, with_server};

use crate::admin_people::employ;

const ENTRIES: &str =
    "{ journalEntries { totalItems items { id entryDate sourceType memo currencyCode postings {
    amount orderId debitAccount { code } creditAccount { code } } } } }";

async fn account(admin: &Client, code: &str) -> Value {
    let query = "query ($code: String!) { ledgerAccounts(options: { filter: { code: { eq: $code } } }) {
        items { id code type isParent balance parent { code } } } }";
    admin.query(query, json!({ "code": code })).await["ledgerAccounts"]["items"][0].clone()
}

async fn spend(admin: &Client, reference: &str, amount: i64, date: &str) -> Answer {
    let text = "mutation ($input: RecordExpenseInput!) { recordExpense(input: $input) { id entryDate } }";
    let input = json!({ "reference": reference, "paidFromAccountId": account(admin, "CASH_ON_HAND").await["id"],
        "amount": amount, "memo": "Tea", "date": date });
    admin.send(text, json!({ "input": input })).await
}

async fn sell(server: &TestServer) -> Value {
    let shopper = server.shopper(ALPHA);
    let sugar = shopper.variant(SUGAR).await;
    shopper.check_out(&sugar, 2, "amina@example.com").await
}

#[test]
fn a_sale_is_in_the_books_with_its_tax() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let order = sell(server).await;
        let entries = admin.query(ENTRIES, json!({})).await["journalEntries"].clone();
        assert_eq!(entries["totalItems"], 1, "{entries}");
        let entry = &entries["items"][0];
        assert_eq!((&entry["sourceType"], &entry["entryDate"]), (&json!("Payment"), &json!("2026-07-01")));
        let postings = entry["postings"].as_array().expect("postings");
        let amount = |credit: &str| {
            let posting = postings.iter().find(|posting| posting["creditAccount"]["code"] == credit);
            posting.and_then(|posting| posting["amount"].as_i64()).unwrap_or_default()
        };
        assert!(postings.iter().all(|posting| posting["debitAccount"]["code"] == "CASH_ON_HAND"));
        assert_eq!(json!(amount("SALES") + amount("TAX_PAYABLE")), order["totalWithTax"]);
        assert!(amount("TAX_PAYABLE") > 0);
        assert_eq!(account(&admin, "CASH_ON_HAND").await["balance"], order["totalWithTax"]);
        let cash = account(&admin, "CASH").await;
        assert_eq!((&cash["balance"], &cash["isParent"]), (&order["totalWithTax"], &json!(true)));
        let lines = admin.query("{ trialBalance { debits credits account { code } } }", json!({})).await;
        let lines = lines["trialBalance"].as_array().expect("lines").clone();
        let sum = |side: &str| lines.iter().map(|line| line[side].as_i64().expect("a sum")).sum::<i64>();
        assert_eq!((sum("debits"), json!(sum("credits"))), (sum("credits"), order["totalWithTax"].clone()));
    });
}

#[test]
fn administrators_book_state_reverse_and_close() {
    with_server(async |server| {
        let admin = server.administrator(ALPHA).await;
        let booked = spend(&admin, "tea-1", 700, "2026-06-30").await.data()["recordExpense"].clone();
        assert_eq!(spend(&admin, "tea-1", 700, "2026-06-30").await.data()["recordExpense"], booked);
        let other = spend(&admin, "tea-1", 800, "2026-06-30").await;
        assert_eq!(other.code(), "CONFLICT", "{}", other.body);
        spend(&admin, "tea-2", 50, "2026-07-01").await.data();

        let statement = "query ($account: ID!, $from: Date!, $to: Date!) {
            ledgerAccountStatement(accountId: $account, from: $from, to: $to) { openingBalance closingBalance
                totalItems items { date amount balance memo otherAccount { code } } } }";
        let till = account(&admin, "CASH_ON_HAND").await["id"].clone();
        let period = json!({ "account": till, "from": "2026-07-01", "to": "2026-07-31" });
        let stated = admin.query(statement, period).await["ledgerAccountStatement"].clone();
        assert_eq!((&stated["openingBalance"], &stated["closingBalance"]), (&json!(-700), &json!(-750)));
        let line = json!({ "date": "2026-07-01", "amount": -50, "balance": -750, "memo": "Tea",
            "otherAccount": { "code": "EXPENSES" } });
        assert_eq!(stated["items"], json!([line]));

        let close = "mutation ($through: Date!) { closeAccountingPeriod(through: $through) }";
        admin.query(close, json!({ "through": "2026-06-30" })).await;
        let late = spend(&admin, "tea-3", 10, "2026-06-30").await;
        assert_eq!(late.code(), "CONFLICT", "{}", late.body);
        let today = admin.send(close, json!({ "through": "2026-07-01" })).await;
        assert_eq!(today.code(), "INVALID_INPUT", "{}", today.body);
        let no_day = admin.send(close, json!({ "through": "yesterday" })).await;
        assert_eq!(no_day.code(), "INVALID_INPUT", "{}", no_day.body);

        let reverse = "mutation ($id: ID!) { reverseJournalEntry(id: $id, reason: \"Booked twice\") {
            entryDate reversalOf } }";
        let reversed = admin.query(reverse, json!({ "id": booked["id"] })).await;
        let expected = json!({ "entryDate": "2026-07-01", "reversalOf": booked["id"] });
        assert_eq!(reversed["reverseJournalEntry"], expected, "in the open period");
        let again = admin.send(reverse, json!({ "id": booked["id"] })).await;
        assert_eq!(again.code(), "CONFLICT", "{}", again.body);
        assert_eq!(account(&admin, "EXPENSES").await["balance"], 50);
    });
}

#[test]
fn the_books_are_for_those_who_may_read_them() {
    with_server(async |server| {
        sell(server).await;
        let nobody = server.admin(ALPHA).send(ENTRIES, json!({})).await;
        assert_eq!(nobody.code(), "UNAUTHENTICATED", "{}", nobody.body);
        let boss = server.administrator(ALPHA).await;
        let (clerk, _) = employ(server, &boss, "clerk", &["ReadOrder"]).await;
        for asked in [
            ENTRIES,
            "{ ledgerAccounts { totalItems } }",
            "{ trialBalance { debits } }",
            "mutation { closeAccountingPeriod(through: \"2026-06-30\") }",
        ] {
            let refused = clerk.send(asked, json!({})).await;
            assert_eq!(refused.code(), "FORBIDDEN", "{asked}: {}", refused.body);
        }
    });
}
