import { ChanceryError } from '../../base/errors.ts';
import type { Command } from '../command.ts';

const shown = 20;

/** Finds the rooms of chats by what their people are called. */
export const search: Command = {
  name: 'search',
  usage: 'NAME or DIGITS',
  summary: 'the chats with this in their name or number, with their rooms',
  example: 'search Meier',
  role: 'admin',
  run: async ({ care, arguments: words }) => {
    const text = words.join(' ').slice(0, 100);
    if (text === '')
      throw new ChanceryError('CH-COMMAND-INVALID', { detail: 'Expected a part of a name or number: `search Meier`.' });
    const found = await care.search(text, shown + 1);
    if (found.length === 0) return `No chat has “${text}” in its name or number.`;
    const lines = found
      .slice(0, shown)
      .map(({ name, accountId, link }) => `${name} (${accountId}): ${link ?? 'has no room now'}`);
    return [...lines, ...(found.length > shown ? ['... and more: write more of the name.'] : [])].join('\n');
  },
};
