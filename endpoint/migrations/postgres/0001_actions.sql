-- The SQL of this folder and of `src/store/postgres` stays inside what CockroachDB, YugabyteDB and Citus take as well.
-- All times are seconds since 1970.

-- Every version of a campaign file that was ever served, byte for byte: an action is validated by the version that the
-- supporter saw, which its `campaign_digest` names.
CREATE TABLE campaign_version (
    campaign     TEXT   NOT NULL,
    -- SHA-256 of the bytes, in base64url.
    digest       TEXT   NOT NULL,
    first_served BIGINT NOT NULL,
    bytes        BYTEA  NOT NULL,
    PRIMARY KEY (campaign, digest)
);

-- An action is known by (campaign, jti), for ever. A withdrawn one keeps its row, with nothing but its identity: one
-- key decides for all instances who comes first, an action or its withdrawal.
CREATE TABLE action (
    campaign        TEXT    NOT NULL,
    jti             TEXT    NOT NULL,
    -- `stored` or `withdrawn`.
    state           TEXT    NOT NULL,
    -- When it arrived, or was withdrawn.
    received_at     BIGINT  NOT NULL,
    -- Whether this row adds one to the campaign's count.
    counted         BOOLEAN NOT NULL,
    -- `accepted` or `recorded`.
    status          TEXT,
    -- The version of the campaign file that the action names, and whether it was ever served.
    campaign_digest TEXT,
    digest_known    BOOLEAN,
    -- The submitted text: the compact JWS, or, from the hosted form, the bare claims.
    jws             TEXT,
    claims          TEXT,
    -- SHA-256 of the decoded payload, in base64url.
    action_digest   TEXT,
    -- The signed receipt, returned again byte for byte.
    receipt         TEXT,
    PRIMARY KEY (campaign, jti),
    CHECK (
        CASE state
            WHEN 'stored' THEN (jws IS NULL) <> (claims IS NULL) AND receipt IS NOT NULL
            ELSE NOT counted AND jws IS NULL AND claims IS NULL AND receipt IS NULL
        END
    )
);

-- The order of an export.
CREATE INDEX action_arrival ON action (campaign, received_at, jti);

-- The count of a campaign is the sum of its rows. Each connection that writes has a slot of its own: the row stays
-- locked until its commit is durable, and with one row for all, they would wait for each other.
CREATE TABLE campaign_count (
    campaign TEXT     NOT NULL,
    slot     SMALLINT NOT NULL,
    count    BIGINT   NOT NULL,
    PRIMARY KEY (campaign, slot)
);

-- Work for a stored action after its answer. A worker claims a job for a time, the lease; a finished job is deleted. It
-- holds the identity of its action and no text.
CREATE TABLE job (
    -- Random, and never used again: number and attempts identify a claim, which may outlive its job.
    id          BIGINT   PRIMARY KEY,
    kind        TEXT     NOT NULL,
    campaign    TEXT     NOT NULL,
    jti         TEXT     NOT NULL,
    -- The earliest time of the next attempt.
    not_before  BIGINT   NOT NULL,
    -- How often it was claimed.
    attempts    BIGINT   NOT NULL DEFAULT 0,
    -- Until when it is claimed; null while it waits.
    lease_until BIGINT,
    -- When it failed for good; it stays for the operator and is never claimed again.
    died_at     BIGINT,
    last_error  TEXT
);

CREATE INDEX job_due ON job (kind, not_before) WHERE died_at IS NULL;
CREATE INDEX job_action ON job (campaign, jti);

-- Written when nothing else was for a while: only a commit shows whether anything can be stored.
CREATE TABLE sign_of_life (
    slot  SMALLINT PRIMARY KEY,
    count BIGINT   NOT NULL
);

-- The names of the keys that sign receipts, or signed earlier ones: all endpoints on one database must have them all.
CREATE TABLE signing_key (
    kid        TEXT   PRIMARY KEY,
    first_used BIGINT NOT NULL
);
