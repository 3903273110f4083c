-- One row, written when nothing else was for a while: only a commit shows whether anything can be kept.
CREATE TABLE sign_of_life (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
) STRICT;
