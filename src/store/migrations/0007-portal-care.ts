/** Acts of every kind, and what people chose for themselves. */
export const portalCare = `
  ALTER TABLE act RENAME TO act_before;
  CREATE TABLE act (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT
  ) STRICT;
  INSERT INTO act SELECT id, at, actor, act, subject, reason FROM act_before;
  DROP TABLE act_before;

  CREATE TABLE choice (
    user_id TEXT NOT NULL,
    choice TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user_id, choice)
  ) STRICT, WITHOUT ROWID;
`;
