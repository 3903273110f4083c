-- The names of the keys that sign receipts, or signed earlier ones: an endpoint that lacks one of them would have
-- receipts in the database that it can't verify.
CREATE TABLE signing_key (
    kid        TEXT    PRIMARY KEY,
    -- Seconds since 1970.
    first_used INTEGER NOT NULL
) STRICT;

-- The order of an export: every index ends with the rowid. Without it, each page of an export sorted the whole campaign.
CREATE INDEX action_arrival ON action (campaign);
