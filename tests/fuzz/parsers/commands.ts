/** Commands to the bot, as anybody may write them. */
import { Bot } from '../../../src/bot/bot.ts';
import type { Services } from '../../../src/bridge/bridge.ts';
import { renderNotice } from '../../../src/matrix/render.ts';
import { asId, type EventId, type RoomId, type UserId } from '../../../src/model/ids.ts';
import type { Dice } from '../dice.ts';
import { mutateText } from '../mutate/text.ts';
import { promise } from '../target.ts';
import { parserTarget } from './parser-stand.ts';

const operations = {
  version: '1',
  status: async () => ({
    homeserver: 'there',
    accounts: [],
    portals: { total: 0, withoutRoom: 0 },
    journal: { waiting: 0, parked: 0, quarantined: 0 },
    messages: { uncertain: 0, failed: 0 },
  }),
  accounts: async () => [],
  recentPortals: async () => [],
  attention: async () => ({ rows: [], messages: [] }),
  retryRow: async (id: number) => {
    promise(Number.isSafeInteger(id) && id > 0, `a row of number ${id}`);
    return false;
  },
  retryMessage: async (id: number) => {
    promise(Number.isSafeInteger(id) && id > 0, `a message of number ${id}`);
    return 'no';
  },
};

const templates = {
  openUntil: async () => undefined,
  list: async () =>
    Array.from({ length: 99 }, () => ({ name: 'n'.repeat(512), language: 'de', text: 'x'.repeat(5_000) })),
  send: async () => 'no',
};
const chats = {
  start: async (_asker: UserId, number: string) => ({
    name: number,
    link: 'https://matrix.to/#/!room',
    openUntil: undefined,
  }),
  find: async () => undefined,
};
const place = { room: asId<RoomId>('!room'), event: asId<EventId>('$event') };

const admin = asId<UserId>('@ana:agency.example');
const bot = new Bot({
  admins: [admin],
  officials: ['agency.example'],
  services: { operations, templates, chats } as unknown as Services,
});
const commands: readonly [string, ...string[]] = [
  'help',
  'status',
  'window',
  'start-chat +49 30 1234567',
  'resolve 0049301234567 whatsapp/1',
  'template list de',
  'template send hello de | one | two',
  'portals',
  'retry',
  'retry row 12',
  'retry message 34',
  'version',
];
const vocabulary: readonly [string, ...string[]] = [
  ' ',
  '\n',
  '-1',
  '1e3',
  '0x10',
  '9007199254740993',
  'row',
  'message',
  '`',
  '__proto__',
  'constructor',
  'RETRY',
  '!chancery',
  'İ',
];
const askers: readonly [string, ...string[]] = [
  admin,
  '@bo:agency.example',
  '@x:elsewhere',
  '@',
  '',
  'agency.example',
  '@a:agency.example:agency.example',
];

export const botCommands = parserTarget<{ readonly asker: string; readonly line: string }>({
  name: 'bot-commands',
  make: (dice: Dice) => ({
    asker: dice.pick(askers),
    line: mutateText(dice, dice.pick(commands), vocabulary, dice.pick(commands)),
  }),
  async read({ asker, line }) {
    const answer = await bot.answer(asId<UserId>(asker), line, place);
    promise(typeof answer === 'string' && answer !== '', 'no answer');
    promise(JSON.stringify(renderNotice(answer)).length < 10_000, 'an answer too long for an event');
  },
  ordinary: { asker: admin, line: 'help' },
});
