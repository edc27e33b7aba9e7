-- A deployment can be followed in several channels; reactions are by people, who may share a name.

-- The channels that follow besides its own: a JSON array.
ALTER TABLE deployments ADD COLUMN also TEXT NOT NULL DEFAULT '[]';

-- Somebody deleted the message and it was posted anew: once is enough.
ALTER TABLE messages ADD COLUMN reposted INTEGER NOT NULL DEFAULT 0 CHECK (reposted IN (0, 1));

ALTER TABLE reactions RENAME TO reactions_by_name;
CREATE TABLE reactions (
    message   TEXT NOT NULL,
    emoji     TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- As shown.
    person    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, person_id)
) STRICT;
INSERT INTO reactions (message, emoji, person_id, person, at)
    SELECT message, emoji, lower(person), person, at FROM reactions_by_name ORDER BY rowid;
DROP TABLE reactions_by_name;
