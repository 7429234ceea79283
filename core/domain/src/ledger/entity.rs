//! Accounts, entries, and the rules of both. Pure.

use std::borrow::Cow;

use jiff::civil::Date;
use soko_infra::DatabaseError;
use soko_kernel::{
    Currency, CustomerId, JournalEntryId, JournalPostingId, LedgerAccountId, OrderId, Timestamp, UserId,
};

use super::error::LedgerError;

/// Characters that a code, a source's id or a source's type may have.
pub const CODE_LENGTH_MAX: usize = 64;
/// Characters of a name or a memo that are stored.
pub const TEXT_LENGTH_MAX: usize = 500;

/// What an account is called in programs: `CASH_ON_HAND`.
pub type AccountCode = Cow<'static, str>;

/// What an account counts, and so the side on which it grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountType {
    /// What the shop has or is owed.
    Asset,
    /// What the shop owes.
    Liability,
    /// What is the owners'.
    Equity,
    /// What came in.
    Income,
    /// What it cost.
    Expense,
}

impl AccountType {
    const ALL: [Self; 5] = [Self::Asset, Self::Liability, Self::Equity, Self::Income, Self::Expense];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asset => "asset",
            Self::Liability => "liability",
            Self::Equity => "equity",
            Self::Income => "income",
            Self::Expense => "expense",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| DatabaseError::corrupt("account type", name))
    }

    /// Whether debits make it grow.
    pub fn grows_by_debit(self) -> bool {
        matches!(self, Self::Asset | Self::Expense)
    }
}

/// An account of a channel's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: LedgerAccountId,
    /// Unique in the channel.
    pub code: String,
    /// For people.
    pub name: String,
    /// What it counts.
    pub kind: AccountType,
    /// The account that gathers it.
    pub parent_id: Option<LedgerAccountId>,
    /// Whether it gathers others; then it takes no postings.
    pub is_parent: bool,
    /// Whether it takes postings.
    pub enabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An account to be added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Unique in the channel: capital letters, digits, `_` and `-`.
    pub code: String,
    /// For people.
    pub name: String,
    /// What it counts.
    pub kind: AccountType,
    /// The account that gathers it.
    pub parent_id: Option<LedgerAccountId>,
}

impl NewAccount {
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if self.code.is_empty() || self.code.len() > CODE_LENGTH_MAX || !self.code.chars().all(allowed) {
            return Err(LedgerError::InvalidCode);
        }
        check_text(&self.name)
    }
}

/// Refuses an empty text and one that is too long.
pub(super) fn check_text(text: &str) -> Result<(), LedgerError> {
    if text.trim().is_empty() || text.chars().count() > TEXT_LENGTH_MAX {
        return Err(LedgerError::InvalidText);
    }
    Ok(())
}

/// What an entry is the record of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// A payment of an order by cash or a provider; the id is the payment's.
    Payment,
    /// A sale on the customer's account; the id is the payment's.
    CreditSale,
    /// Money for what was bought on account; the id is the repayment's.
    PaymentAllocation,
    /// Money given back to a customer; the id is the refund's.
    Refund,
    /// Goods bought into stock; the id is the purchase's.
    InventoryPurchase,
    /// Money for a supplier; the id is the payment's.
    SupplierPayment,
    /// What the goods of a sale cost; the id is the sale's.
    InventorySaleCogs,
    /// Goods lost; the id is the movement's.
    InventoryWriteOff,
    /// An expense; the id is the expense's.
    Expense,
    /// What a provider kept of a payment; the id is the payment's.
    ProcessorFee,
    /// Money moved between the shop's own accounts; the id is the transfer's.
    InterAccountTransfer,
    /// A difference found by counting; the id is the count's.
    VarianceAdjustment,
    /// A balance corrected by hand; the id is the correction's.
    BalanceAdjustment,
    /// An entry taken back; the id is the entry's.
    Reversal,
}

impl SourceKind {
    const ALL: [Self; 14] = [
        Self::Payment,
        Self::CreditSale,
        Self::PaymentAllocation,
        Self::Refund,
        Self::InventoryPurchase,
        Self::SupplierPayment,
        Self::InventorySaleCogs,
        Self::InventoryWriteOff,
        Self::Expense,
        Self::ProcessorFee,
        Self::InterAccountTransfer,
        Self::VarianceAdjustment,
        Self::BalanceAdjustment,
        Self::Reversal,
    ];

