//! A shop's books at hand.

use jiff::civil::Date;
use soko_kernel::{Actor, CustomerId, JournalEntryId, ListQuery, OrderId};

use crate::ledger::chart::CASH_ON_HAND;
use crate::ledger::templates::Occasion;
use crate::ledger::*;
use crate::testing::TestStore;

pub(super) struct Desk {
    pub(super) store: TestStore,
    pub(super) ledger: Ledger,
    pub(super) actor: Actor,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let store = TestStore::open().await;
        let ledger = Ledger::new(store.database.clone(), store.clock.clone());
        let actor = store.actor.clone();
        Self { store, ledger, actor }
    }

    pub(super) fn today(&self) -> Occasion {
        Ledger::occasion(&self.actor, self.store.clock.now()).unwrap()
    }

    pub(super) async fn post(&self, entry: NewEntry) -> Result<Option<JournalEntryId>, LedgerError> {
        let (scope, now) = (self.store.scope(), self.store.clock.now());
        let post =
            async move |tx: &mut soko_infra::Tx| Ledger::post_in_tx(tx, scope, &entry, None, now).await;
        self.store.database.write_concurrently(scope, post).await
    }

    pub(super) async fn spend(&self, reference: &str, amount: i64) -> Result<Entry, LedgerError> {
        self.spend_on(reference, amount, self.today().date).await
    }

    pub(super) async fn spend_on(
        &self,
        reference: &str,
        amount: i64,
        date: Date,
    ) -> Result<Entry, LedgerError> {
        let new = NewExpense {
            reference: reference.to_owned(),
            paid_from: self.account(CASH_ON_HAND).await.id,
            amount,
            memo: "Tea".to_owned(),
            date: Some(date),
        };
        self.ledger.record_expense(&self.actor, new).await
    }

    pub(super) async fn account(&self, code: &str) -> Account {
        let accounts = self.ledger.list_accounts(&self.actor, &ListQuery::default()).await.unwrap();
        accounts.items.into_iter().find(|account| account.code == code).unwrap()
    }

    /// On the side on which the account grows, in the channel's currency.
    pub(super) async fn balance(&self, code: &str) -> i64 {
        let account = self.account(code).await;
        let balances = self.ledger.balances(&self.actor).await.unwrap();
        let own = |balance: &&Balance| {
            balance.account == account.id && balance.currency == self.actor.channel.currency
        };
        balances.iter().find(own).map_or(0, |balance| balance.amount(account.kind).unwrap())
    }

    /// What is unpaid less what was paid ahead.
    pub(super) async fn owed_by(&self, customer: CustomerId) -> i64 {
        let (scope, currency) = (self.store.scope(), self.actor.channel.currency);
        let read = async |reader: &mut soko_infra::Reader| {
            Ledger::party_balance_in(reader, scope, Party::Customer(customer), currency).await
        };
        let balance = self.store.database.read(scope, read).await.unwrap();
        balance.unpaid - balance.ahead
    }

    pub(super) async fn owed_by_order(&self, customer: CustomerId) -> Vec<(Option<OrderId>, i64)> {
        let (scope, currency) = (self.store.scope(), self.actor.channel.currency);
        let read = async |reader: &mut soko_infra::Reader| {
            Ledger::open_items_in(reader, scope, Party::Customer(customer), currency).await
        };
        let items = self.store.database.read(scope, read).await.unwrap();
        items.into_iter().map(|item| (item.order, item.amount)).collect()
    }

    /// What is kept of parties is what their postings say.
    pub(super) async fn assert_no_drift(&self) {
        let read = async |reader: &mut soko_infra::Reader| {
            reader.fetch_all::<(String,)>(DRIFTED_PARTY_BALANCES, ()).await
        };
        let drifted = self.store.database.read(self.store.scope(), read).await.unwrap();
        assert!(drifted.is_empty(), "{drifted:?}");
    }
}
