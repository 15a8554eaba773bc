/** Which entries of the ledger were destroyed lawfully, so that it can be done again without anybody's key. */
export const disposals = `
  CREATE TABLE disposal (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    ranges TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
