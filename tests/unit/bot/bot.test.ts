/** The bot helps those it works for, each with what they may do, in words that say what to do next. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Bot } from '../../../src/bot/bot.ts';
import { CatchUp } from '../../../src/bridge/catch-up.ts';
import { HomeserverLink } from '../../../src/bridge/homeserver-link.ts';
import { Intake } from '../../../src/bridge/intake.ts';
import { Lanes } from '../../../src/bridge/lanes.ts';
import { Operations } from '../../../src/bridge/operations.ts';
import { ChatStarting } from '../../../src/bridge/chat-starting.ts';
import { GroupCare } from '../../../src/bridge/group-care.ts';
import { Ghosts } from '../../../src/bridge/ghosts.ts';
import { PersonalChoices } from '../../../src/bridge/personal-choices.ts';
import { PortalCare } from '../../../src/bridge/portal-care.ts';
import { PortalRooms } from '../../../src/bridge/portal-rooms.ts';
import { TemplateSending } from '../../../src/bridge/template-sending.ts';
import { asId, type EventId, type LaneKey, type RoomId, type UserId } from '../../../src/model/ids.ts';
import type { Direction } from '../../../src/store/schema.ts';
import { account } from '../bridge/fake-session.ts';
import { ana, stranger, Workshop } from '../bridge/workshop.ts';

const admin = asId<UserId>('@root:agency.example');
let workshop: Workshop;
const place = { room: asId<RoomId>('!bot'), event: asId<EventId>('$command') };
let bot: { readonly knows: Bot['knows']; readonly answer: (asker: UserId, line: string) => Promise<string> };

beforeEach(async () => {
  workshop = await Workshop.open();
  const { context } = workshop;
  const templates = new TemplateSending(context, () => undefined);
  const chats = new ChatStarting(context, new PortalRooms(context), new Ghosts(context));
  const care = new PortalCare(context, new PortalRooms(context), new Ghosts(context));
  const real = new Bot({
    admins: [admin],
    officials: ['agency.example'],
    services: {
      operations: operationsOf(workshop),
      templates,
      chats,
      care,
      groups: new GroupCare(context),
      choices: new PersonalChoices(context, undefined),
    },
  });
  bot = { knows: (user) => real.knows(user), answer: (asker, line) => real.answer(asker, line, place) };
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

function operationsOf({ context }: Workshop): Operations {
  const lanes = (direction: Direction): Lanes =>
    new Lanes({ ...context, direction, concurrency: 1, handle: () => Promise.reject(new Error('nobody works here')) });
  const catchUp = new CatchUp(context, new Intake(context, () => undefined));
  const link = new HomeserverLink({ context, catchUp, registrationId: 'chancery', onReturn: async () => undefined });
  return new Operations({
    context,
    inbound: lanes('in'),
    outbound: lanes('out'),
    link,
    version: '1.2.3',
    logout: async () => false,
  });
}

/** A row that stands still, with a part that failed. */
async function trouble(): Promise<{ row: number; message: number }> {
  const portal = await workshop.portal();
  const lane = asId<LaneKey>('out/!chat');
  return workshop.context.store.write(async (unit) => {
    await unit.journal.add({ direction: 'out', dedupeKey: '$1', lane, payload: {}, receivedAt: 1 });
    const journalId = (await unit.journal.head(lane))?.id ?? asId(0);
    await unit.journal.park(journalId, 'the homeserver refused');
    const part = { journalId, number: 0, portalId: portal.id, direction: 'out', kind: 'message', author: ana } as const;
    const { id } = await unit.parts.ensure({ ...part, eventId: asId('$1'), updatedAt: 1 });
    await unit.parts.change(id, 1, { state: 'failed', reason: 'not on Parrot' });
    return { row: journalId, message: id };
  });
}

const commandsIn = (help: string): string[] => help.split('\n').map((line) => line.split(/ /)[0] ?? '');

test('a stranger gets a refusal, whatever they ask, and learns nothing', async () => {
  const refusal = 'You are not among the people this bot works for. Ask your administrator.';
  for (const line of ['help', 'status', 'retry row 1', '', 'nonsense'])
    expect(await bot.answer(stranger, line)).toBe(refusal);
  expect(bot.knows(stranger)).toBe(false);
});

test('help shows an official what an official may do, and an admin everything', async () => {
  expect(commandsIn(await bot.answer(ana, 'help'))).toEqual([
    'help',
    'version',
    'window',
    'template',
    'start-chat',
    'group',
    'resolve',
    'default-account',
    'mute',
    'unmute',
    'sync-portal',
  ]);
  expect(commandsIn(await bot.answer(admin, 'help'))).toEqual([
    'help',
    'version',
    'status',
    'portals',
    'search',
    'retry',
    'drop',
    'acts',
    'accounts',
    'logout',
    'management-room',
    'window',
    'template',
    'start-chat',
    'group',
    'resolve',
    'default-account',
    'mute',
    'unmute',
    'sync-portal',
    'bridge',
    'unbridge',
    'delete-portal',
  ]);
  expect([bot.knows(ana), bot.knows(admin)]).toEqual([true, true]);
});

