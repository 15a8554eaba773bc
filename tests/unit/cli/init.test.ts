import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readConfiguration } from '../../../src/cli/configuration.ts';
import { readRegistration } from '../../../src/matrix/read-registration.ts';
import { chancery } from './run-chancery.ts';

let folder: string;
let config: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-init-'));
  config = join(folder, 'chancery.yaml');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const init = (answers: object) =>
  chancery(['init', '--config', config, '--answers', '-'], { input: JSON.stringify(answers) });

test('two answers make a configuration that is valid, a key and a registration, for their owner only', async () => {
  const { code, out, err } = await init({ server_name: 'agency.example', admin: '@ana:agency.example' });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain('chancery doctor');
  expect((await readdir(folder)).sort()).toEqual(['chancery.yaml', 'database.key', 'registration.yaml']);
  for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o077).toBe(0);
  const made = await readConfiguration(config);
  expect(made.rooms).toEqual({
    invite: ['@ana:agency.example'],
    officials: ['agency.example'],
    admins: ['@ana:agency.example'],
  });
  expect(made.networks).toHaveProperty('whatsapp');
  expect((await readRegistration(join(folder, 'registration.yaml'))).namespaces.users[0]?.regex).toContain('agency');
  expect(await readFile(config, 'utf8')).toMatch(/# Who may command the bot/);
});

test('every answer stands where it belongs, and a bridge on a machine of its own listens beyond itself', async () => {
  const { code } = await init({
    server_name: 'agency.example',
    homeserver_url: 'https://matrix.agency.example/',
    bridge_url: 'http://bridge.internal:4000',
    admin: '@ana:agency.example',
    officials: '@bo:agency.example, other.example',
    invite: '@bo:agency.example,@cy:agency.example',
    whatsapp: 'yes',
    public_url: 'https://bridge.agency.example/',
  });
  expect(code).toBe(0);
  const { homeserver, appservice, rooms, networks } = await readConfiguration(config);
  expect(homeserver.url).toBe('https://matrix.agency.example');
  expect(appservice).toMatchObject({ url: 'http://bridge.internal:4000', host: '0.0.0.0', port: 4_000 });
  expect(rooms.officials).toEqual(['@bo:agency.example', 'other.example']);
  expect(rooms.invite).toEqual(['@bo:agency.example', '@cy:agency.example']);
  expect(networks).toMatchObject({ whatsapp: { public_url: 'https://bridge.agency.example' } });
});

test.each([
  [
    { server_name: 'https://agency.example', admin: '@ana:agency.example' },
    'server_name: expected the name of a Matrix',
  ],
  [{ server_name: 'agency.example', admin: 'ana' }, 'admin: expected a Matrix user id'],
  [{ server_name: 'agency.example', admin: '@ana:agency.example', officials: 'a b' }, 'officials: expected'],
  [{ server_name: 'agency.example', admin: '@ana:agency.example', whatsapp: 'maybe' }, 'whatsapp: expected yes or no'],
  [{ server_name: 'agency.example' }, 'The answer admin is missing'],
])('a wrong or missing answer (%j) is named and nothing is written', async (answers, words) => {
  const { code, err } = await init(answers);
  expect(code).not.toBe(0);
  expect(err).toContain(words);
  expect(await readdir(folder)).toEqual([]);
});

test('a configuration that is there already is not touched', async () => {
  await writeFile(config, 'mine');
  const { code, err } = await init({ server_name: 'agency.example', admin: '@ana:agency.example' });
  expect(code).toBe(2);
  expect(err).toContain('There is a configuration already');
  expect(await readdir(folder)).toEqual(['chancery.yaml']);
  expect(await readFile(config, 'utf8')).toBe('mine');
});

test('a key and a registration that are there already are kept', async () => {
  await init({ server_name: 'agency.example', admin: '@ana:agency.example' });
  const key = await readFile(join(folder, 'database.key'), 'utf8');
  const registration = await readFile(join(folder, 'registration.yaml'), 'utf8');
  await rm(config);
  const { code, out } = await init({ server_name: 'agency.example', admin: '@ana:agency.example' });
  expect(code).toBe(0);
  expect(out).toContain('registration');
  expect(await readFile(join(folder, 'database.key'), 'utf8')).toBe(key);
  expect(await readFile(join(folder, 'registration.yaml'), 'utf8')).toBe(registration);
});
