/** What a log line says, seen where it is written: on the standard output of a process. */
import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from '@jest/globals';

const sourceOf = (file: string): string => JSON.stringify(new URL(`../../../src/base/${file}`, import.meta.url).href);

const script = `
  import { createLog } from ${sourceOf('logging.ts')};
  import { ChanceryError } from ${sourceOf('errors.ts')};
  const log = createLog('info');
  const keys = ['access_token', 'accessToken', 'as_token', 'hs_token', 'app_secret', 'appSecret', 'authorization', 'token',
    'Authorization', 'verifyToken', 'password', 'credentials'];
  const secrets = Object.fromEntries(keys.map((key) => [key, 'the-secret']));
  log.info({ ...secrets, room: '!room' }, 'on top');
  log.info({ account: { ...secrets, id: 'number' } }, 'one level down');
  log.info({ headers: [{ of: { request: secrets } }] }, 'levels down');
  log.warn({ reason: new Error('under another name') }, 'not err');
  const cause = new Error('words of the cause');
  log.warn({ err: new ChanceryError('CH-STORE-FAILED', { detail: 'No space.', cause }) }, 'of the catalogue');
  log.warn({ err: Object.assign(new Error('no such file'), { code: 'ENOENT' }) }, 'of the system');
  log.warn({ err: new TypeError('unforeseen') }, 'of nobody');
  log.warn({ err: 'a text' }, 'thrown text');
  log.warn({ err: new Error('to +49 30 555-00017 or 493055500017, of 104857600 bytes, 127.0.0.1:29331') }, 'with numbers');
  try { JSON.parse('{"body": words of a citizen}'); } catch (err) { log.warn({ err }, 'not parsed'); }
  log.debug('not asked for');
  createLog('silent').fatal('not asked for either');`;

let lines: Record<string, unknown>[] = [];

beforeAll(() => {
  const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
});

const line = (message: string): Record<string, unknown> => lines.find(({ msg }) => msg === message) ?? {};

test('secrets under the keys that carry them are removed, what is beside them stays', () => {
  expect(lines).toHaveLength(10);
  expect(JSON.stringify(lines)).not.toContain('the-secret');
  expect(line('on top')).toMatchObject({ access_token: '[secret]', authorization: '[secret]', room: '!room' });
  expect(line('one level down')).toMatchObject({ account: { token: '[secret]', id: 'number' } });
});

test('an error is its code and its message, without the place in the code and without its cause', () => {
  expect(line('of the catalogue')['err']).toEqual({
    code: 'CH-STORE-FAILED',
    message: 'The database could not store this. No space.',
  });
  expect(line('of the system')['err']).toEqual({ code: 'ENOENT', message: 'no such file' });
  expect(line('of nobody')['err']).toEqual({ message: 'unforeseen' });
  expect(line('not err')['reason']).toEqual({ message: 'under another name' });
  expect(line('thrown text')['err']).toEqual({ message: 'a text' });
  expect(JSON.stringify(lines)).not.toMatch(/stack|words of the cause|\.ts:/);
});

test("telephone numbers in others' words are hidden, other figures stay; text that could not be parsed is not quoted", () => {
  expect(line('with numbers')['err']).toEqual({
    message: 'to [number] or [number], of 104857600 bytes, 127.0.0.1:29331',
  });
  expect(line('not parsed')['err']).toEqual({ message: 'a text could not be parsed' });
});

test('a line tells its level in a word and its time in UTC, and nothing of the machine', () => {
  expect(Object.keys(line('on top')).slice(0, 2)).toEqual(['level', 'time']);
  expect(line('on top')['level']).toBe('info');
  expect(line('on top')['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(line('on top')).not.toHaveProperty('hostname');
});

test('what is below the level is not written', () => {
  expect(JSON.stringify(lines)).not.toContain('not asked for');
});
