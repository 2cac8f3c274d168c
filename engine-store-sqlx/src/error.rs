//! What the databases say, as the engine's errors.

use engine_core::store::StoreError;

/// Turns an error of sqlx into one of the contract.
pub(crate) fn from_sqlx(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.into()),
        sqlx::Error::Database(database) => match database.code().as_deref().map_or(Class::Other, classify) {
            Class::Unavailable => StoreError::Unavailable(said(&**database).into()),
            Class::Full => StoreError::Full(said(&**database).into()),
            Class::Text => StoreError::Invalid("a text holds a character that the database does not take"),
            Class::Other => StoreError::Backend(said(&**database).into()),
        },
        sqlx::Error::ColumnDecode { index, .. } => StoreError::corrupt("column", index.clone(), error.to_string()),
        _ => StoreError::Backend(error.into()),
    }
}

/// What a database said, once: sqlx tells it with the line in the database's own source, and again as the source of its error.
fn said(error: &dyn sqlx::error::DatabaseError) -> String {
    match error.code() {
        Some(code) => format!("{} ({code})", error.message()),
        None => error.message().to_owned(),
    }
}

/// Turns an error of rusqlite into one of the contract.
#[cfg(feature = "sqlite")]
pub(crate) fn from_rusqlite(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error().map_or(Class::Other, |error| classify(&error.extended_code.to_string())) {
        Class::Unavailable => StoreError::Unavailable(error.into()),
        Class::Full => StoreError::Full(error.into()),
        Class::Text | Class::Other => StoreError::Backend(error.into()),
    }
}

/// No answer came in time.
pub(crate) fn timed_out() -> StoreError {
    StoreError::Unavailable("the database did not answer in time".into())
}

/// The same error for another one who waited for the same write.
pub(crate) fn again(error: &StoreError) -> StoreError {
    let text = |source: &engine_core::store::BackendError| source.to_string().into();
    match error {
        StoreError::Full(source) => StoreError::Full(text(source)),
        StoreError::Unavailable(source) => StoreError::Unavailable(text(source)),
        error => StoreError::Backend(error.to_string().into()),
    }
}

enum Class {
    Unavailable,
    Full,
    Text,
    Other,
}

/// By SQLSTATE (Postgres) or by result code (`SQLite`).
fn classify(code: &str) -> Class {
    match code {
        // disk_full; SQLITE_FULL.
        "53100" | "13" => Class::Full,
        // character_not_in_repertoire, untranslatable_character.
        "22021" | "22P05" => Class::Text,
        // serialization_failure, deadlock_detected, lock_not_available, query_canceled, read_only_sql_transaction (a demoted primary).
        "40001" | "40P01" | "55P03" | "57014" | "25006" => Class::Unavailable,
        // Connections and resources; a server that is shutting down.
        _ if code.len() == 5 && (code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")) => Class::Unavailable,
        // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_IOERR with their extended forms: the low byte counts.
        _ if code.len() < 5 && code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10)) => Class::Unavailable,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_heal_is_told_from_what_will_not() {
        let unavailable = |code| matches!(classify(code), Class::Unavailable);
        for code in ["40001", "57P01", "57014", "08006", "53300", "5", "517", "778"] {
            assert!(unavailable(code), "{code}");
        }
        for code in ["23505", "42P01", "19", "53100", "13"] {
            assert!(!unavailable(code), "{code}");
        }
        assert!(matches!(classify("53100"), Class::Full));
    }
}
