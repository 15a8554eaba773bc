import { ChanceryError } from '../../base/errors.ts';
import type { StartedChat } from '../../bridge/chat-starting.ts';
import type { Command } from '../command.ts';

/** Makes the room of a chat before anything was said in it. */
export const startChat: Command = {
  name: 'start-chat',
  usage: 'NUMBER [ACCOUNT]',
  summary: 'make the room of a chat with this number, or lead to the one there is',
  example: 'start-chat +49 30 1234567',
  alias: 'create-portal',
  role: 'official',
  run: async ({ chats, asker, arguments: words }) => {
    const { number, account } = numberIn(words);
    const chat = await chats.start(asker, number, account);
    return `${chat.name}: ${chat.link}\n${freedomOf(chat)}`;
  },
};

/** Makes the room in which it is written the room of a chat. */
export const bridge: Command = {
  name: 'bridge',
  usage: 'NUMBER [ACCOUNT]',
  summary: 'in a room that people made: let it mirror the chat with this number',
  example: '!chancery bridge +49 30 1234567',
  role: 'admin',
  run: async ({ chats, place, asker, arguments: words }) => {
    const { number, account } = numberIn(words);
    const chat = await chats.adopt(asker, place, number, account);
    return `This room mirrors the chat with ${chat.name} now. ${freedomOf(chat)}`;
  },
};

/** Whether a number is known, and where its room is. */
export const resolve: Command = {
  name: 'resolve',
  usage: 'NUMBER [ACCOUNT]',
  summary: 'whether there is a chat with this number, and its room',
  example: 'resolve +49 30 1234567',
  role: 'official',
  run: async ({ chats, asker, arguments: words }) => {
    const { number, account } = numberIn(words);
    const chat = await chats.find(asker, number, account);
    return chat === undefined
      ? `There is no chat with ${number} yet. \`start-chat ${number}\` makes its room.`
      : `${chat.name}: ${chat.link}\n${freedomOf(chat)}`;
  },
};

/** A number may be written with spaces; an account has a slash, or stands behind the last number as letters. */
function numberIn(words: readonly string[]): { readonly number: string; readonly account: string | undefined } {
  const last = words.at(-1) ?? '';
  const account = words.length > 1 && last.includes('/') ? last : undefined;
  const number = (account === undefined ? words : words.slice(0, -1)).join(' ').slice(0, 100);
  if (number !== '') return { number, account };
  throw new ChanceryError('CH-COMMAND-INVALID', { detail: 'Expected a number: `start-chat +49 30 1234567`.' });
}

function freedomOf({ openUntil }: StartedChat): string {
  return openUntil === undefined || openUntil < Date.now()
    ? 'You can send a template now; write freely once they have written.'
    : 'You can write freely.';
}
