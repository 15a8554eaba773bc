/** Who administers the bridge and who keeps its records ask at sockets of their own, and get nothing at the other's. */
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../../../src/base/logging.ts';
import { ControlServer, type ControlTarget } from '../../../src/cli/control-server.ts';
import type { RecordsTarget } from '../../../src/cli/records-routes.ts';

let folder: string;
let data: string;
let called: string[];
let server: ControlServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roles-'));
  data = join(folder, 'data');
  called = [];
});
afterEach(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Answers everything, and notes what it was. */
const everything = <Target extends object>(): Target =>
  new Proxy({} as Target, {
    get: (_, name) => () => {
      called.push(String(name));
      return Promise.resolve({});
    },
  });

async function serve(socket?: string): Promise<void> {
  const records = { recipients: [], epoch_hours: 24, ...(socket === undefined ? {} : { socket }) };
  const target = new Proxy(everything<ControlTarget>(), {
    get: (made, name) => (name === 'records' ? everything<RecordsTarget>() : (Reflect.get(made, name) as unknown)),
  });
  server = new ControlServer({ data: { directory: data }, records }, target, createLog('silent'));
  await server.start();
}

function ask(socketPath: string, method: string, path: string, body = ''): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    call.once('error', reject);
    call.end(body);
  });
}

const administrators = [
  ['GET', '/status'],
  ['GET', '/examination'],
  ['POST', '/logins'],
  ['POST', '/logins/x'],
  ['POST', '/puppets'],
  ['POST', '/puppets/remove'],
] as const;
const officers = [
  ['GET', '/records/head'],
  ['POST', '/records/challenges'],
  ['POST', '/records/epochs/page'],
  ['POST', '/records/epochs'],
  ['POST', '/records/audits'],
  ['POST', '/records/page'],
  ['POST', '/records/proofs'],
  ['POST', '/records/media'],
  ['POST', '/records/exports'],
  ['POST', '/records/disposals'],
] as const;

test.each([
  ['control.sock', officers, 'administrators'],
  ['records.sock', administrators, 'records officers'],
] as const)(
  '%s refuses everything that is for the other role, says so, and does none of it',
  async (name, paths, role) => {
    await serve();
    for (const [method, path] of paths) {
      const { status, body } = await ask(join(data, name), method, path, method === 'GET' ? '' : '{}');
      expect({ path, status }).toEqual({ path, status: 403 });
      expect(JSON.parse(body)).toMatchObject({
        errcode: 'CH-ROLE-REFUSED',
        error: expect.stringContaining(`This socket is for ${role}.`) as unknown,
        advice: expect.stringContaining('docs/records.md') as unknown,
      });
    }
    expect(called).toEqual([]);
  },
);

test.each([
  ['control.sock', administrators],
  ['records.sock', officers],
] as const)('%s answers everything that is for its own role', async (name, paths) => {
  await serve();
  for (const [method, path] of paths) {
    const { status } = await ask(join(data, name), method, path, method === 'GET' ? '' : '{"none":"of these"}');
    // A body that is none of its own is refused as such, and an audit wants none.
    expect({ path, status }).toEqual({ path, status: method === 'GET' || path === '/records/audits' ? 200 : 400 });
  }
});

test('both are for the user of the bridge only, unless the officers’ is put into the folder of a group', async () => {
  await serve();
  for (const name of ['control.sock', 'records.sock']) expect((await stat(join(data, name))).mode & 0o777).toBe(0o600);
  await server?.stop();
  const shared = join(folder, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o750);
  await serve(join(shared, 'records.sock'));
  const { mode, gid } = await stat(join(shared, 'records.sock'));
  expect({ mode: mode & 0o777, gid }).toEqual({ mode: 0o660, gid: (await stat(shared)).gid });
  expect((await stat(shared)).mode & 0o777).toBe(0o750);
  expect((await ask(join(shared, 'records.sock'), 'GET', '/records/head')).status).toBe(200);
  await expect(stat(join(data, 'records.sock'))).rejects.toThrow('ENOENT');
});

test('the officers’ socket is not put where there is no folder, everybody may write, or something else lies', async () => {
  const shared = join(folder, 'shared');
  const refused = async (words: string): Promise<void> => {
    const thrown: unknown = await serve(join(shared, 'records.sock')).catch((reason: unknown) => reason);
    await server?.stop();
    expect(thrown).toMatchObject({ code: 'CH-LISTEN-FAILED' });
    expect(String(thrown)).toContain(words);
  };
  await refused('ENOENT');
  await mkdir(shared);
  await chmod(shared, 0o777);
  await refused('Everybody may write into this folder');
  await chmod(shared, 0o750);
  await writeFile(join(shared, 'records.sock'), 'a letter');
  await refused('no socket');
});
