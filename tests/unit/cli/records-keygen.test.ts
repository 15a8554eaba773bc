import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readOfficerKey } from '../../../src/vault/officer-key.ts';
import { isRecipient } from '../../../src/vault/recipients.ts';
import { chancery } from './run-chancery.ts';

const passphrase = 'ledger lamp orbit';
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-records-'));
  path = join(folder, 'ana.age');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const keygen = (answers: object) =>
  chancery(['records', 'keygen', '--out', path, '--answers', '-'], { input: JSON.stringify(answers) });

test('writes a file that the passphrase opens, once, and prints what to put into the configuration', async () => {
  const { code, out, err } = await keygen({ passphrase: ` ${passphrase}\n` });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const recipient = out.split('\n').find((line) => isRecipient(line));
  expect((await readOfficerKey(path, passphrase)).recipient).toBe(recipient);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(out).toContain('records.recipients');
  expect(out).toContain('take the file away from this machine');
  expect(out).not.toMatch(/SECRET|ledger lamp/u);

  const before = await readFile(path);
  const again = await keygen({ passphrase });
  expect(again.code).toBe(2);
  expect(again.err).toContain(`CH-SECRET-INVALID ${path}: `);
  expect(await readFile(path)).toEqual(before);
});

describe('refuses, writes nothing and repeats no passphrase', () => {
  test.each([
    [
      'a short passphrase',
      { passphrase: 'eleven char' },
      2,
      /^CH-SECRET-INVALID passphrase: .*at least 12 characters/u,
    ],
    ['one that is long by white space only', { passphrase: ' eleven char ' }, 2, /at least 12 characters/u],
    ['no passphrase', {}, 1, /The answer passphrase is missing/u],
  ])('%s', async (_, answers, expected, words) => {
    const { code, out, err } = await keygen(answers);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toMatch(words);
    expect(err).not.toContain('eleven');
    expect(await readdir(folder)).toEqual([]);
  });

  test('a place that is not there, no place, and no terminal to ask on', async () => {
    const away = await chancery(['records', 'keygen', '--out', join(folder, 'stick', 'a'), '--answers', '-'], {
      input: JSON.stringify({ passphrase }),
    });
    expect(away.code).toBe(2);
    expect(away.err).toMatch(/^CH-SECRET-INVALID .*stick\/a: .*could not be written/u);
    expect(await chancery(['records', 'keygen'])).toMatchObject({ code: 2, err: expect.stringContaining('--out') });
    expect(await chancery(['records', 'keygen', '-o', path])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^CH-COMMAND-INVALID records keygen: .*--answers/u),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

const pseudoTerminal = '/usr/bin/script';
const onTerminal = existsSync(pseudoTerminal) ? test : test.skip;
if (!existsSync(pseudoTerminal)) console.log(`skipped: no ${pseudoTerminal}, so nobody can type at a terminal`);

onTerminal('a person types the passphrase twice, unseen, until both are the same and long enough', async () => {
  const main = resolve(import.meta.dirname, '../../../src/cli/main.ts');
  const command = `'${process.execPath}' '${main}' records keygen --out '${path}'`;
  const child = spawn(pseudoTerminal, ['-qec', command, '/dev/null'], { env: { TERM: 'dumb' } });
  const typed = ['too short', 'ledger lamp orbix', passphrase, passphrase, passphrase];
  let [seen, unread] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
    unread += chunk.toString();
    if (!/\(not shown\): /u.test(unread)) return;
    unread = '';
    child.stdin.write(`${typed.shift() ?? ''}\r`);
  });
  expect(await new Promise((done) => child.once('close', done))).toBe(0);
  expect(typed).toEqual([]);
  expect(seen).toContain('at least 12 characters; some random words are best');
  expect(seen).toContain('These two were not the same.');
  expect(seen).not.toMatch(/ledger|orbi|too short/u);
  expect((await readOfficerKey(path, passphrase)).recipient).toMatch(/^age1pq1/u);
});

test('the answers may stand in a file, and what nobody asked for is told', async () => {
  const answers = join(folder, 'answers.yaml');
  await writeFile(answers, `passphrase: ${passphrase}\nagain: ${passphrase}\n`);
  const { code, out } = await chancery(['records', 'keygen', '--out', path, '--answers', answers]);
  expect(code).toBe(0);
  expect(out).toContain('- Nobody asked for: again');
});
