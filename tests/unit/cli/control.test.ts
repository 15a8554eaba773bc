import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { createLog } from '../../../src/base/logging.ts';
import { ControlServer, type ControlStatus, type ControlTarget } from '../../../src/cli/control-server.ts';
import { PendingLogins } from '../../../src/cli/pending-logins.ts';
import type { LoginFlow, LoginStep, NewAccount } from '../../../src/networks/login.ts';
import { chancery } from './run-chancery.ts';

const log = createLog('silent');
const at = (directory: string) => ({ data: { directory }, records: { recipients: [], epoch_hours: 24 } });
const canary = 'CANARY-credential-77';

/** Asks for a telephone number and a token, and wants the token to be "right". */
function pigeonLogin(): LoginFlow {
  const ask = (problem?: string): LoginStep => ({
    step: 'ask',
    questions: [
      { name: 'number', prompt: 'Number of the loft', secret: false },
      { name: 'token', prompt: 'Token', secret: true },
      { name: 'label', prompt: 'Label', secret: false, whenEmpty: 'the number is shown' },
    ],
    ...(problem === undefined ? {} : { problem }),
  });
  return {
    begin: async () => ask(),
    answer: async ({ number = '', token, label }) => {
      if (token !== 'right') return ask('The loft does not take this token.');
      const displayName = label === '' ? number : (label ?? '');
      return { step: 'done', account: { key: number, displayName, credentials: canary }, advice: ['Feed the birds.'] };
    },
  };
}

let folder: string;
let data: string;
let config: string;
let kept: NewAccount[];
let answer: ControlStatus;
let server: ControlServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-control-'));
  data = join(folder, 'data');
  config = join(folder, 'chancery.yaml');
  await writeFile(config, 'homeserver: {url: "http://localhost:8008", server_name: agency.example}\n');
  kept = [];
  answer = { live: true, accounts: [{ name: 'Loft', state: 'connected' }] };
  const logins = new PendingLogins({ now: () => 0 });
  const target: ControlTarget = {
    status: async () => answer,
    examine: async () => ({ accounts: [] }),
    loginMatrix: async () => undefined,
    logoutMatrix: async () => false,
    beginLogin: async (network) => {
      if (network !== 'pigeon')
        throw new ChanceryError('CH-LOGIN-INVALID', { place: network, detail: 'Known: pigeon.' });
      return logins.begin(pigeonLogin(), async (account) => void kept.push(account));
    },
    answerLogin: (id, answers) => logins.answer(id, answers),
  };
  server = new ControlServer(at(data), target, log);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const socket = (): string => join(data, 'control.sock');

function raw(method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket(), method, path, agent: false }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    call.once('error', reject);
    call.end(body);
  });
}

describe('the control socket', () => {
  test('can be opened by the user of the bridge only, and is gone when the bridge stops', async () => {
    await server.start();
    expect((await stat(socket())).mode & 0o777).toBe(0o600);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    await server.stop();
    expect(await readdir(data)).toEqual([]);
  });

  test('is not taken from a bridge that still answers', async () => {
    await server.start();
    const second = new ControlServer(at(data), { ...({} as ControlTarget) }, log);
    await expect(second.start()).rejects.toMatchObject({ code: 'CH-DATABASE-IN-USE', place: socket() });
    expect(await chancery(['status', '-c', config])).toMatchObject({ code: 0 });
  });

  test('replaces the one that a crash left behind', async () => {
    const crashed = new ControlServer(at(data), {} as ControlTarget, log);
    await crashed.start();
    await leaveBehind(data);
    await crashed.stop();
    await server.start();
    expect(await chancery(['status', '-c', config])).toMatchObject({ code: 0 });
  });

  test('does not replace something else of that name', async () => {
    await server.start();
    await server.stop();
    await writeFile(socket(), 'a letter');
    await expect(server.start()).rejects.toMatchObject({ code: 'CH-LISTEN-FAILED', place: socket() });
  });

  test('says so when its path is too long for a socket', async () => {
    const deep = new ControlServer(at(join(folder, 'x'.repeat(100))), {} as ControlTarget, log);
    await expect(deep.start()).rejects.toThrow('at most 107 bytes');
  });

  test.each([
    ['POST', '/logins', '{"network": 1}', 400],
    ['POST', '/logins', 'network=pigeon', 400],
    ['POST', '/logins', JSON.stringify({ network: 'x'.repeat(2_000) }), 413],
    ['POST', '/logins/x', JSON.stringify({ answers: { token: 'x'.repeat(70_000) } }), 413],
    ['POST', '/logins/x', '{"answers": {"token": 7}}', 400],
    ['DELETE', '/status', '', 405],
    ['GET', '/', '', 404],
  ])('refuses %s %s %.30s', async (method, path, body, status) => {
    await server.start();
    expect(await raw(method, path, body)).toMatchObject({ status });
  });
});

