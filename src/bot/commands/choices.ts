import type { Command } from '../command.ts';

/** Where this admin is told what nobody asked for. */
export const managementRoom: Command = {
  name: 'management-room',
  usage: '',
  summary: 'make this room the one in which I tell you what an administrator must know',
  example: '!chancery management-room',
  role: 'admin',
  run: async ({ choices, place, asker }) => {
    await choices.managementRoom(asker, place.room);
    return 'I will tell you here.';
  },
};

/** Which of several accounts a person's new chats are from. */
export const defaultAccount: Command = {
  name: 'default-account',
  usage: 'ACCOUNT',
  summary: 'from which of several accounts your new chats are, where you name none',
  example: 'default-account whatsapp/106540352242922',
  alias: 'set-relay',
  role: 'official',
  run: async ({ choices, asker, arguments: words }) =>
    `Your new chats are from ${await choices.account(asker, words.join(' '))}.`,
};

const muting = (name: string, isMuted: boolean, summary: string, done: string): Command => ({
  name,
  usage: '',
  summary,
  example: `!chancery ${name}`,
  role: 'official',
  run: async ({ choices, place, asker }) => {
    await choices.mute(asker, place.room, isMuted);
    return done;
  },
});

export const mute = muting('mute', true, 'in a chat: your clients no longer notify you of it', 'Muted for you.');
export const unmute = muting('unmute', false, 'in a chat: your clients notify you again', 'No longer muted for you.');
