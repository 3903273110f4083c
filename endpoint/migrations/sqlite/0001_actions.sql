-- Every version of a campaign file that was ever served, byte for byte: an action is judged by the
-- version that the supporter saw, which its `campaign_digest` names.
CREATE TABLE campaign_version (
    campaign     TEXT    NOT NULL,
    -- SHA-256 of the bytes, in base64url.
    digest       TEXT    NOT NULL,
    -- Seconds since 1970.
    first_served INTEGER NOT NULL,
    bytes        BLOB    NOT NULL,
    PRIMARY KEY (campaign, digest)
) STRICT;

-- An action is known by (campaign, jti), for ever. The table keeps its rowid: rows go in at the
-- end, whatever the identity, which random bits would otherwise scatter over the whole file.
CREATE TABLE action (
    id              INTEGER PRIMARY KEY,
    campaign        TEXT    NOT NULL,
    jti             TEXT    NOT NULL,
    -- Seconds since 1970.
    received_at     INTEGER NOT NULL,
    -- `accepted` or `recorded`.
    status          TEXT    NOT NULL,
    -- `signed` where a proof came along, else `none`.
    assurance       TEXT    NOT NULL,
    -- The version of the campaign file that the action names, and whether it was ever served.
    campaign_digest TEXT    NOT NULL,
    digest_known    INTEGER NOT NULL,
    -- Whether this row adds one to the campaign's count.
    counted         INTEGER NOT NULL,
    -- What was sent: the compact JWS, or, from the hosted form, the bare claims. Kept once, so
    -- that erasing the row erases the person.
    jws             TEXT,
    claims          TEXT,
    -- SHA-256 of the decoded payload, in base64url.
    action_digest   TEXT    NOT NULL,
    -- The signed receipt, handed out again byte for byte.
    receipt         TEXT    NOT NULL,
    CHECK ((jws IS NULL) <> (claims IS NULL))
) STRICT;

CREATE UNIQUE INDEX action_identity ON action (campaign, jti);

-- The e-mail addresses that count already, trimmed and in lower case. They stand here in the clear,
-- as they do in the action itself: a keyed hash would hide nothing, and this row goes when the
-- action goes.
CREATE TABLE counted_email (
    campaign TEXT    NOT NULL,
    email    TEXT    NOT NULL,
    action   INTEGER NOT NULL REFERENCES action (id) ON DELETE CASCADE,
    PRIMARY KEY (campaign, email)
) STRICT, WITHOUT ROWID;

-- Kept in step with `action.counted` in the same transaction, so that reading it costs one row.
CREATE TABLE campaign_count (
    campaign TEXT    PRIMARY KEY,
    count    INTEGER NOT NULL
) STRICT;
