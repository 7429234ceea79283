//! What mutations of plugins answer with: what came of them, or one of the refusals that the operation can expect.
//!
//! Every refusal of the plugins domain has one place in [`Refusal`]; each union takes from there what its operation
//! may answer with, and anything else is an error.

use async_graphql::{Enum, SimpleObject, Union};
use soko_domain::plugins::{ConfigProblem, PluginError};
use soko_extension::Rejection;

use super::plugin::{PluginBinding, PluginUpload};
use super::refusals::{
    NothingToRollBackError, PluginAlreadyBoundError, PluginConfigError, PluginLimitError,
    PluginRejectedError, PluginVersionConflictError,
};
use crate::error::{ApiError, ApiResult};
use crate::shared::refusals::Refused as _;

/// Which check a component did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PluginRejectionReason")]
pub enum PluginRejectionReason {
    /// It has more bytes than the channel may upload.
    #[graphql(name = "TOO_LARGE")]
    TooLarge,
    /// It is no WebAssembly component.
    #[graphql(name = "NOT_A_COMPONENT")]
    NotAComponent,
    /// It is of a world that the core does not host.
    #[graphql(name = "WRONG_WORLD")]
    WrongWorld,
    /// It imports what its kind may not use.
    #[graphql(name = "FORBIDDEN_IMPORTS")]
    ForbiddenImports,
    /// It could not be compiled.
    #[graphql(name = "COMPILE")]
    Compile,
    /// Its description is not acceptable.
    #[graphql(name = "MANIFEST")]
    Manifest,
    /// Its trial run failed.
    #[graphql(name = "SMOKE_RUN")]
    SmokeRun,
    /// The stored plugin of its name is of another kind.
    #[graphql(name = "KIND_DIFFERS")]
    KindDiffers,
}

/// One place where a configuration breaks its schema.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "PluginConfigProblem")]
pub struct PluginConfigProblem {
    /// JSON pointer to the offending value; empty for the whole document.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl From<ConfigProblem> for PluginConfigProblem {
    fn from(problem: ConfigProblem) -> Self {
        Self { path: problem.path, message: problem.message }
    }
}

/// Declares the expected refusals, and the unions of a result and some of them.
macro_rules! plugin_results {
    (
        refusals { $($refusal:ident),* $(,)? }
        $($(#[$doc:meta])* $name:ident = $done:ident $(| $member:ident)*;)*
    ) => {
        /// A refusal of the plugins domain that operations expect.
        enum Refusal {
            $($refusal($refusal),)*
        }

        $(
            $(#[$doc])*
            #[derive(Union)]
            #[graphql(name_type)]
            pub enum $name {
                /// What came of it.
                $done(Box<$done>),
                $(
                    $member($member),
                )*
            }

            impl async_graphql::TypeName for $name {
                fn type_name() -> std::borrow::Cow<'static, str> {
                    std::borrow::Cow::Borrowed(stringify!($name))
                }
            }

            impl $name {
                /// The answer of an operation that came to this.
                ///
                /// # Errors
                /// What the operation does not expect.
                pub(super) fn of<T>(outcome: Result<T, PluginError>) -> ApiResult<Self>
                where
                    $done: TryFrom<T, Error = ApiError>,
                {
                    let error = match outcome {
                        Ok(done) => return Ok(Self::$done(Box::new($done::try_from(done)?))),
                        Err(error) => error,
                    };
                    let (kind, message) = (error.kind(), error.to_string());
                    match Refusal::of(error)? {
                        $(Refusal::$member(refusal) => Ok(Self::$member(refusal)),)*
                        _ => Err(ApiError::new(kind, message)),
                    }
                }
            }
        )*
    };
}

plugin_results! {
    refusals {
        NothingToRollBackError, PluginAlreadyBoundError, PluginConfigError, PluginLimitError, PluginRejectedError,
        PluginVersionConflictError,
    }

    /// The stored version, or why it was not stored.
    UploadPluginResult = PluginUpload | PluginRejectedError | PluginVersionConflictError | PluginLimitError;
    /// The new binding, or why there is none.
    BindPluginResult = PluginBinding | PluginConfigError | PluginAlreadyBoundError | PluginLimitError;
    /// The changed binding, or why it did not change.
    UpdatePluginBindingResult = PluginBinding | PluginConfigError | PluginVersionConflictError | PluginLimitError;
    /// The binding as it was before its last change, or why it stays.
    RollbackPluginResult = PluginBinding | NothingToRollBackError;
}

impl Refusal {
    /// The refusal that an error of the domain stands for.
    ///
    /// # Errors
    /// What is no expected refusal of any operation.
    fn of(error: PluginError) -> ApiResult<Self> {
        let message = error.to_string();
        Ok(match error {
            PluginError::Rejected(Rejection::Host(_)) => return Err(error.into()),
            PluginError::Rejected(rejection) => Self::rejected(reason(&rejection), message),
            PluginError::KindDiffers { .. } => Self::rejected(PluginRejectionReason::KindDiffers, message),
            PluginError::VersionInUse { .. } | PluginError::ChangedMeanwhile => {
                Self::PluginVersionConflictError(PluginVersionConflictError::new().because(message))
            }
            PluginError::TooManyPlugins(limit)
            | PluginError::TooManyVersions(limit)
            | PluginError::TooManyBindings(limit) => {
                Self::PluginLimitError(PluginLimitError::new(limit).because(message))
            }
            PluginError::AlreadyBound => {
                Self::PluginAlreadyBoundError(PluginAlreadyBoundError::new().because(message))
            }
            PluginError::NothingToRollBack => {
                Self::NothingToRollBackError(NothingToRollBackError::new().because(message))
            }
            PluginError::InvalidConfig(problems) => {
                let problems = problems.into_iter().map(PluginConfigProblem::from).collect();
                Self::PluginConfigError(PluginConfigError::new(problems).because(message))
            }
            PluginError::NotWanted(what) => {
                let path = "/grants".to_owned();
                let problem =
                    PluginConfigProblem { path, message: format!("the plugin does not want {what}") };
                Self::PluginConfigError(PluginConfigError::new(vec![problem]).because(message))
            }
            PluginError::ConfigTooLarge { .. }
            | PluginError::ConfigTooComplex
            | PluginError::ConfigNotJson(_) => {
                Self::PluginConfigError(PluginConfigError::new(Vec::new()).because(message))
            }
            unexpected => return Err(unexpected.into()),
        })
    }

    fn rejected(reason: PluginRejectionReason, message: String) -> Self {
        Self::PluginRejectedError(PluginRejectedError::new(reason).because(message))
    }
}

fn reason(rejection: &Rejection) -> PluginRejectionReason {
    match rejection {
        Rejection::TooLarge { .. } => PluginRejectionReason::TooLarge,
        Rejection::NotAComponent(_) => PluginRejectionReason::NotAComponent,
        Rejection::WrongWorld(_) => PluginRejectionReason::WrongWorld,
        Rejection::ForbiddenImports { .. } => PluginRejectionReason::ForbiddenImports,
        Rejection::Manifest(_) => PluginRejectionReason::Manifest,
        Rejection::SmokeRun(_) => PluginRejectionReason::SmokeRun,
        Rejection::Compile(_) | Rejection::Host(_) => PluginRejectionReason::Compile,
    }
}