/** Puts a socket that nobody answers in the place of the one that is there. */
async function leaveBehind(directory: string): Promise<void> {
  const path = join(directory, 'control.sock');
  const elsewhere = `${path}.old`;
  const abandoned: Server = createServer();
  await new Promise<void>((resolve) => abandoned.listen(elsewhere, resolve));
  const { link, rename } = await import('node:fs/promises');
  await link(elsewhere, `${path}.kept`);
  await new Promise((resolve) => abandoned.close(resolve));
  await rename(`${path}.kept`, path);
}

describe('chancery status', () => {
  test('shows how a live bridge is, for people and for scripts', async () => {
    await server.start();
    expect(await chancery(['status', '-c', config])).toEqual({
      code: 0,
      out: 'live: true\naccounts:\n  - name: Loft\n    state: connected\n',
      err: '',
    });
    const { code, out } = await chancery(['status', '-c', config, '--json']);
    expect({ code, out: JSON.parse(out) as unknown }).toEqual({ code: 0, out: answer });
  });

  test('ends with 1 when the bridge says that it is not live', async () => {
    answer = { live: false, reason: 'the homeserver cannot be reached' };
    await server.start();
    expect(await chancery(['status', '-c', config])).toMatchObject({
      code: 1,
      out: expect.stringContaining('live: false'),
    });
  });

  test('takes no answer of somebody else for an answer of the bridge', async () => {
    await server.start();
    answer = { alive: true } as unknown as ControlStatus;
    expect(await chancery(['status', '-c', config])).toMatchObject({
      code: 1,
      err: expect.stringContaining('CH-NOT-RUNNING'),
    });
  });
});

describe('chancery login', () => {
  const login = (answers: string, network = 'pigeon') =>
    chancery(['login', network, '--answers', '-', '-c', config], { input: answers });

  test('connects an account with answers from a script; long numbers stay as they were written', async () => {
    await server.start();
    const ended = await login('number: 123456789012345678901\ntoken: right\ncolour: grey\n');
    expect(ended).toEqual({
      code: 0,
      out: 'Connected: 123456789012345678901\n- Feed the birds.\n- Nobody asked for: colour\n',
      err: '',
    });
    expect(kept).toEqual([{ key: '123456789012345678901', displayName: '123456789012345678901', credentials: canary }]);
  });

  test('takes the answers from a file as well', async () => {
    await server.start();
    await writeFile(join(folder, 'answers.json'), '{"number": "1", "token": "right", "label": "Loft"}');
    const ended = await chancery(['login', 'pigeon', '--answers', join(folder, 'answers.json'), '-c', config]);
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('Connected: Loft') });
  });

  test('names a wrong answer, repeats no secret, and keeps nothing', async () => {
    await server.start();
    const { code, err } = await login('{"number": "1", "token": "hunter2"}');
    expect(code).toBe(1);
    expect(err).toContain(
      'CH-LOGIN-INVALID standard input: The login was refused. The loft does not take this token.'.replace(
        'standard input',
        '-',
      ),
    );
    expect(err).not.toContain('hunter2');
    expect(kept).toEqual([]);
  });

  test.each([
    ['a missing answer', '{"number": "1"}', 1, 'The answer token is missing: Token.'],
    ['a list', '["right"]', 2, 'Expected a JSON or YAML object whose values are texts.'],
    ['no text', '{"number": {"a": "b"}, "token": "right"}', 2, 'Expected a JSON or YAML object'],
    ['nothing', '', 2, 'Expected a JSON or YAML object'],
  ])('refuses %s', async (_, input, exit, detail) => {
    await server.start();
    const { code, err } = await login(input);
    expect(err).toContain(detail);
    expect(code).toBe(exit);
  });

  test('passes on what the bridge says about an unknown network', async () => {
    await server.start();
    const { code, err } = await login('{}', 'carrier');
    expect(code).toBe(1);
    expect(err).toMatch(/^CH-LOGIN-INVALID: .*\(carrier\) Known: pigeon\.\nwhat to do: /u);
  });

  test('without a terminal it asks for --answers', async () => {
    const { code, err } = await chancery(['login', 'pigeon', '-c', config]);
    expect(code).toBe(2);
    expect(err).toContain('--answers');
  });

  test('the credentials never come back over the socket', async () => {
    await server.start();
    const { id } = JSON.parse((await raw('POST', '/logins', '{"network": "pigeon"}')).body) as { id: string };
    const done = await raw('POST', `/logins/${id}`, '{"answers": {"number": "1", "token": "right", "label": ""}}');
    expect(done.status).toBe(200);
    expect(done.body).toContain('Feed the birds.');
    expect(done.body).not.toContain(canary);
    expect((await raw('POST', `/logins/${id}`, '{"answers": {}}')).body).toContain('begin again');
  });
});
