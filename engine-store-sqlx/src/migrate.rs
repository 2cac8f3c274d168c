//! Which changes to the schema are missing. They are part of the program, are numbered without gaps, and never change once released.

use engine_core::store::StoreError;
use sha2::{Digest, Sha256};

/// A change to the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i32,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// Tells whether a database was made by the same statements.
    pub(crate) fn checksum(&self) -> Vec<u8> {
        Sha256::digest(self.sql).to_vec()
    }
}

/// The changes that a database still needs, given those that it has.
pub(crate) fn missing<'a>(known: &'a [Migration], applied: &[(i32, Vec<u8>)]) -> Result<&'a [Migration], StoreError> {
    for (version, checksum) in applied {
        match known.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(refuse(format!(
                    "the schema has version {version}, and this engine knows versions up to {}: use a newer engine",
                    known.len()
                )));
            }
            Some(migration) if migration.checksum() != *checksum => {
                return Err(refuse(format!("version {version} of the schema ({}) was made by other statements than this engine's", migration.name)));
            }
            Some(_) => {}
        }
    }
    known.get(applied.len()..).ok_or_else(|| refuse("the list of schema versions has gaps".to_owned()))
}

fn refuse(reason: String) -> StoreError {
    StoreError::Backend(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Migration; 2] = [Migration { version: 1, name: "a", sql: "1" }, Migration { version: 2, name: "b", sql: "2" }];

    fn check(applied: &[(i32, &str)], expect: Result<usize, &str>) {
        let applied: Vec<_> = applied.iter().map(|(version, sql)| (*version, Sha256::digest(sql).to_vec())).collect();
        match (missing(&KNOWN, &applied), expect) {
            (Ok(missing), Ok(count)) => assert_eq!(missing.len(), count),
            (Err(StoreError::Backend(error)), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn only_what_is_missing_is_applied_and_what_is_unknown_is_refused() {
        check(&[], Ok(2));
        check(&[(1, "1")], Ok(1));
        check(&[(1, "1"), (2, "2")], Ok(0));
        check(&[(1, "1"), (2, "2"), (3, "3")], Err("use a newer engine"));
        check(&[(1, "x")], Err("other statements"));
    }
}
