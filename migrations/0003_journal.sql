-- What holds for the whole house: freezes people have set, covers of rotations, proofs that somebody was reached.

-- Rulings, linked as events are. Rows are only ever added.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY NOT NULL CHECK (seq >= 1),
    at      INTEGER NOT NULL,
    by_id   TEXT NOT NULL,
    by_name TEXT NOT NULL,
    via     TEXT NOT NULL,
    body    TEXT NOT NULL,
    -- The hash of the row before it (zeroes for the first), and its own.
    prev    BLOB NOT NULL CHECK (length(prev) = 32),
    hash    BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'rulings are only ever added'); END;
CREATE TRIGGER journal_is_not_removed BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'rulings are only ever added'); END;
-- Replacing a row fires no delete trigger.
CREATE TRIGGER journal_is_not_replaced BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'event taken'); END;

-- How far the journal goes: the last number and its link, so that one cut short is noticed.
INSERT INTO meta (key, value)
VALUES ('journal', '0 0000000000000000000000000000000000000000000000000000000000000000');
