//! What is not booked.

use soko_kernel::{JournalEntryId, LedgerAccountId, PaymentId};

use super::*;

#[tokio::test]
async fn refuses_what_makes_no_sense_and_books_nothing() {
    let desk = Desk::open().await;
    let expense = |reference: &str, amount, paid_from: LedgerAccountId| NewExpense {
        reference: reference.to_owned(),
        paid_from,
        amount,
        memo: "Tea".to_owned(),
        date: None,
    };
    let till = desk.account(CASH_ON_HAND).await.id;
    let refuse = async |new: NewExpense| desk.ledger.record_expense(&desk.actor, new).await.unwrap_err();
    for amount in [0, -1, i64::MIN] {
        let refused = refuse(expense("e", amount, till)).await;
        assert!(matches!(refused, LedgerError::NegativeAmount(_)), "{refused:?}");
    }
    for other in [SALES, CASH] {
        let refused = refuse(expense("e", 1, desk.account(other).await.id)).await;
        assert!(matches!(refused, LedgerError::NotCash), "{refused:?}");
    }
    let refused = refuse(expense("e", 1, LedgerAccountId(9_999))).await;
    assert!(matches!(refused, LedgerError::UnknownAccount(_)), "{refused:?}");
    for reference in [String::new(), "x".repeat(65)] {
        let refused = refuse(expense(&reference, 1, till)).await;
        assert!(matches!(refused, LedgerError::InvalidSource), "{refused:?}");
    }
    let refused = refuse(NewExpense { memo: " ".to_owned(), ..expense("e", 1, till) }).await;
    assert!(matches!(refused, LedgerError::InvalidText), "{refused:?}");
    assert!(desk.ledger.balances(&desk.actor).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_reference_stands_for_one_thing() {
    let desk = Desk::open().await;
    let first = desk.spend("tea", 70).await.unwrap();
    assert_eq!(desk.spend("tea", 70).await.unwrap().id, first.id);
    let other = desk.spend("tea", 71).await;
    assert!(matches!(other, Err(LedgerError::BookedOtherwise { .. })), "{other:?}");
    assert_eq!(desk.balance(EXPENSES).await, 70);
}

#[tokio::test]
async fn what_others_booked_is_theirs_to_take_back() {
    let desk = Desk::open().await;
    let taxed = TaxedAmount { gross: 100, tax: 0 };
    let sale = cash_sale(desk.today(), PaymentId(1), ORDER, CASH_ON_HAND.into(), taxed).unwrap();
    let id = desk.post(sale).await.unwrap().unwrap();
    let refused = desk.ledger.reverse(&desk.actor, id, "Mine".to_owned()).await;
    assert!(matches!(refused, Err(LedgerError::NotAlone("Payment"))), "{refused:?}");
    let unknown = desk.ledger.reverse(&desk.actor, JournalEntryId(9_999), "None".to_owned()).await;
    assert!(matches!(unknown, Err(LedgerError::UnknownEntry(_))), "{unknown:?}");
}

#[tokio::test]
async fn an_account_out_of_use_takes_nothing() {
    let desk = Desk::open().await;
    let cash = desk.account(CASH).await;
    let new = NewAccount {
        code: "CASH_KIOSK".to_owned(),
        name: "Kiosk".to_owned(),
        kind: AccountType::Asset,
        parent_id: Some(cash.id),
    };
    let kiosk = desk.ledger.create_account(&desk.actor, new.clone()).await.unwrap();
    let again = desk.ledger.create_account(&desk.actor, new.clone()).await;
    assert!(matches!(again, Err(LedgerError::CodeInUse)), "{again:?}");
    let wrong = NewAccount { kind: AccountType::Income, code: "X".to_owned(), ..new.clone() };
    let wrong = desk.ledger.create_account(&desk.actor, wrong).await;
    assert!(matches!(wrong, Err(LedgerError::TypeDiffers)), "{wrong:?}");
    let below_a_leaf = NewAccount { parent_id: Some(kiosk.id), code: "X".to_owned(), ..new.clone() };
    let below_a_leaf = desk.ledger.create_account(&desk.actor, below_a_leaf).await;
    assert!(matches!(below_a_leaf, Err(LedgerError::NoParent(_))), "{below_a_leaf:?}");
    let lower = desk.ledger.create_account(&desk.actor, NewAccount { code: "cash".to_owned(), ..new }).await;
    assert!(matches!(lower, Err(LedgerError::InvalidCode)), "{lower:?}");
    let till = desk.account(CASH_ON_HAND).await;
    let transfer = |reference: &str| NewTransfer {
        reference: reference.to_owned(),
        from: till.id,
        to: kiosk.id,
        amount: 40,
        memo: "Change".to_owned(),
        date: None,
    };
    desk.ledger.transfer(&desk.actor, transfer("1")).await.unwrap();
    desk.ledger.update_account(&desk.actor, kiosk.id, None, Some(false)).await.unwrap();
    let refused = desk.ledger.transfer(&desk.actor, transfer("2")).await;
    assert!(matches!(refused, Err(LedgerError::AccountTakesNone(_))), "{refused:?}");
    assert_eq!(desk.balance("CASH_KIOSK").await, 40);
    let to_itself = NewTransfer { to: till.id, ..transfer("3") };
    let to_itself = desk.ledger.transfer(&desk.actor, to_itself).await;
    assert!(matches!(to_itself, Err(LedgerError::SameAccount)), "{to_itself:?}");
}
