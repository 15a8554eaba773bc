/**
 * Who administers the bridge gets no record out of it, and who keeps its records does not administer it: neither on the
 * command line, nor past it on the sockets, nor with the bot.
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { exportTo, recordsIn } from '../peers/given-records.ts';
import { officerAnswers } from '../peers/house.ts';
import { Scene } from '../peers/scene.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const outside = mkdtempSync(join(tmpdir(), 'roles-'));
/** Where the officers' socket lies, in the folder of a group. */
const shared = join(outside, 'shared');
const officersSocket = join(shared, 'records.sock');
const group = 64_321;
const isRoot = process.getuid?.() === 0;
/** Only root can become somebody else, and that somebody must be able to read the project. */
const canBecomeOthers =
  isRoot && spawnSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(main)})`], { uid: group }).status === 0;
if (!canBecomeOthers)
  console.warn('Of the files only their modes are checked: this is not root, or other users cannot read the project.');
const secret = 'what the mayor said at night';
let scene: Scene;
let controlSocket: string;

beforeAll(async () => {
  mkdirSync(shared);
  chmodSync(outside, 0o711);
  if (isRoot) chownSync(shared, 0, group);
  chmodSync(shared, 0o2750);
  scene = await Scene.open({ recorded: true, recordsSection: { socket: officersSocket }, officials: ['ana', 'olga'] });
  controlSocket = join(scene.house.bridge.directory, 'data', 'control.sock');
  await scene.openChat(secret);
  await scene.settled();
}, 300_000);

afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await scene.close();
}, 60_000);

/** Past the command line. */
function ask(socketPath: string, path: string, body?: unknown): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const call = request({ socketPath, method, path, agent: false }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    call.once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface Ended {
  readonly code: number;
  readonly out: string;
}

interface As {
  readonly uid?: number;
  readonly gid?: number;
}

/** A command with a configuration of somebody's own. */
const command = (args: readonly string[], config: string, as: As = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--no-warnings', main, ...args, '--config', config],
      { timeout: 60_000, ...as },
      (failure, out, err) => resolve({ code: failure === null ? 0 : Number(failure.code ?? -1), out: out + err }),
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(officerAnswers);
  });

/** The configuration of the bridge, with another socket for records or another data directory. */
function configWith(change: { readonly socket?: string; readonly directory?: string }): string {
  const { bridge } = scene.house;
  const config = parse(readFileSync(bridge.configFile, 'utf8')) as { records: object; data: object };
  const path = join(outside, `config-${Object.keys(change).join('-') || 'same'}.yaml`);
  const directory = change.directory ?? join(bridge.directory, 'data');
  const records = { ...config.records, ...(change.socket === undefined ? {} : { socket: change.socket }) };
  writeFileSync(path, stringify({ ...config, records, data: { directory } }));
  return path;
}

const officerCommands = (): readonly (readonly string[])[] => {
  const key = scene.house.officerKey;
  return [
    ['records', 'export', '--key', key, '--out', join(outside, 'none'), '--answers', '-'],
    ['records', 'destroy', '--officer-key', key, '--before', '2100-01-01', '--reason', 'x', '--answers', '-'],
    ['records', 'rewrap', '--key', key, '--answers', '-'],
    ['records', 'audit'],
  ];
};
const administratorCommands: readonly (readonly string[])[] = [
  ['status'],
  ['login', 'whatsapp', '--answers', '-'],
  ['login-matrix', 'whatsapp/106540352242922', '@ana:localhost'],
  ['logout-matrix', 'whatsapp/106540352242922'],
];

test('the control socket exports, audits, opens and destroys nothing, whoever asks there and with whatever key', async () => {
  const config = configWith({ socket: controlSocket });
  for (const args of officerCommands()) {
    const { code, out } = await command(args, config);
    expect({ args: args.slice(0, 2), code }).toEqual({ args: args.slice(0, 2), code: 1 });
    expect(out).toContain('CH-ROLE-REFUSED');
    expect(out).toContain('what to do: ');
  }
  for (const [path, body] of [
    ['/records/head'],
    ['/records/page', { asked: {}, after: -1 }],
    ['/records/epochs/page', { after: 0 }],
    ['/records/audits', {}],
    ['/records/media', { mxc: 'mxc://localhost/x', bytes: 1 }],
    ['/records/challenges', { recipient: 'age1x' }],
  ] as const) {
    const answer = await ask(controlSocket, path, body);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ errcode: 'CH-ROLE-REFUSED' });
  }
  expect(existsSync(join(outside, 'none', 'data'))).toBe(false);
  expect((await ask(controlSocket, '/status')).status).toBe(200);
});

test('the officers’ socket administers nothing', async () => {
  // As an officer would have to do it: another data directory, in which their socket has the name of the other.
  const directory = join(outside, 'data');
  mkdirSync(directory, { mode: 0o700 });
  symlinkSync(officersSocket, join(directory, 'control.sock'));
  const config = configWith({ directory });
  for (const args of administratorCommands) {
    const { code, out } = await command(args, config);
    expect({ args, code }).toEqual({ args, code: 1 });
    expect(out).toContain('CH-ROLE-REFUSED');
  }
  for (const [path, body] of [
    ['/status'],
    ['/examination'],
    ['/logins', { network: 'whatsapp' }],
    ['/puppets/remove', { account: 'whatsapp/106540352242922' }],
  ] as const)
    expect(await ask(officersSocket, path, body)).toMatchObject({
      status: 403,
      body: expect.stringContaining('CH-ROLE-REFUSED') as unknown,
    });
  expect((await ask(officersSocket, '/records/head')).status).toBe(200);
});

test('without an officer’s key even who reaches the officers’ socket gets nothing but what is sealed, and changes nothing', async () => {
  const { status, body } = await ask(officersSocket, '/records/page', { asked: {}, after: -1 });
  expect(status).toBe(200);
  const { entries } = JSON.parse(body) as { entries: { sealed: string; leaf: string }[] };
  expect(entries.length).toBeGreaterThan(1);
  for (const { sealed, leaf } of entries)
    for (const bytes of [Buffer.from(sealed, 'base64'), Buffer.from(leaf)]) {
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(Buffer.from(secret).toString('base64url').slice(2, -2))).toBe(false);
    }
  const recipient = readFileSync(join(scene.house.directory, 'officer.recipient'), 'utf8').trim();
  for (const [path, order] of [
    ['/records/disposals', { do: 'destroy', reason: 'none', ranges: [[0, 0]] }],
    ['/records/epochs', { do: 'rewrap', epochs: [{ id: 1, wrappedKey: 'rubbish' }] }],
  ] as const) {
    const { id } = JSON.parse((await ask(officersSocket, '/records/challenges', { recipient })).body) as { id: string };
    const given = { challenge: id, order: JSON.stringify(order), answer: '0'.repeat(64) };
    for (const attempt of [given, { ...given, challenge: 'none' }])
      expect(await ask(officersSocket, path, attempt)).toMatchObject({
        status: 403,
        body: expect.stringContaining('CH-OFFICER-UNPROVEN') as unknown,
      });
    expect((await ask(officersSocket, path, order)).status).toBe(400);
  }
  const bag = join(outside, 'whole');
  await exportTo(bag, scene.house);
  const kinds = recordsIn(bag).map(({ fields }) => fields['kind']);
  expect(kinds).toContain('message');
  expect(kinds).not.toContain('disposal');
});

test('an officer who is another user of the machine reads the records with their key, and reaches nothing else of the bridge', async () => {
  const { mode, gid } = statSync(officersSocket);
  expect({ mode: mode & 0o777, gid }).toEqual({ mode: 0o660, gid: statSync(shared).gid });
  expect(statSync(controlSocket).mode & 0o777).toBe(0o600);
  const officer: As = canBecomeOthers ? { uid: group, gid: group } : {};
  const stranger: As = canBecomeOthers ? { uid: group + 1, gid: group + 1 } : {};
  const key = join(outside, 'officer.age');
  copyFileSync(scene.house.officerKey, key);
  if (canBecomeOthers) chownSync(key, group, group);
  const home = join(outside, 'home');
  mkdirSync(home);
  if (canBecomeOthers) chownSync(home, group, group);
  const config = configWith({});
  const bag = join(home, 'bag');
  expect(
    await command(['records', 'export', '--key', key, '--out', bag, '--answers', '-'], config, officer),
  ).toMatchObject({
    code: 0,
  });
  expect(JSON.stringify(recordsIn(bag))).toContain(secret);
  expect(await command(['records', 'audit'], config, officer)).toMatchObject({ code: 0 });
  const { code, out } = await command(['status'], config, officer);
  expect({ code, isRefused: out.includes('Only the user of the bridge may ask it') }).toEqual(
    canBecomeOthers ? { code: 1, isRefused: true } : { code: 0, isRefused: false },
  );
  expect((await command(['records', 'audit'], config, stranger)).code).toBe(canBecomeOthers ? 1 : 0);
}, 120_000);

test('the bot gives no records to an admin, and an officer’s name gives no rights with it', async () => {
  const { ana } = scene;
  const olga = await scene.house.client('olga');
  const bot = '@chancery:localhost';
  const roomOf = async (client: typeof ana): Promise<string> => {
    const room = await client.createDirectRoom(bot);
    await client.waitForEvent(
      ({ room_id, type, state_key, content }) =>
        room_id === room && type === 'm.room.member' && state_key === bot && content['membership'] === 'join',
      { what: 'the bot in the room' },
    );
    return room;
  };
  const [adminRoom, officerRoom] = [await roomOf(ana), await roomOf(olga)];
  const answer = async (client: typeof ana, room: string, line: string): Promise<string> =>
    scene.answerTo(await client.sendText(room, line), client);
  expect(await answer(ana, adminRoom, 'help')).not.toMatch(/record|ledger|export|audit|destroy|disclos/i);
  for (const name of ['records', 'export', 'audit', 'destroy', 'ledger'])
    expect(await answer(ana, adminRoom, name)).toBe(
      `I do not know \`${name}\`. Write \`help\` to see what I can do for you.`,
    );
  for (const name of ['status', 'accounts', 'acts', 'logout', 'drop'])
    expect(await answer(olga, officerRoom, name)).toBe(
      `I do not know \`${name}\`. Write \`help\` to see what I can do for you.`,
    );
}, 120_000);
