//! What SQLite's errors mean to a caller of the store.

use rusqlite::ErrorCode;

use crate::StoreError;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match &error {
            E::FromSqlConversionFailure(..) | E::IntegralValueOutOfRange(..) | E::InvalidColumnType(..) => {
                Self::Corrupt { what: "row", reason: error.to_string() }
            }
            E::SqliteFailure(failure, _) => match failure.code {
                ErrorCode::DiskFull => Self::Full,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    Self::Corrupt { what: "database page", reason: error.to_string() }
                }
                _ => Self::unavailable(error),
            },
            _ => Self::unavailable(error),
        }
    }
}

impl StoreError {
    #[expect(clippy::needless_pass_by_value, reason = "made to be handed to `map_err`")]
    pub(super) fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "made to be handed to `map_err`")]
    pub(super) fn corrupt(what: &'static str, reason: impl ToString) -> Self {
        Self::Corrupt { what, reason: reason.to_string() }
    }

    /// Whether a verb said no before it had written anything, so that the rest of its batch is none the worse.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::StaleLease | Self::TooLarge { .. })
    }

    /// Whether the disk is in trouble, so that trying the commands of a batch one by one would change nothing.
    pub(super) fn is_trouble(&self) -> bool {
        matches!(self, Self::Full | Self::Unavailable { .. })
    }

    /// The same error for the next command of the batch.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::StaleLease => Self::StaleLease,
            Self::TooLarge { changes, bytes } => Self::TooLarge { changes: *changes, bytes: *bytes },
            Self::InUse { path } => Self::InUse { path: path.clone() },
            Self::Newer { found, known } => Self::Newer { found: *found, known: *known },
            Self::Older { found, known } => Self::Older { found: *found, known: *known },
            Self::Full => Self::Full,
            Self::Unavailable { reason } => Self::Unavailable { reason: reason.clone() },
            Self::Corrupt { what, reason } => Self::Corrupt { what, reason: reason.clone() },
        }
    }
}
