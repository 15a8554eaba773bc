/** Acts of every kind, and the rooms in which admins want to be told. */
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

  CREATE TABLE admin_room (
    user_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
