/** What happened and is not sealed yet, as many together as were committed together. Entries have a file of their own. */
export const unsealed = `
  CREATE TABLE unsealed (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    happenings TEXT NOT NULL
  ) STRICT;
`;
