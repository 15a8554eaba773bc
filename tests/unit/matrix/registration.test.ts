import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readRegistration } from '../../../src/matrix/read-registration.ts';
import { makeRegistration, writeRegistration } from '../../../src/matrix/registration.ts';

const options = {
  id: 'chancery',
  url: 'http://127.0.0.1:29400',
  serverName: 'a.example',
  botLocalpart: 'chancery',
  namespacePrefix: 'chancery_',
};
let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-'));
  path = join(folder, 'registration.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

test('a registration claims its own users and aliases and nothing else', async () => {
  const registration = await makeRegistration(options);
  expect(registration).toMatchObject({
    id: 'chancery',
    url: options.url,
    sender_localpart: 'chancery_sender',
    rate_limited: false,
    receive_ephemeral: true,
    'io.element.msc4190': true,
    namespaces: {
      users: [
        { regex: '^@chancery_.*:a\\.example$', exclusive: true },
        { regex: '^@chancery:a\\.example$', exclusive: true },
      ],
      aliases: [{ regex: '^#chancery_.*:a\\.example$', exclusive: true }],
      rooms: [],
    },
  });
  expect(registration.as_token).toMatch(/^[0-9a-f]{64}$/);
  expect(registration.hs_token).not.toBe(registration.as_token);
});

test('what was written is what is read, and only its owner can', async () => {
  const registration = await makeRegistration({ ...options, url: null });
  expect(await writeRegistration(path, registration)).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readRegistration(path)).toEqual(registration);
});

test('a file that is there keeps its tokens unless it is to be replaced', async () => {
  const first = await makeRegistration(options);
  const second = await makeRegistration(options);
  await writeRegistration(path, first);
  expect(await writeRegistration(path, second)).toBe(false);
  expect(await readRegistration(path)).toEqual(first);
  expect(await writeRegistration(path, second, { overwrite: true })).toBe(true);
  expect(await readRegistration(path)).toEqual(second);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a file that would not work is refused with its line, its key and what was expected', async () => {
  const good = await makeRegistration(options);
  const refusal = async (change: object): Promise<unknown> => {
    await writeRegistration(path, { ...good, ...change }, { overwrite: true });
    return readRegistration(path).then(
      () => 'taken',
      (error: unknown) => error,
    );
  };
  expect(await refusal({ as_token: 'short' })).toMatchObject({
    code: 'CH-REGISTRATION-INVALID',
    place: expect.stringMatching(/registration\.yaml:\d+, as_token$/),
    detail: 'Expected a random token of at least 16 characters.',
  });
  expect(await refusal({ hs_token: 'CHANGE_ME_CHANGE_ME' })).toMatchObject({
    detail: 'Expected a random token, not a placeholder.',
  });
  expect(await refusal({ hs_token: good.as_token })).toMatchObject({ place: expect.stringContaining(', hs_token') });
  expect(await refusal({ url: 'ftp://x' })).toMatchObject({ place: expect.stringContaining(', url') });
  expect(await refusal({ 'io.element.msc4190': undefined })).toMatchObject({
    detail: expect.stringContaining('device'),
  });
  expect(await refusal({ namespaces: { users: [{ exclusive: true, regex: '(' }], aliases: [] } })).toMatchObject({
    place: expect.stringContaining(', namespaces.users.0.regex'),
  });
  expect(await refusal({ comment: "unknown keys are the homeserver's business" })).toBe('taken');
});

test('a refusal never repeats what stands in the file', async () => {
  await writeFile(path, 'as_token: hunter2hunter2\nhs_token: [hunter2hunter2\n');
  const error: unknown = await readRegistration(path).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CH-REGISTRATION-INVALID' });
  expect(String(error)).not.toContain('hunter2');
});

test.each([
  ['an alias of nothing', 'id: *nobody\n'],
  ['a crowd of aliases', `a: &a [1]\nb: [${'*a, '.repeat(500)}]\n`],
  ['aliases that multiply', `a: &a [1, 1]\nb: &b [${'*a, '.repeat(90)}]\nc: [${'*b, '.repeat(9)}]\n`],
  ['more levels than anybody writes', '{a: '.repeat(20_000)],
  ['a key twice', 'id: one\nid: two\n'],
])('a file with %s is refused with its line, and nothing else happens', async (_what, text) => {
  await writeFile(path, text);
  await expect(readRegistration(path)).rejects.toMatchObject({
    code: 'CH-REGISTRATION-INVALID',
    place: expect.stringMatching(/registration\.yaml:\d+/),
    detail: 'Expected YAML.',
  });
});

test('a file that is not there is named', async () => {
  await expect(readRegistration(path)).rejects.toMatchObject({ code: 'CH-REGISTRATION-INVALID', place: path });
});

test('the file is plain YAML for the homeserver', async () => {
  const registration = await makeRegistration(options);
  await writeRegistration(path, registration);
  expect(parse(await readFile(path, 'utf8'))).toEqual(registration);
});
