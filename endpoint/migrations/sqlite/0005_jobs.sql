-- Work that is to be done for a stored action after it was answered. A worker claims a job for a time, the lease; a job
-- that is done is deleted. It names its action and holds nothing of it; it is deleted with the action.
CREATE TABLE job (
    -- Never used again: number and attempts identify a claim, which may outlive its job.
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL,
    campaign    TEXT    NOT NULL,
    jti         TEXT    NOT NULL,
    -- The earliest time of the next attempt. All times are seconds since 1970.
    not_before  INTEGER NOT NULL,
    -- How often it was claimed.
    attempts    INTEGER NOT NULL DEFAULT 0,
    -- Until when it is claimed; null while it waits.
    lease_until INTEGER,
    -- When it failed for good; it stays for the operator and is never claimed again.
    died_at     INTEGER,
    last_error  TEXT
) STRICT;

CREATE INDEX job_due ON job (kind, not_before) WHERE died_at IS NULL;
CREATE INDEX job_action ON job (campaign, jti);
