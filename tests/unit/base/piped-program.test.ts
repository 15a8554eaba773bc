/** Another program in the pipe: it gets what it is given and no more, and cannot outstay its time or hide its failure. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { findProgram, isProgram, type PipedProgram, throughProgram } from '../../../src/base/piped-program.ts';

let directory: string;
const soonMs = 300;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'piped-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A program that is a script of the shell. */
function script(text: string): string {
  const path = join(directory, 'program');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function outputOf(program: string, more: Partial<PipedProgram> = {}): Promise<string> {
  const pieces: Uint8Array[] = [];
  const task = {
    program,
    args: [],
    input: () => Readable.from([]),
    withinMs: 20_000,
    signal: new AbortController().signal,
  };
  for await (const piece of throughProgram({ ...task, ...more })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const failure = (detail: RegExp): unknown =>
  expect.objectContaining({ code: 'CH-PROGRAM-FAILED', detail: expect.stringMatching(detail) as unknown });

/** Whether the process whose number stands in this file is there no more. */
async function isGone(file: string): Promise<boolean> {
  for (let looks = 0; looks < 200; looks += 1) {
    const state = existsSync(file) ? stateOf(readFileSync(file, 'utf8').trim()) : 'none';
    if (state === 'gone') return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** proc(5): the letter after the name in brackets; Z has ended and is only not collected. */
function stateOf(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'Z' ? 'gone' : 'there';
  } catch {
    return 'gone';
  }
}

test('what goes in comes out, whatever its length', async () => {
  const input = Array.from({ length: 300 }, (_, at) => Buffer.alloc(10_000, at));
  const pieces: Uint8Array[] = [];
  const task = { program: script('exec cat'), args: [], withinMs: 20_000, signal: new AbortController().signal };
  for await (const piece of throughProgram({ ...task, input: () => Readable.from(input) })) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(Buffer.concat(input))).toBe(true);
});

test('it sees nothing of the environment, and arguments reach it as they are', async () => {
  process.env['CHANCERY_TEST_SECRET'] = 'nobody may see this';
  const seen = await outputOf(script('/usr/bin/env; printf "<%s>" "$@"'), { args: ['$HOME; ls', '`id`'] });
  delete process.env['CHANCERY_TEST_SECRET'];
  expect(seen).not.toMatch(/nobody may see this|HOME=|NODE/u);
  expect(seen).toMatch(/<\$HOME; ls><`id`>$/u);
});

test('a program that ends before it has read everything may still have done its work', async () => {
  const endless = (): Readable =>
    Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
  expect(await outputOf(script('echo enough'), { input: endless })).toBe('enough\n');
});

test.each([
  ['ends with another exit code', 'echo half; exit 3', /^It ended with exit code 3\.$/u],
  ['is killed', 'echo half; kill -9 $$', /^It was ended by SIGKILL\.$/u],
])('what a program wrote that %s is followed by an error', async (_, text, detail) => {
  let seen = '';
  const task = { args: [], input: () => Readable.from([]), withinMs: 20_000, signal: new AbortController().signal };
  const reading = async (): Promise<void> => {
    for await (const piece of throughProgram({ ...task, program: script(text) })) seen += Buffer.from(piece).toString();
  };
  await expect(reading()).rejects.toEqual(failure(detail));
  expect(seen).toBe('half\n');
});

test('a program that is not there, or is none, is told as such', async () => {
  await expect(outputOf(join(directory, 'nothing'))).rejects.toEqual(failure(/ENOENT/u));
  writeFileSync(join(directory, 'text'), 'no program');
  await expect(outputOf(join(directory, 'text'))).rejects.toEqual(failure(/EACCES/u));
  await expect(outputOf(directory)).rejects.toEqual(failure(/EACCES/u));
  await expect(outputOf(script('true'), { args: ['\0'] })).rejects.toEqual(failure(/null bytes/u));
});

test('a program that hangs is ended with all that it started', async () => {
  const mine = join(directory, 'pid');
  const hanging = script(`sleep 600 &\necho $! > ${mine}\nwait`);
  await expect(outputOf(hanging, { withinMs: soonMs })).rejects.toEqual(failure(/^It took longer than/u));
  expect(await isGone(mine)).toBe(true);
});

test('a program that writes without end is ended when nobody reads any more', async () => {
  const mine = join(directory, 'pid');
  const task = { args: [], input: () => Readable.from([]), withinMs: 60_000, signal: new AbortController().signal };
  let bytes = 0;
  for await (const piece of throughProgram({ ...task, program: script(`echo $$ > ${mine}\nexec cat /dev/zero`) })) {
    bytes += piece.length;
    if (bytes > 1_000_000) break;
  }
  expect(await isGone(mine)).toBe(true);
});

test('stopping ends it and is no failure of the program', async () => {
  const mine = join(directory, 'pid');
  const stopping = new AbortController();
  const running = outputOf(script(`echo $$ > ${mine}\nexec sleep 600`), { signal: stopping.signal });
  while (!existsSync(mine)) await new Promise((resolve) => setTimeout(resolve, 10));
  stopping.abort(new Error('the bridge stops'));
  await expect(running).rejects.toThrow('the bridge stops');
  expect(await isGone(mine)).toBe(true);
  await expect(outputOf(script('true'), { signal: stopping.signal })).rejects.toThrow('the bridge stops');
});

test('an input that fails is no end of the input: what was made of a part of it is not whole', async () => {
  const damaged = (): Readable =>
    Readable.from(
      (async function* () {
        yield Buffer.from('the beginning');
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new ChanceryError('CH-MEDIA-DAMAGED');
      })(),
    );
  await expect(outputOf(script('exec cat'), { input: damaged })).rejects.toMatchObject({ code: 'CH-MEDIA-DAMAGED' });
});

test('a program is found on the search path, in absolute folders only', async () => {
  const path = script('true');
  expect(await findProgram('program', `/nowhere:.:${directory}`)).toBe(path);
  expect(await findProgram('program', `/nowhere:.`)).toBeUndefined();
  expect(await findProgram('program')).toBeUndefined();
  chmodSync(path, 0o644);
  expect(await findProgram('program', directory)).toBeUndefined();
  expect([await isProgram(path), await isProgram(directory)]).toEqual([false, false]);
});
