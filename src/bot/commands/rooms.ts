import type { Closing } from '../../bridge/portal-care.ts';
import type { Command } from '../command.ts';

/** Sets a room right that people changed, or that was made before the configuration was. */
export const syncPortal: Command = {
  name: 'sync-portal',
  usage: '',
  summary: 'in a chat: set its name and marks right, and invite again who belongs in it',
  example: '!chancery sync-portal',
  role: 'official',
  run: async ({ care, place }) => {
    const { changed, invited } = await care.sync(place.room);
    if (changed === 0 && invited === 0) return 'Everything was right already.';
    return `Set right: ${changed}. Invited: ${invited}.`;
  },
};

const closing = (name: string, how: Closing, summary: string): Command => ({
  name,
  usage: '',
  summary,
  example: `!chancery ${name}`,
  role: 'admin',
  // What is to be said is said in the room before the bot leaves it.
  run: async ({ care, place, asker }) => {
    await care.close(place, asker, how);
    return '';
  },
});

export const unbridge = closing(
  'unbridge',
  'people-stay',
  'in a chat: end the mirroring; people and what was said stay, the next message from the contact makes a new room',
);
export const deletePortal = closing(
  'delete-portal',
  'people-go',
  'as unbridge, and everybody is removed from the room; what was said stays on the homeserver',
);
