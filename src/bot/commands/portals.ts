import type { Command } from '../command.ts';

const shown = 30;

/** The rooms that mirror chats, most recently active first. */
export const portals: Command = {
  name: 'portals',
  usage: '',
  summary: `the ${shown} chats that were active last, with their rooms`,
  example: 'portals',
  role: 'admin',
  run: async ({ operations }) => {
    const rows = await operations.recentPortals(shown);
    if (rows.length === 0) return 'No chat has a room yet.';
    return rows
      .map(
        ({ name, roomId, accountId, lastActivityAt }) =>
          `${new Date(lastActivityAt).toISOString()} ${name} (${accountId}) ${roomId ?? ''}`,
      )
      .join('\n');
  },
};
