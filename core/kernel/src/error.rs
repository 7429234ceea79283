//! What kind of thing went wrong, for whoever must answer the client.

/// The few kinds that clients can tell apart. Every domain's error maps to one of these in its `kind()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input breaks a rule that its sender could know.
    InvalidInput,
    /// There is no such thing in this channel.
    NotFound,
    /// Nobody is logged in, or the session has ended.
    Unauthenticated,
    /// Somebody is logged in and may not do this.
    Forbidden,
    /// The thing changed meanwhile, or is in a state that does not allow it.
    Conflict,
    /// Too much work is waiting; the same request may succeed later.
    Overloaded,
    /// It is not known whether it was done: the client looks before it tries again.
    OutcomeUnknown,
    /// A fault of the server. Its message is logged and never shown.
    Internal,
}

impl ErrorKind {
    /// The stable code in `extensions.code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidInput => "INVALID_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::Conflict => "CONFLICT",
            Self::Overloaded => "OVERLOADED",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }
}
