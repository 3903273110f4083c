-- The names of the keys that sign receipts, or signed earlier ones: an endpoint that lacks one of them would have
-- receipts in the database that it can't verify.
CREATE TABLE signing_key (
    kid        TEXT    PRIMARY KEY,
    -- Seconds since 1970.
    first_used INTEGER NOT NULL
) STRICT;
