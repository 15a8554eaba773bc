import type { Command } from '../command.ts';

/** Lists only what the asker may do. */
export const help: Command = {
  name: 'help',
  usage: '',
  summary: 'show what you can ask of me',
  role: 'official',
  run: async ({ offered }) =>
    offered.map(({ name, usage, summary }) => `${[name, usage].filter(Boolean).join(' ')} - ${summary}`).join('\n'),
};
