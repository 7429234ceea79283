//! Why somebody was not told.

/// A reason that clients know by its name. Beside it stands a sentence for those who run the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionReason {
    /// The shop tells people only so much in so much time.
    RateLimited,
    /// The shop has used up the segments of the month.
    QuotaExceeded,
    /// What it takes is not set up: an account, a server, a key.
    NotConfigured,
    /// The recipient has no address of this kind.
    NoAddress,
    /// The recipient's address is none.
    InvalidAddress,
    /// There is too much of it to be sent.
    TooLong,
    /// The event, the recipient or the place that it was sent to is no longer there.
    Gone,
    /// Whoever was asked refused it.
    Refused,
    /// Whoever was asked could not be reached, or had no time.
    Unavailable,
    /// Nobody knows whether it was sent, so that it is not sent again by itself.
    InDoubt,
    /// A plugin said that the recipient is not to be told.
    HandlerSkipped,
    /// A plugin could not do its part.
    HandlerFailed,
}

impl ActionReason {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::NotConfigured,
        Self::NoAddress,
        Self::InvalidAddress,
        Self::TooLong,
        Self::Gone,
        Self::Refused,
        Self::Unavailable,
        Self::InDoubt,
        Self::HandlerSkipped,
        Self::HandlerFailed,
    ];

    /// The name that the database uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaExceeded => "quota_exceeded",
            Self::NotConfigured => "not_configured",
            Self::NoAddress => "no_address",
            Self::InvalidAddress => "invalid_address",
            Self::TooLong => "too_long",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::InDoubt => "in_doubt",
            Self::HandlerSkipped => "handler_skipped",
            Self::HandlerFailed => "handler_failed",
        }
    }

    /// The reason with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}