test('what is not offered to somebody does not exist for them', async () => {
  const unknown = (name: string): string => `I do not know \`${name}\`. Write \`help\` to see what I can do for you.`;
  for (const name of ['status', 'portals', 'retry', 'drop', 'acts', 'accounts'])
    expect(await bot.answer(ana, name)).toBe(unknown(name));
  expect(await bot.answer(admin, 'frobnicate now')).toBe(unknown('frobnicate'));
  expect(await bot.answer(admin, '')).toBe(unknown(''));
  expect(await bot.answer(admin, 'x'.repeat(5_000))).toBe(unknown('x'.repeat(40)));
});

test('a command is understood in capitals and with too many spaces', async () => {
  expect(await bot.answer(ana, '  VERSION  ')).toBe(`Chancery 1.2.3, Node.js ${process.version}`);
});

test('status tells accounts, portals and what needs attention, and where to look', async () => {
  expect(await bot.answer(admin, 'status')).not.toContain('retry');
  await trouble();
  const status = await bot.answer(admin, 'status');
  for (const part of [
    'homeserver: connecting',
    `${account.displayName} (${account.id})`,
    'portals: 1',
    '1 parked',
    '1 failed',
    'see `retry`',
  ])
    expect(status).toContain(part);
});

test('portals lists the chats that have a room, the latest first', async () => {
  expect(await bot.answer(admin, 'portals')).toBe('No chat has a room yet.');
  await workshop.portal('older');
  workshop.now += 60_000;
  await workshop.portal('newer');
  const lines = (await bot.answer(admin, 'portals')).split('\n');
  expect(lines).toEqual([
    expect.stringContaining('newer (parrot-1) !newer'),
    expect.stringContaining('older (parrot-1) !older'),
  ]);
});

test('retry lists what is stuck or failed, with the numbers to name it by', async () => {
  expect(await bot.answer(admin, 'retry')).toBe('Nothing is stuck, uncertain or failed.');
  const { row, message } = await trouble();
  expect(await bot.answer(admin, 'retry')).toBe(
    `row ${row} in out/!chat: parked, 0 attempts: the homeserver refused\nmessage ${message} of ${ana}: failed: not on Parrot`,
  );
});

test('retry row makes a row due at once, and says so when there is none that waits', async () => {
  const { row } = await trouble();
  expect(await bot.answer(admin, `retry row ${row}`)).toBe(`Row ${row} is due now.`);
  expect(await workshop.context.store.read.journal.head(asId('out/!chat'))).toMatchObject({ state: 'waiting' });
  expect(await bot.answer(admin, 'retry row 4711')).toBe('Row 4711 does not wait.');
});

test('retry message sends one again that failed, once, and no other', async () => {
  const { message } = await trouble();
  const event = {
    event_id: '$1',
    room_id: '!chat',
    sender: ana,
    type: 'm.room.message',
    origin_server_ts: 1,
    content: {},
  };
  workshop.homeserver.answer = () => [200, event];
  expect(await bot.answer(admin, `retry message ${message}`)).toBe(`Message ${message} is sent again.`);
  const refusal = `Message ${message} is not one that failed or is uncertain.`;
  expect(await bot.answer(admin, `retry message ${message}`)).toBe(refusal);
  expect((await workshop.context.store.read.journal.counts()).waiting).toBe(1);
});

test.each([
  'retry row',
  'retry row x',
  'retry row 0',
  'retry row -1',
  'retry row 1.5',
  'retry row 99999999999999999999',
  'retry 5',
  'retry letter 5',
])('`%s` is answered with what was expected', async (line) => {
  expect(await bot.answer(admin, line)).toBe(
    'CH-COMMAND-INVALID: This command is not understood. Expected `retry row 12` or `retry message 34`. See `help`.',
  );
});

test('drop takes a row out of its lane, with a reason that is kept, and no other', async () => {
  const { row } = await trouble();
  expect(await bot.answer(admin, `drop row ${row} nobody needs it`)).toBe(`Row ${row} is taken out.`);
  const head = await workshop.context.store.read.journal.head(asId('out/!chat'));
  expect(head).toMatchObject({ state: 'waiting', dropped: 'nobody needs it' });
  expect(await bot.answer(admin, 'drop row 4711 nobody needs it')).toBe('Row 4711 does not wait.');
});

