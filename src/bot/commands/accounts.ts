import type { Command } from '../command.ts';

/** The connected accounts, and whether their networks accept them. */
export const accounts: Command = {
  name: 'accounts',
  usage: '',
  summary: 'the connected accounts, whether their networks accept them, since when, and what to do',
  example: 'accounts',
  role: 'admin',
  run: async ({ operations }) => {
    const all = await operations.accounts();
    if (all.length === 0) return 'There is none. Connect one on the command line: `chancery login whatsapp`.';
    return all
      .map(({ id, displayName, state, since, reason }) => {
        const time = since === null ? '' : ` since ${new Date(since).toISOString()}`;
        return state === 'accepted'
          ? `${id} - ${displayName}: accepted${time}`
          : `${id} - ${displayName}: refused${time}. ${reason ?? ''}`;
      })
      .join('\n');
  },
};