    /// The name that the database and clients use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "Payment",
            Self::CreditSale => "CreditSale",
            Self::PaymentAllocation => "PaymentAllocation",
            Self::Refund => "Refund",
            Self::InventoryPurchase => "InventoryPurchase",
            Self::SupplierPayment => "SupplierPayment",
            Self::InventorySaleCogs => "InventorySaleCogs",
            Self::InventoryWriteOff => "InventoryWriteOff",
            Self::Expense => "Expense",
            Self::ProcessorFee => "ProcessorFee",
            Self::InterAccountTransfer => "InterAccountTransfer",
            Self::VarianceAdjustment => "VarianceAdjustment",
            Self::BalanceAdjustment => "BalanceAdjustment",
            Self::Reversal => "Reversal",
        }
    }

    pub(super) fn parse(name: &str) -> Result<Self, DatabaseError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| DatabaseError::corrupt("source type", name))
    }

    /// Whether an administrator may reverse it by itself. What other domains booked is theirs to take back, together
    /// with what it is the record of.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::Expense | Self::InterAccountTransfer | Self::VarianceAdjustment)
    }
}

/// What an entry is the record of: its kind and its id there. A source is booked once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    /// What kind of thing it is.
    pub kind: SourceKind,
    /// Its id, unique among its kind.
    pub id: String,
}

impl Source {
    /// The thing of this kind with this id.
    #[expect(clippy::needless_pass_by_value, reason = "ids are numbers, which nobody passes by reference")]
    pub fn new(kind: SourceKind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }
}

/// Who owes or is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// A buyer.
    Customer(CustomerId),
    /// A supplier, who is a customer of another role.
    Supplier(CustomerId),
}

impl Party {
    /// The name of its role that the database uses.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Supplier(_) => "supplier",
        }
    }

    /// Who it is.
    pub fn id(self) -> CustomerId {
        match self {
            Self::Customer(id) | Self::Supplier(id) => id,
        }
    }

    /// Another one in the same role.
    #[must_use]
    pub fn with(self, id: CustomerId) -> Self {
        match self {
            Self::Customer(_) => Self::Customer(id),
            Self::Supplier(_) => Self::Supplier(id),
        }
    }

    pub(super) fn parse(kind: Option<&str>, id: Option<CustomerId>) -> Result<Option<Self>, DatabaseError> {
        match (kind, id) {
            (None, None) => Ok(None),
            (Some("customer"), Some(id)) => Ok(Some(Self::Customer(id))),
            (Some("supplier"), Some(id)) => Ok(Some(Self::Supplier(id))),
            (kind, _) => Err(DatabaseError::corrupt("party", kind.unwrap_or("an id without a kind"))),
        }
    }
}

/// What a posting is about, beside its accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    /// Who owes or is owed.
    pub party: Option<Party>,
    /// The order.
    pub order: Option<OrderId>,
    /// The cashier's session.
    pub session: Option<i64>,
}

/// One amount on its way from an account to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The account that is debited.
    pub debit: AccountCode,
    /// The account that is credited.
    pub credit: AccountCode,
    /// Minor units, more than zero.
    pub amount: i64,
    /// What it is about.
    pub tags: Tags,
}

/// An entry to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it is the record of.
    pub source: Source,
    /// The day to which it counts.
    pub date: Date,
    /// Of every amount.
    pub currency: Currency,
    /// For people.
    pub memo: String,
    /// The entry that this one takes back.
    pub reversal_of: Option<JournalEntryId>,
    /// What moves. Each leg balances by itself.
    pub legs: Vec<Leg>,
}

impl NewEntry {
    /// An entry without legs.
    pub fn new(source: Source, date: Date, currency: Currency, memo: impl Into<String>) -> Self {
        Self { source, date, currency, memo: memo.into(), reversal_of: None, legs: Vec::new() }
    }

    /// Adds an amount from one account to another; nothing when it is zero.
    ///
    /// # Errors
    /// [`LedgerError::NegativeAmount`]: whoever wants the opposite swaps the accounts.
    pub fn leg(
        mut self,
        debit: impl Into<AccountCode>,
        credit: impl Into<AccountCode>,
        amount: i64,
        tags: Tags,
    ) -> Result<Self, LedgerError> {
        if amount < 0 {
            return Err(LedgerError::NegativeAmount(amount));
        }
        if amount > 0 {
            self.legs.push(Leg { debit: debit.into(), credit: credit.into(), amount, tags });
        }
        Ok(self)
    }

    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if self.source.id.is_empty() || self.source.id.len() > CODE_LENGTH_MAX {
            return Err(LedgerError::InvalidSource);
        }
        if self.legs.iter().any(|leg| leg.debit == leg.credit) {
            return Err(LedgerError::SameAccount);
        }
        if self.memo.chars().count() > TEXT_LENGTH_MAX {
            return Err(LedgerError::InvalidText);
        }
        let mut total = 0_i64;
        for leg in &self.legs {
            if leg.amount <= 0 {
                return Err(LedgerError::NegativeAmount(leg.amount));
            }
            total = total.checked_add(leg.amount).ok_or(LedgerError::Overflow)?;
        }
        Ok(())
    }
}

