/** Accounts, portals, ghosts, the journal of both directions, the parts of messages, reactions. */
export const foundation = `
  CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;

  CREATE TABLE account (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    display_name TEXT NOT NULL,
    credentials TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE adapter_state (
    account_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account_id, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE portal (
    id INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    chat_id TEXT NOT NULL,
    room_id TEXT UNIQUE,
    name TEXT NOT NULL,
    last_activity_at INTEGER NOT NULL,
    compared_up_to TEXT,
    UNIQUE (account_id, chat_id)
  ) STRICT;
  CREATE INDEX portal_activity ON portal (last_activity_at);

  CREATE TABLE ghost (
    network TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    user_id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    PRIMARY KEY (network, contact_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    dedupe_key TEXT NOT NULL,
    lane TEXT NOT NULL,
    payload TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'done', 'failed', 'quarantined')),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER,
    last_error TEXT,
    received_at INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (direction, dedupe_key)
  ) STRICT;
  CREATE INDEX journal_lane ON journal (lane, id) WHERE state IN ('waiting', 'parked');
  CREATE INDEX journal_attention ON journal (state, id) WHERE state IN ('waiting', 'parked', 'quarantined');

  CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    journal_id INTEGER NOT NULL REFERENCES journal (id),
    number INTEGER NOT NULL,
    portal_id INTEGER NOT NULL REFERENCES portal (id),
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    kind TEXT NOT NULL CHECK (kind IN ('message', 'reaction')),
    author TEXT NOT NULL,
    state TEXT NOT NULL,
    send_key TEXT UNIQUE,
    remote_id TEXT,
    event_id TEXT,
    progress TEXT,
    reason TEXT,
    updated_at INTEGER NOT NULL,
    UNIQUE (journal_id, number)
  ) STRICT;
  CREATE INDEX part_remote ON part (portal_id, remote_id);
  CREATE INDEX part_event ON part (event_id);
  CREATE INDEX part_unsettled ON part (state, id) WHERE state IN ('pending', 'sending', 'uncertain', 'failed');
  CREATE INDEX part_progress ON part (id) WHERE progress IS NOT NULL;
  CREATE INDEX part_latest ON part (portal_id, direction, id);

  CREATE TABLE reaction (
    id INTEGER PRIMARY KEY,
    portal_id INTEGER NOT NULL REFERENCES portal (id),
    part_id INTEGER NOT NULL REFERENCES part (id),
    author TEXT NOT NULL,
    emoji TEXT NOT NULL,
    event_id TEXT NOT NULL UNIQUE,
    UNIQUE (part_id, author)
  ) STRICT;
`;
