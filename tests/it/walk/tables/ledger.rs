//! The books.

pub const LINES: &[&str] = &[
    "journalEntry(id: $journal_entry)",
    r#"ledgerAccountStatement(accountId: $till_account, from: "2026-01-01", to: "2026-12-31")"#,
    r#"createLedgerAccount(input: { code: "WALKED", name: "Walked", type: ASSET, parentId: $cash_account })"#,
    r#"updateLedgerAccount(input: { id: $till_account, name: "Till" })"#,
    r#"recordExpense(input: { reference: "walk", paidFromAccountId: $till_account, amount: 5, memo: "Tea" })"#,
    r#"createInterAccountTransfer(input: { reference: "walk", fromAccountId: $till_account, toAccountId: $bank_account, amount: 5, memo: "Banked" })"#,
    r#"reverseJournalEntry(id: $journal_entry, reason: "Wrong")"#,
];
