/** What admins decided: rows that they take out of the journal, and the record of every act. */
export const acts = `
  ALTER TABLE journal ADD COLUMN dropped TEXT;

  CREATE TABLE act (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL CHECK (act IN ('retry', 'drop')),
    subject TEXT NOT NULL,
    reason TEXT
  ) STRICT;
`;
