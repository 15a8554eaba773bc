/** Whether ffmpeg is there, and does what is asked of it, is said in plain words. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { examineFfmpeg, ffmpegOf } from '../../../src/cli/ffmpeg.ts';
import { installFfmpeg } from '../../peers/ffmpeg/install.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ffmpeg-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function script(text: string): string {
  const path = join(directory, 'ffmpeg');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('the configured one is taken, else the first on the search path, else none', async () => {
  const real = await installFfmpeg();
  symlinkSync(real, join(directory, 'ffmpeg'));
  const onPath = `/nowhere:${directory}`;
  expect(await ffmpegOf({ media: {} }, onPath)).toBe(join(directory, 'ffmpeg'));
  expect(await ffmpegOf({ media: { ffmpeg: real } }, onPath)).toBe(real);
  expect(await ffmpegOf({ media: { ffmpeg: 'off' } }, onPath)).toBeUndefined();
  expect(await ffmpegOf({ media: { ffmpeg: '/nowhere/ffmpeg' } }, onPath)).toBeUndefined();
  expect(await ffmpegOf({ media: {} }, '/nowhere')).toBeUndefined();
}, 300_000);

test('a real one makes everything, and is named with its version', async () => {
  expect(await examineFfmpeg({ media: { ffmpeg: await installFfmpeg() } })).toMatchObject({
    check: 'media.ffmpeg',
    severity: 'good',
    words: expect.stringMatching(/^ffmpeg \S*\d\.\d\S* makes JPEG, PNG and Ogg Opus\.$/u) as unknown,
  });
}, 300_000);

test('one that is switched off is no trouble', async () => {
  expect(await examineFfmpeg({ media: { ffmpeg: 'off' } })).toMatchObject({ severity: 'good' });
});

test.each([
  ['is not there', undefined, /^There is no ffmpeg where media\.ffmpeg says\./u],
  ['cannot do it', 'echo "ffmpeg version 4.1"; test "$1" = -version', /It ended with exit code 1\./u],
  ['writes nothing', 'echo "ffmpeg version 4.1" > /dev/null', /It wrote nothing\./u],
])('one that %s is a warning with what to do', async (_, text, words) => {
  const ffmpeg = text === undefined ? '/nowhere/ffmpeg' : script(text);
  const finding = await examineFfmpeg({ media: { ffmpeg } });
  expect(finding).toMatchObject({ severity: 'warning', words: expect.stringMatching(words) as unknown });
  expect(finding.advice).toMatch(/5\.1 or later/u);
});
