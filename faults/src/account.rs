//! Comparison of acknowledged actions with those that the endpoint has: is any lost, is any stored twice?

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use standwith::envelope;
use standwith::json;
use standwith_testkit::signer::digest;

use crate::driver::Journal;

/// Result of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Number of different actions acknowledged.
    pub acknowledged: u64,
    /// Number of actions that the endpoint has.
    pub kept: u64,
    /// Acknowledged, but missing.
    pub lost: u64,
    /// Stored more than once, accepted as new more than once, or counted more than once.
    pub twice: u64,
    /// Stored with a payload or receipt other than acknowledged, or acknowledged with more than one receipt.
    pub altered: u64,
    /// Stored, but never sent.
    pub strange: u64,
    /// Difference between the count and the number of stored actions.
    pub miscounted: u64,
}

impl Account {
    /// Compares with an export (a line of JSON for each action) and the endpoint's count. It assumes that there were no
    /// other senders.
    ///
    /// # Errors
    /// The export can't be read, or a line of it is not an action.
    pub fn of(journal: &Journal, export: &Path, count: i64) -> Result<Self> {
        let (acknowledged, counts) = (journal.acknowledged(), journal.counts());
        let mut account = Account {
            acknowledged: acknowledged.len() as u64,
            twice: counts.new_twice,
            altered: counts.other_receipts,
            ..Account::default()
        };
        let mut seen = HashSet::new();
        for line in BufReader::new(File::open(export)?).lines() {
            let row = Row::read(&line?).context("a line of the export is not an action")?;
            account.kept += 1;
            match journal.find(&row.jti) {
                None => account.strange += 1,
                Some(Some(known)) if known.digest != row.digest || known.receipt != row.receipt => {
                    account.altered += 1;
                }
                // Stored, but the answer never came: the sender does not know, and may send it again.
                Some(_) => {}
            }
            if !seen.insert(row.jti) {
                account.twice += 1;
            }
        }
        let lost = acknowledged.iter().filter(|known| !seen.contains(&known.identity.jti));
        account.lost = lost.count() as u64;
        account.miscounted = count.abs_diff(i64::try_from(account.kept)?);
        Ok(account)
    }

    /// Whether everything is as required.
    pub fn is_clean(&self) -> bool {
        let Account { lost, twice, altered, strange, miscounted, .. } = self;
        [lost, twice, altered, strange, miscounted].into_iter().all(|number| *number == 0)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("actions acknowledged", self.acknowledged),
            ("actions kept", self.kept),
            ("acknowledged and lost", self.lost),
            ("twice", self.twice),
            ("altered", self.altered),
            ("never sent", self.strange),
            ("count wrong by", self.miscounted),
        ];
        rows.into_iter().try_for_each(|(what, number)| writeln!(out, "{what:<36} {number:>10}"))
    }
}

/// An action of an export.
struct Row {
    jti: String,
    digest: String,
    receipt: String,
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        let json = json::parse(line).ok()?;
        let payload = json.get("action")?.text()?.split('.').nth(1).and_then(envelope::decode)?;
        Some(Row {
            jti: json.get("claims")?.get("jti")?.text()?.to_owned(),
            digest: digest(&payload),
            receipt: digest(json.get("receipt")?.text()?.as_bytes()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use standwith::envelope::encode;

    use super::*;
    use crate::supporter::{Identity, Signed};

    /// An action with this payload, as it would be sent.
    fn action(payload: &str) -> Signed {
        let identity = Identity { jti: payload.to_owned(), iat: 0 };
        let jws = format!("header.{}.signature", encode(payload.as_bytes()));
        Signed { identity, digest: digest(payload.as_bytes()), jws }
    }

    /// Comparison for actions `a` and `b`, acknowledged, and `c`, unanswered, where these are stored: `jti`, payload
    /// and receipt.
    fn account(kept: &[[&str; 3]], count: i64) -> Account {
        let journal = Journal::default();
        for payload in ["a", "b", "c"] {
            journal.sending(&action(payload));
        }
        for payload in ["a", "b"] {
            journal.heard(&action(payload), "a receipt", true);
            journal.heard(&action(payload), "a receipt", false);
        }
        let mut export = String::new();
        for [jti, payload, receipt] in kept {
            let jws = action(payload).jws;
            writeln!(
                export,
                r#"{{"action":"{jws}","receipt":"{receipt}","claims":{{"jti":"{jti}"}}}}"#
            )
            .unwrap();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), export).unwrap();
        Account::of(&journal, file.path(), count).unwrap()
    }

    #[test]
    fn every_fault_is_found() {
        let row = |name| [name, name, "a receipt"];
        let clean = account(&[row("a"), row("b")], 2);
        assert_eq!(clean, Account { acknowledged: 2, kept: 2, ..Account::default() });
        assert!(clean.is_clean());
        // It was not acknowledged, but it may be stored.
        assert!(account(&[row("a"), row("b"), row("c")], 3).is_clean());
        for (kept, count, lost, twice, altered, strange, miscounted) in [
            (&[row("a")][..], 1, 1, 0, 0, 0, 0),
            (&[], 0, 2, 0, 0, 0, 0),
            (&[row("a"), row("b"), row("a")], 3, 0, 1, 0, 0, 0),
            (&[row("a"), ["b", "x", "a receipt"]], 2, 0, 0, 1, 0, 0),
            (&[row("a"), ["b", "b", "another"]], 2, 0, 0, 1, 0, 0),
            (&[row("a"), row("b"), row("d")], 3, 0, 0, 0, 1, 0),
            (&[row("a"), row("b")], 3, 0, 0, 0, 0, 1),
        ] {
            let found = account(kept, count);
            let expected = Account {
                acknowledged: 2,
                kept: kept.len() as u64,
                lost,
                twice,
                altered,
                strange,
                miscounted,
            };
            assert_eq!(found, expected);
            assert!(!found.is_clean());
        }
    }

    #[test]
    fn what_is_answered_differently_is_found() {
        let (journal, action) = (Journal::default(), action("a"));
        journal.heard(&action, "a receipt", false);
        journal.heard(&action, "a receipt", true);
        assert_eq!((journal.counts().new_twice, journal.counts().other_receipts), (0, 0));
        journal.heard(&action, "a receipt", true);
        journal.heard(&action, "another", false);
        assert_eq!((journal.counts().new_twice, journal.counts().other_receipts), (1, 1));
    }
}
