//! How the use cases of the books are refused.

use jiff::civil::Date;
use soko_infra::DatabaseError;
use soko_infra::db::ListError;
use soko_kernel::query::InvalidListQuery;
use soko_kernel::{ErrorKind, Forbidden, JournalEntryId, LedgerAccountId};

use super::entity::{CODE_LENGTH_MAX, TEXT_LENGTH_MAX};
use crate::channels::ChannelError;

/// Why an operation on the books failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The channel has no account with this code.
    #[error("there is no account with the code {0}")]
    UnknownAccountCode(String),
    /// The channel has no account with this id.
    #[error("there is no account with the id {0}")]
    UnknownAccount(LedgerAccountId),
    /// The account gathers others or is out of use.
    #[error("the account {0} takes no postings")]
    AccountTakesNone(String),
    /// Another account of the channel has the code.
    #[error("another account has this code")]
    CodeInUse,
    /// An account that gathers others was needed.
    #[error("the account {0} does not gather others")]
    NoParent(LedgerAccountId),
    /// The account's type is not its parent's.
    #[error("an account is of its parent's type")]
    TypeDiffers,
    /// A malformed code.
    #[error("a code has 1 to {CODE_LENGTH_MAX} capital letters, digits, `_` or `-`")]
    InvalidCode,
    /// An empty or overlong text.
    #[error("a name or reason must have 1 to {TEXT_LENGTH_MAX} characters")]
    InvalidText,
    /// A source without an id, or with one that is too long.
    #[error("the id of what is booked must have 1 to {CODE_LENGTH_MAX} bytes")]
    InvalidSource,
    /// An amount below zero.
    #[error("an amount that is booked is more than zero, not {0}")]
    NegativeAmount(i64),
    /// From an account to itself.
    #[error("an amount goes from one account to another")]
    SameAccount,
    /// Accounts between which money cannot be moved.
    #[error("money is moved between accounts of cash, and between other accounts by what happened")]
    NotCash,
    /// The sum does not fit into 64 bits.
    #[error("the amounts are too large")]
    Overflow,
    /// The day is closed.
    #[error("the books are closed through {through}; nothing can be booked for {date}")]
    PeriodClosed {
        /// The day of the entry.
        date: Date,
        /// The last closed day.
        through: Date,
    },
    /// Only days that are over can be closed, and only later ones than before.
    #[error("the books can be closed through a day that is over and later than {0}")]
    InvalidClosing(String),
    /// A period that ends before it begins.
    #[error("a period ends on its first day or later")]
    InvalidPeriod,
    /// The source was booked before, otherwise.
    #[error("{kind} {id} was booked before, with other amounts")]
    BookedOtherwise {
        /// Kind of the source.
        kind: &'static str,
        /// Id of the source.
        id: String,
    },
    /// Nothing was booked for this source on anybody's account.
    #[error("nothing is booked for {kind} {id} on anybody's account")]
    UnknownSource {
        /// Kind of the source.
        kind: &'static str,
        /// Id of the source.
        id: String,
    },
    /// The channel has no entry with this id.
    #[error("there is no journal entry with the id {0}")]
    UnknownEntry(JournalEntryId),
    /// The entry was reversed before, or is a reversal.
    #[error("the entry {0} is reversed already, or is a reversal itself")]
    AlreadyReversed(JournalEntryId),
    /// The entry is another domain's to take back.
    #[error("{0} entries are taken back with what they are the record of, not by themselves")]
    NotAlone(&'static str),
    /// The channel's time zone is not known.
    #[error("the channel's time zone is not known: {0}")]
    TimeZone(String),
    /// A list that cannot be read as asked.
    #[error(transparent)]
    Query(#[from] InvalidListQuery),
    /// The actor may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Database(DatabaseError),
    /// A channel could not be looked up.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl LedgerError {
    /// The kind that clients can tell apart.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownAccountCode(_)
            | Self::UnknownAccount(_)
            | Self::UnknownSource { .. }
            | Self::UnknownEntry(_) => ErrorKind::NotFound,
            Self::AccountTakesNone(_)
            | Self::CodeInUse
            | Self::PeriodClosed { .. }
            | Self::BookedOtherwise { .. }
            | Self::AlreadyReversed(_)
            | Self::NotAlone(_) => ErrorKind::Conflict,
            Self::NoParent(_)
            | Self::TypeDiffers
            | Self::InvalidCode
            | Self::InvalidText
            | Self::InvalidSource
            | Self::NegativeAmount(_)
            | Self::SameAccount
            | Self::NotCash
            | Self::Overflow
            | Self::InvalidClosing(_)
            | Self::InvalidPeriod
            | Self::TimeZone(_)
            | Self::Query(_) => ErrorKind::InvalidInput,
            Self::Forbidden(forbidden) => forbidden.kind(),
            Self::Database(error) => error.kind(),
            Self::Channel(error) => error.kind(),
        }
    }
}

impl From<DatabaseError> for LedgerError {
    fn from(error: DatabaseError) -> Self {
        if error.is_unique_violation("ledger_account", &["channel_id", "code"]) {
            Self::CodeInUse
        } else {
            Self::Database(error)
        }
    }
}

impl From<ListError> for LedgerError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Query(error) => Self::Query(error),
            ListError::Database(error) => error.into(),
        }
    }
}
