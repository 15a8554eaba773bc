/**
 * Files that are made into types that a network takes, by a real ffmpeg and judged by another run of it; and everything
 * that hostile files and broken programs can do about it.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { messageOf } from '../../../src/base/errors.ts';
import { Transcoding, type TranscodingOptions } from '../../../src/bridge/transcoding.ts';
import type { Makeable } from '../../../src/bridge/ways.ts';
import type { SealedFile, Transcoded } from '../../../src/model/content.ts';
import { SealedFiles } from '../../../src/vault/sealed-files.ts';
import { Ffmpeg } from '../../peers/ffmpeg/ffmpeg.ts';

let ffmpeg: Ffmpeg;
let directory: string;
let files: SealedFiles;
const never = new AbortController().signal;
const troubles: string[] = [];

beforeAll(async () => {
  ffmpeg = await Ffmpeg.installed();
  directory = mkdtempSync(join(tmpdir(), 'transcoding-'));
  files = new SealedFiles(join(directory, 'media'), new Uint8Array(32).fill(3));
}, 300_000);

afterAll(() => {
  ffmpeg.close();
  rmSync(directory, { recursive: true });
});

const seal = (bytes: Uint8Array): Promise<SealedFile> => files.seal(Readable.from([bytes]), { maxBytes: 2 ** 30 });

const image = (mimeType: string): Makeable => {
  return { kind: 'image', mimeType, types: ['image/jpeg', 'image/png'], maxBytes: 5 * 2 ** 20 };
};
const voice = (mimeType: string): Makeable => ({ kind: 'voice', mimeType, types: ['audio/ogg'], maxBytes: 2 ** 24 });

async function made(bytes: Uint8Array, into: Makeable, options: Partial<TranscodingOptions> = {}): Promise<Transcoded> {
  const transcoding = new Transcoding({ files, ffmpeg: ffmpeg.path, ...options });
  return transcoding.make(await seal(bytes), into, never, (thrown) => troubles.push(messageOf(thrown)));
}

async function bytesOf(transcoded: Transcoded): Promise<Buffer> {
  if (!('file' in transcoded)) throw new Error(`nothing was made: ${transcoded.not}`);
  return buffer(files.open(transcoded.file));
}

const one = ['-frames:v', '1'];
const picture = 'testsrc2=s=320x240';
const seeThrough = 'color=red@0.5:s=320x240,format=rgba';
const tone = 'sine=d=3';
const jpeg = 'ffd8ff';
const png = '89504e470d0a1a0a';

describe('a picture', () => {
  test.each<[string, string, readonly string[]]>([
    ['image/webp', 'webp', one],
    ['image/gif', 'gif', one],
    ['image/bmp', 'bmp', one],
    ['image/tiff', 'tiff', one],
    ['image/avif', 'avif', [...one, '-c:v', 'libaom-av1', '-still-picture', '1', '-cpu-used', '8']],
  ])('of the type %s becomes a JPEG', async (mimeType, ending, options) => {
    const original = await ffmpeg.bytes(picture, ending, options);
    const bytes = await bytesOf(await made(original, image(mimeType)));
    expect(bytes.toString('hex', 0, 3)).toBe(jpeg);
    const words = expect.stringContaining('320x240') as unknown;
    expect(ffmpeg.tell(bytes)).toMatchObject({ codec: 'mjpeg', words });
  });

  test.each([
    ['image/webp', 'webp', ['-lossless', '1']],
    ['image/tiff', 'tiff', []],
  ])('of the type %s that can be seen through becomes a PNG that can be', async (mimeType, ending, options) => {
    const bytes = await bytesOf(
      await made(await ffmpeg.bytes(seeThrough, ending, [...one, ...options]), image(mimeType)),
    );
    expect(bytes.toString('hex', 0, 8)).toBe(png);
    expect(ffmpeg.tell(bytes).words).toMatch(/png, rgba.* 320x240/u);
  });

  test('keeps its dimensions when they are odd', async () => {
    const original = await ffmpeg.bytes('testsrc2=s=321x239,format=rgb24', 'gif', one);
    expect(ffmpeg.tell(await bytesOf(await made(original, image('image/gif')))).words).toContain('321x239');
  });

  test('becomes what the network takes, where it takes one type only', async () => {
    const original = await ffmpeg.bytes(seeThrough, 'webp', one);
    const transcoded = await made(original, { ...image('image/webp'), types: ['image/jpeg'] });
    expect((await bytesOf(transcoded)).toString('hex', 0, 3)).toBe(jpeg);
  });

  test.each<[string, string, readonly string[]]>([
    ['image/gif', 'gif', ['-t', '1']],
    ['image/webp', 'webp', ['-t', '1', '-c:v', 'libwebp_anim']],
    ['image/avif', 'avif', ['-t', '1', '-r', '5', '-c:v', 'libaom-av1', '-cpu-used', '8']],
  ])('of the type %s that moves is left as it is', async (mimeType, ending, options) => {
    expect(await made(await ffmpeg.bytes(picture, ending, options), image(mimeType))).toEqual({ not: 'several' });
  });

  test('with a second page is left as it is', async () => {
    const page = await ffmpeg.bytes(picture, 'tiff', one);
    const directoryAt = page.readUInt32LE(4);
    const nextAt = directoryAt + 2 + page.readUInt16LE(directoryAt) * 12;
    page.writeUInt32LE(directoryAt, nextAt);
    expect(await made(page, image('image/tiff'))).toEqual({ not: 'several' });
  });

  test('that would be larger than the network takes is told apart, and nothing is left of it', async () => {
    const original = await ffmpeg.bytes(picture, 'webp', one);
    await seal(original);
    const before = readdirSync(join(directory, 'media'));
    const transcoded = await made(original, { ...image('image/webp'), maxBytes: 5_000 });
    expect(transcoded).toEqual({ not: 'too-large', mimeType: 'image/jpeg' });
    expect(readdirSync(join(directory, 'media'))).toEqual(before);
  });

  test('keeps nothing of what the file said about itself', async () => {
    const original = await ffmpeg.bytes(picture, 'gif', [...one, '-metadata', 'comment=said in confidence']);
    const bytes = await bytesOf(await made(original, image('image/gif')));
    expect(bytes.includes('said in confidence')).toBe(false);
  });
});

describe('a voice message', () => {
  test.each<[string, string, readonly string[]]>([
    ['audio/mp4', 'm4a', ['-c:a', 'aac', '-movflags', '+faststart']],
    ['audio/x-m4a', 'm4a', ['-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov']],
    ['audio/aac', 'aac', ['-c:a', 'aac']],
    ['audio/webm', 'webm', ['-c:a', 'libopus', '-ac', '2']],
    ['audio/mpeg', 'mp3', ['-c:a', 'libmp3lame']],
    ['audio/wav', 'wav', []],
    ['audio/flac', 'flac', []],
    ['audio/amr', 'amr', ['-ar', '8000', '-ac', '1', '-c:a', 'libopencore_amrnb']],
    ['audio/opus', 'ogg', ['-c:a', 'libopus']],
  ])('of the type %s (%s) becomes Ogg Opus with one channel', async (mimeType, ending, options) => {
    const bytes = await bytesOf(await made(await ffmpeg.bytes(tone, ending, options), voice(mimeType)));
    expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', 28, 36)]).toEqual(['OggS', 'OpusHead']);
    expect(ffmpeg.tell(bytes)).toMatchObject({
      codec: 'opus',
      seconds: 3,
      words: expect.stringMatching(/48000 Hz, mono/u) as unknown,
    });
  });

  test('whose index stands at its end cannot be read from a pipe and is left as it is', async () => {
    const original = await ffmpeg.bytes('anoisesrc=d=60', 'm4a', ['-c:a', 'aac', '-b:a', '128k']);
    expect(await made(original, voice('audio/mp4'))).toEqual({ not: 'failed' });
  });
});

describe('a hostile file', () => {
  const types = ['image/webp', 'image/gif', 'image/bmp', 'image/tiff', 'image/avif'];
  const sounds = [
    'audio/mp4',
    'audio/aac',
    'audio/webm',
    'audio/mpeg',
    'audio/wav',
    'audio/flac',
    'audio/amr',
    'audio/opus',
  ];

  test.each([...types.map(image), ...sounds.map(voice)])('of garbage is left as it is: $mimeType', async (into) => {
    const garbage = Buffer.from(Array.from({ length: 40_000 }, (_, at) => (at * 7_919 + (at >> 3) * 104_729) & 0xff));
    for (const bytes of [garbage, garbage.subarray(0, 3), Buffer.alloc(0), Buffer.alloc(100_000)])
      expect(await made(bytes, into)).toEqual({ not: expect.stringMatching(/^(?:failed|several)$/u) });
  });

  test('that breaks off is left as it is', async () => {
    const whole = await ffmpeg.bytes(picture, 'webp', one);
    expect(await made(whole.subarray(0, whole.length / 2), image('image/webp'))).toEqual({ not: 'failed' });
    const spoken = await ffmpeg.bytes(tone, 'm4a', ['-c:a', 'aac', '-movflags', '+faststart']);
    expect(await made(spoken.subarray(0, spoken.length / 2), voice('audio/mp4'))).toEqual({ not: 'failed' });
  });

  test('that is of another type than it says is left as it is, whatever it is', async () => {
    const playlist = Buffer.from(`#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n`);
    const wave = await ffmpeg.bytes(tone, 'wav');
    const moving = await ffmpeg.bytes(picture, 'mp4', ['-t', '1']);
    for (const bytes of [playlist, wave, moving])
      expect(await made(bytes, image('image/gif'))).toEqual({ not: 'failed' });
    for (const bytes of [playlist, wave, moving])
      expect(await made(bytes, voice('audio/mp4'))).toEqual({ not: 'failed' });
  });

  test('of enormous dimensions in few bytes is not unpacked', async () => {
    const bomb = await ffmpeg.bytes('color=red:s=8000x8000', 'webp', [...one, '-c:v', 'libwebp']);
    expect(bomb.length).toBeLessThan(2 ** 20);
    expect(await made(bomb, image('image/webp'))).toEqual({ not: 'failed' });
    const claimed = await ffmpeg.bytes(picture, 'gif', one);
    claimed.writeUInt16LE(65_535, 6);
    claimed.writeUInt16LE(65_535, 8);
    expect(await made(claimed, image('image/gif'))).toEqual({ not: 'failed' });
  });

  test('that was damaged on our own disk is trouble of ours, and not called unreadable', async () => {
    const sealed = await seal(await ffmpeg.bytes(tone, 'wav'));
    const path = join(directory, 'media', sealed.name);
    const transcoding = new Transcoding({ files, ffmpeg: ffmpeg.path });
    writeFileSync(path, 'x');
    await expect(transcoding.make(sealed, voice('audio/wav'), never, () => undefined)).rejects.toMatchObject({
      code: 'CH-MEDIA-DAMAGED',
    });
    rmSync(path);
    await expect(transcoding.make(sealed, voice('audio/wav'), never, () => undefined)).rejects.toMatchObject({
      code: 'CH-MEDIA-GONE',
    });
  });
});

describe('a program in the place of ffmpeg', () => {
  const script = (text: string): string => {
    const path = join(directory, `program-${text.length}`);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const spoken = Buffer.from('whatever');

  test.each<[string, string, RegExp]>([
    ['hangs', 'sleep 600', /took longer/u],
    ['is killed', 'kill -9 $$', /ended by SIGKILL/u],
    ['writes nothing', 'exec cat > /dev/null', /wrote nothing/u],
    ['fails after it wrote something', 'echo OggS; exit 1', /exit code 1/u],
  ])('that %s leaves the file as it is, and nothing else', async (_, text, words) => {
    troubles.length = 0;
    await seal(spoken);
    const before = readdirSync(join(directory, 'media'));
    expect(await made(spoken, voice('audio/wav'), { ffmpeg: script(text), withinMs: 400 })).toEqual({ not: 'failed' });
    expect(troubles).toEqual([expect.stringMatching(words)]);
    expect(readdirSync(join(directory, 'media'))).toEqual(before);
  });

  test('that writes without end is stopped at the limit', async () => {
    const endless = script('exec cat /dev/zero');
    const into = { ...voice('audio/wav'), maxBytes: 1_000_000 };
    expect(await made(spoken, into, { ffmpeg: endless })).toEqual({ not: 'too-large', mimeType: 'audio/ogg' });
    expect(await made(spoken, image('image/gif'), { ffmpeg: endless })).toEqual({ not: 'failed' });
  });

  test('that is not there, or not any more, leaves the file as it is', async () => {
    expect(await made(spoken, voice('audio/wav'), { ffmpeg: join(directory, 'none') })).toEqual({ not: 'failed' });
    expect(await made(spoken, voice('audio/wav'), { ffmpeg: undefined })).toEqual({ not: 'failed' });
    expect(new Transcoding({ files, ffmpeg: undefined }).isThere).toBe(false);
  });

  test('that is busy with other files is waited for, but not for ever', async () => {
    const transcoding = new Transcoding({ files, ffmpeg: script('exec sleep 600'), withinMs: 3_000, patienceMs: 300 });
    const sealed = await seal(spoken);
    const ended: string[] = [];
    const make = (name: string): Promise<Transcoded> =>
      transcoding.make(sealed, voice('audio/wav'), never, () => ended.push(name));
    const all = await Promise.all([make('first'), make('second'), make('third')]);
    expect(all).toEqual([{ not: 'failed' }, { not: 'failed' }, { not: 'failed' }]);
    expect(ended[0]).toBe('third');
  });

  test('that is interrupted because the bridge stops has not failed', async () => {
    const stopping = new AbortController();
    const transcoding = new Transcoding({ files, ffmpeg: script('sleep 600 # long') });
    const running = transcoding.make(await seal(spoken), voice('audio/wav'), stopping.signal, () => undefined);
    setTimeout(() => stopping.abort(new Error('the bridge stops')), 100);
    await expect(running).rejects.toThrow('the bridge stops');
  });
});
