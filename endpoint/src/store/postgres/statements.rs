//! A test of every statement: whether the databases that speak PostgreSQL's protocol take it.

use std::collections::BTreeSet;

/// The sources with SQL.
const SOURCES: [&str; 7] = [
    include_str!("connect.rs"),
    include_str!("export.rs"),
    include_str!("jobs.rs"),
    include_str!("mod.rs"),
    include_str!("rows.rs"),
    include_str!("transitions.rs"),
    include_str!("writing.rs"),
];
/// The schema.
const SCHEMA: [&str; 1] = [include_str!("../../../migrations/postgres/0001_actions.sql")];

/// The words of SQL that CockroachDB, YugabyteDB and Citus take, in the way in which they are used here:
///
/// - `FOR UPDATE` only for one row by its whole key, or with `SKIP LOCKED` (Citus: one shard; CockroachDB since 22.2);
/// - `ON CONFLICT` with the columns of a primary key (Citus: they hold the distribution column);
/// - `UNNEST` of several arrays in FROM;
/// - no advisory locks, LISTEN, COPY, cursors, sequences, foreign keys, triggers, temporary tables.
const KNOWN: &str = "
    ALL AND ANY AS BEGIN BY CASE CAST CHECK COALESCE CONFLICT COUNT DEFAULT DELETE DESC DO ELSE END EXISTS FALSE FOR
    COMMIT FROM GROUP HAVING IN INSERT INTO IS ISOLATION KEY LEVEL LIMIT LOCAL LOCKED MAX NOT NOTHING NULL ON ONLY OR ORDER
    PRIMARY READ RETURNING SELECT SET SKIP SUM THEN UNION UNNEST UPDATE VALUES WHEN WHERE
    COMMITTED REPEATABLE ROLLBACK SERIALIZABLE
    BIGINT BOOLEAN BYTEA SMALLINT TEXT
    CREATE INDEX TABLE";

/// Statements that only tune or tidy, and may fail: see `connect::tune` and `erase_deleted`.
const OPTIONAL: [&str; 2] = ["ALTER TABLE", "VACUUM"];

/// The string literals of a source that begin like a statement.
fn statements(source: &str) -> Vec<String> {
    let starts = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "BEGIN", "ALTER ", "VACUUM", "SET "];
    let literals = source.split('"').skip(1).step_by(2);
    let statements = literals.filter(|text| starts.iter().any(|start| text.starts_with(start)));
    statements.map(str::to_owned).collect()
}

/// The words in capitals.
fn words(sql: &str) -> BTreeSet<String> {
    let sql: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or("")).collect();
    let sql = sql.join("\n");
    let words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let capitals = words.filter(|word| word.chars().any(|c| c.is_ascii_uppercase()));
    capitals.map(str::to_owned).collect()
}

#[test]
fn every_statement_stays_inside_what_all_databases_take() {
    let known: BTreeSet<String> = KNOWN.split_whitespace().map(str::to_owned).collect();
    let all: Vec<String> = SOURCES.iter().flat_map(|source| statements(source)).collect();
    assert!(all.len() > 25, "only {} statements were found", all.len());
    let needed = all.iter().filter(|sql| !OPTIONAL.iter().any(|start| sql.starts_with(start)));
    for sql in needed.map(String::as_str).chain(SCHEMA) {
        let unknown: Vec<_> = words(sql).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?} in:\n{sql}");
        assert!(!sql.contains("FOR UPDATE") || is_lock_known(sql), "{sql}");
        assert!(!sql.contains("jsonb") && !sql.contains("pg_advisory"), "{sql}");
    }
}

/// Whether rows are locked in one of the two ways that all take.
fn is_lock_known(sql: &str) -> bool {
    sql.contains("FOR UPDATE SKIP LOCKED") || sql.contains("campaign = $1 AND jti = $2 FOR UPDATE")
}

#[test]
fn words_outside_the_list_are_found() {
    let known: BTreeSet<String> = KNOWN.split_whitespace().map(str::to_owned).collect();
    for sql in ["LISTEN standwith", "LOCK TABLE action", "id BIGSERIAL", "a REFERENCES b (c)"] {
        assert!(!words(sql).is_subset(&known), "{sql}");
    }
    assert!(!is_lock_known("SELECT 1 FROM action FOR UPDATE"));
}
