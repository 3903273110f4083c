-- Identities of actions that were withdrawn: nothing of the action is left, and its identity stays used for ever, so
-- that a copy that is sent later is not taken again.
CREATE TABLE withdrawal (
    campaign     TEXT    NOT NULL,
    jti          TEXT    NOT NULL,
    -- Seconds since 1970.
    withdrawn_at INTEGER NOT NULL,
    PRIMARY KEY (campaign, jti)
) STRICT, WITHOUT ROWID;