/// A booked amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its id.
    pub id: JournalPostingId,
    /// The account that is debited.
    pub debit: LedgerAccountId,
    /// The account that is credited.
    pub credit: LedgerAccountId,
    /// Minor units.
    pub amount: i64,
    /// What it is about.
    pub tags: Tags,
}

/// A booked entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: JournalEntryId,
    /// What it is the record of.
    pub source: Source,
    /// The day to which it counts.
    pub date: Date,
    /// Of every amount.
    pub currency: Currency,
    /// For people.
    pub memo: String,
    /// The entry that this one takes back.
    pub reversal_of: Option<JournalEntryId>,
    /// The entry that takes this one back.
    pub reversed_by: Option<JournalEntryId>,
    /// Who booked it; the platform itself when absent.
    pub user: Option<UserId>,
    /// When it was booked.
    pub posted_at: Timestamp,
}

/// What was debited to an account and credited to it, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: LedgerAccountId,
    /// The currency.
    pub currency: Currency,
    /// Sum of all debits, minor units.
    pub debits: i64,
    /// Sum of all credits, minor units.
    pub credits: i64,
}

impl Balance {
    /// Debits less credits.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn net(self) -> Result<i64, LedgerError> {
        self.debits.checked_sub(self.credits).ok_or(LedgerError::Overflow)
    }

    /// The balance as it is read: positive on the side on which the account grows.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn amount(self, kind: AccountType) -> Result<i64, LedgerError> {
        let net = self.net()?;
        if kind.grows_by_debit() { Ok(net) } else { net.checked_neg().ok_or(LedgerError::Overflow) }
    }
}

/// A line of an account's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// The posting.
    pub posting: JournalPostingId,
    /// Its entry.
    pub entry: JournalEntryId,
    /// The day to which it counts.
    pub date: Date,
    /// What the entry is the record of.
    pub source: Source,
    /// The entry's memo.
    pub memo: String,
    /// The account on the other side.
    pub other_account: LedgerAccountId,
    /// Minor units: positive when the account is debited.
    pub amount: i64,
    /// Debits less credits of the account up to here, minor units.
    pub balance: i64,
    /// What it is about.
    pub tags: Tags,
}

/// What a party owes (above zero) or is owed (below zero) for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenItem {
    /// The order; absent for what no order takes up.
    pub order: Option<OrderId>,
    /// Minor units, never zero.
    pub amount: i64,
    /// The day since which it is open.
    pub since: Date,
}

/// Days that an account's statement covers; both ends count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

#[cfg(test)]
mod tests {
    use super::*;
    use soko_kernel::Currency;

    fn entry() -> NewEntry {
        let source = Source::new(SourceKind::Expense, 1);
        NewEntry::new(source, Date::constant(2026, 1, 1), Currency::KES, "")
    }

    #[test]
    fn refuses_what_no_book_could_hold() {
        let none = Tags::default();
        assert!(matches!(entry().leg("A", "B", -1, none), Err(LedgerError::NegativeAmount(-1))));
        let to_itself = entry().leg("A", "A", 1, none).map(|entry| entry.check());
        assert!(matches!(to_itself, Ok(Err(LedgerError::SameAccount))));
        let too_much = entry().leg("A", "B", i64::MAX, none).and_then(|entry| entry.leg("A", "B", 1, none));
        assert!(matches!(too_much.and_then(|entry| entry.check()), Err(LedgerError::Overflow)));
        assert_eq!(entry().leg("A", "B", 0, none).map(|entry| entry.legs.len()).ok(), Some(0));
    }

    #[test]
    fn reads_balances_on_the_side_on_which_the_account_grows() {
        let account = LedgerAccountId(1);
        let balance = Balance { account, currency: Currency::KES, debits: 3, credits: 10 };
        assert_eq!(balance.amount(AccountType::Asset).ok(), Some(-7));
        assert_eq!(balance.amount(AccountType::Income).ok(), Some(7));
    }
}
