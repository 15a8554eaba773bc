/** Which official an account's messages from the phone are shown as. */
export const puppets = `
  CREATE TABLE puppet (
    account_id TEXT PRIMARY KEY REFERENCES account (id),
    user_id TEXT NOT NULL,
    -- Base URL and sealed token of another homeserver; null where the second registration speaks.
    url TEXT,
    token TEXT,
    created_at INTEGER NOT NULL
  ) STRICT;
`;