test('drop empties what lies in quarantine at once', async () => {
  const entry = {
    direction: 'in',
    dedupeKey: 'raw',
    lane: asId<LaneKey>('in/x'),
    payload: 'bytes',
    receivedAt: 1,
  } as const;
  await workshop.context.store.write((unit) => unit.journal.quarantine(entry, 'no JSON'));
  expect(await bot.answer(admin, 'drop row 1 a test of somebody')).toBe('Row 1 is taken out.');
  expect(await bot.answer(admin, 'retry')).toBe('Nothing is stuck, uncertain or failed.');
});

test.each(['drop', 'drop row', 'drop row 1', 'drop row x because', 'drop message 1 because'])(
  '`%s` is answered with what was expected and drops nothing',
  async (line) => {
    await trouble();
    expect(await bot.answer(admin, line)).toMatch(/^CH-COMMAND-INVALID: .*Expected the number of a row/);
    expect((await workshop.context.store.read.journal.counts()).parked).toBe(1);
  },
);

test('every retry and every drop is on record: who, when, what and why', async () => {
  expect(await bot.answer(admin, 'acts')).toBe('Admins have done nothing yet.');
  const { row } = await trouble();
  await bot.answer(admin, `retry row ${row}`);
  workshop.now += 60_000;
  await bot.answer(admin, `drop row ${row} nobody needs it`);
  await bot.answer(admin, 'drop row 4711 there is no such row');
  const [later, earlier] = [workshop.now, workshop.now - 60_000].map((at) => new Date(at).toISOString());
  expect(await bot.answer(admin, 'acts')).toBe(
    `${String(later)} ${admin} drop row ${row} - nobody needs it\n${String(earlier)} ${admin} retry row ${row}`,
  );
});

test('an error of the catalogue becomes words: its code, what happened, what to do', async () => {
  const { message } = await trouble();
  workshop.homeserver.answer = () => undefined;
  const answer = await bot.answer(admin, `retry message ${message}`);
  expect(answer).toMatch(
    /^CH-HOMESERVER-UNREACHABLE: The homeserver cannot be reached\..* the bridge keeps trying\.$/s,
  );
  expect(answer).not.toMatch(/\.ts|at /);
});

test('an error that nobody foresaw is not hidden from the lane, which tries again and shows it', async () => {
  jest.spyOn(workshop.context.store.read.journal, 'counts').mockRejectedValueOnce(new Error('disk trouble'));
  await expect(bot.answer(admin, 'status')).rejects.toThrow('disk trouble');
});

test('help about one command shows what it takes, an example and its other name, to those who may use it', async () => {
  expect(await bot.answer(ana, 'help start-chat')).toBe(
    [
      'start-chat NUMBER [ACCOUNT] - make the room of a chat with this number, or lead to the one there is',
      'Example: `start-chat +49 30 1234567`',
      'Also called `create-portal`.',
    ].join('\n'),
  );
  expect(await bot.answer(ana, 'help CREATE-PORTAL')).toContain('start-chat NUMBER');
  for (const name of ['drop', 'logout', 'nonsense'])
    expect(await bot.answer(ana, `help ${name}`)).toContain('There is no such command for you');
});

test('every command that is shown has an example that begins as it is called', async () => {
  for (const name of commandsIn(await bot.answer(admin, 'help'))) {
    const example = /Example: `(?:!chancery )?([a-z-]+)/.exec(await bot.answer(admin, `help ${name}`))?.[1];
    expect(example).toBe(name);
  }
});

test('commands about a room say what to do where there is no chat, and logout where there is no such account', async () => {
  for (const name of ['sync-portal', 'unbridge', 'delete-portal', 'mute', 'unmute'])
    expect(await bot.answer(admin, name)).toContain('This room is no chat');
  for (const line of ['logout', 'logout whatsapp/1', 'logout a b'])
    expect(await bot.answer(admin, line)).toContain('`logout whatsapp/106540352242922`');
});

test('a default account is taken only where it is one of those there are', async () => {
  expect(await bot.answer(ana, `default-account ${account.id}`)).toBe(`Your new chats are from ${account.id}.`);
  for (const line of ['default-account', 'set-relay nothing/1'])
    expect(await bot.answer(ana, line)).toContain(`Name one account: ${account.id}`);
});

test('search finds by a part of the name or the number, and says when there is nothing', async () => {
  const portal = await workshop.portal();
  const part = portal.name.slice(1, 4).toUpperCase();
  expect(await bot.answer(admin, `search ${part}`)).toContain(portal.name);
  expect(await bot.answer(admin, 'search %')).toContain('No chat has');
  expect(await bot.answer(admin, 'search')).toContain('`search Meier`');
});
