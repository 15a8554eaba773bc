/** Whether a network accepts an account, since when, and what the admins were told of it last. */
export const accountState = `
  ALTER TABLE account ADD COLUMN state TEXT NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'refused'));
  ALTER TABLE account ADD COLUMN state_since INTEGER;
  ALTER TABLE account ADD COLUMN state_reason TEXT;
  ALTER TABLE account ADD COLUMN told_state TEXT NOT NULL DEFAULT 'accepted';
`;
