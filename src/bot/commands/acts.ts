import type { Command } from '../command.ts';

const shown = 30;

/** The record of what admins decided about what stood still. */
export const acts: Command = {
  name: 'acts',
  usage: '',
  summary: `the last ${shown} things that admins did with messages, rooms and accounts: who, when, what and why`,
  example: 'acts',
  role: 'admin',
  run: async ({ operations }) => {
    const latest = await operations.latestActs(shown);
    if (latest.length === 0) return 'Admins have done nothing yet.';
    return latest
      .map(({ at, actor, act, subject, reason }) =>
        [new Date(at).toISOString(), actor, act, subject, ...(reason === null ? [] : [`- ${reason}`])].join(' '),
      )
      .join('\n');
  },
};
