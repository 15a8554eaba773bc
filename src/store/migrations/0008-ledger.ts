/** The ledger's entries, sealed, and the epochs whose keys seal them; who is in a chat; which entry a journal row is. */
export const ledger = `
  CREATE TABLE epoch (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    wrapped_key TEXT NOT NULL,
    began_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE entry (
    number INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event_id TEXT,
    epoch_id INTEGER NOT NULL REFERENCES epoch (id),
    leaf BLOB NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (portal_id, seq)
  ) STRICT;
  CREATE INDEX entry_event ON entry (event_id) WHERE event_id IS NOT NULL;

  CREATE TABLE portal_person (
    person TEXT NOT NULL,
    portal_id INTEGER NOT NULL,
    PRIMARY KEY (person, portal_id)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE portal ADD COLUMN people TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE journal ADD COLUMN entry INTEGER;
`;
