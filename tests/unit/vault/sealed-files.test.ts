import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SealedFile } from '../../../src/model/content.ts';
import { asId, type MediaName } from '../../../src/model/ids.ts';
import { SealedFiles } from '../../../src/vault/sealed-files.ts';
import { plainChunkBytes } from '../../../src/vault/sealed-format.ts';

const secret = randomBytes(32);
const maxBytes = 200_000_000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const streamOf = (bytes: Uint8Array): Readable => Readable.from([bytes], { objectMode: false });

let root: string;
let folder: string;
let files: SealedFiles;
const pathOf = (file: SealedFile): string => join(folder, file.name);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chancery-sealed-'));
  folder = join(root, 'media');
  files = new SealedFiles(folder, secret);
});
afterEach(async () => rm(root, { recursive: true, force: true }));

/** The bytes that were passed on, and the code of what ended them. */
async function drain(stream: Readable): Promise<{ bytes: Buffer; code: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (thrown) {
    return { bytes: Buffer.concat(chunks), code: (thrown as { code?: unknown }).code };
  }
  return { bytes: Buffer.concat(chunks), code: undefined };
}

describe('what is sealed comes back', () => {
  test('at every size around the borders of a chunk, however the stream cuts it', async () => {
    const border = fc
      .integer({ min: 0, max: 3 })
      .chain((chunks) =>
        fc.integer({ min: -17, max: 17 }).map((around) => Math.max(0, chunks * plainChunkBytes + around)),
      );
    await fc.assert(
      fc.asyncProperty(border, fc.integer({ min: 1, max: 150_000 }), async (size, cut) => {
        const bytes = randomBytes(size);
        const pieces = Array.from({ length: Math.ceil(size / cut) }, (_, at) =>
          bytes.subarray(at * cut, at * cut + cut),
        );
        const sealed = await files.seal(Readable.from(pieces, { objectMode: false }), { maxBytes: size });
        expect(sealed).toMatchObject({ sizeBytes: size, sha256: sha256(bytes) });
        const opened = await drain(files.open(sealed));
        expect(opened.code).toBeUndefined();
        expect(opened.bytes.equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('as one file when it is the same content', async () => {
    const bytes = randomBytes(100_000);
    const [one, two] = await Promise.all([
      files.seal(streamOf(bytes), { maxBytes }),
      files.seal(streamOf(bytes), { maxBytes }),
    ]);
    expect(two).toEqual(one);
    expect(await readdir(folder)).toEqual([one.name]);
    expect((await drain(files.open(one))).bytes.equals(bytes)).toBe(true);
  });

  test('with little memory, 90 MB long', async () => {
    const block = randomBytes(1_000_000);
    const hash = createHash('sha256');
    const source = Readable.from(
      (function* () {
        for (let megabyte = 0; megabyte < 90; megabyte += 1) {
          block.writeUInt32BE(megabyte);
          hash.update(block);
          yield Buffer.from(block);
        }
      })(),
      { objectMode: false },
    );
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
    const started = performance.now();
    const sealed = await files.seal(source, { maxBytes });
    const sealedAt = performance.now();
    const back = createHash('sha256');
    for await (const chunk of files.open(sealed) as AsyncIterable<Buffer>) back.update(chunk);
    const openedAt = performance.now();
    clearInterval(watch);
    const grown = ((peak - before) / 1_000_000).toFixed(0);
    process.stdout.write(
      `90 MB: sealed in ${(sealedAt - started).toFixed(0)} ms, opened in ${(openedAt - sealedAt).toFixed(0)} ms, RSS grew by ${grown} MB\n`,
    );
    expect(sealed.sizeBytes).toBe(90_000_000);
    expect(back.digest('hex')).toBe(hash.digest('hex'));
  });

  test('no faster than its reader takes it', async () => {
    const sealed = await files.seal(streamOf(randomBytes(4_000_000)), { maxBytes });
    const stream = files.open(sealed);
    stream.once('readable', () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stream.readableLength).toBeLessThanOrEqual(2 * plainChunkBytes);
    stream.destroy();
  });
});

describe('a thief of the disk', () => {
  test('finds no word of the content, and files that only their owner may read', async () => {
    const canary = Buffer.from('the minister said: CANARY-5d1c '.repeat(10_000));
    const sealed = await files.seal(streamOf(canary), { maxBytes });
    expect((await readFile(pathOf(sealed))).includes('CANARY')).toBe(false);
    expect((await stat(pathOf(sealed))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('cannot tell a known file by its name', async () => {
    const bytes = randomBytes(1_000);
    const elsewhere = new SealedFiles(join(root, 'elsewhere'), randomBytes(32));
    const here = await files.seal(streamOf(bytes), { maxBytes });
    const there = await elsewhere.seal(streamOf(bytes), { maxBytes });
    expect(here.name).not.toBe(there.name);
    expect(here.name).not.toBe(sha256(bytes));
  });

  test('cannot open it with another secret', async () => {
    const sealed = await files.seal(streamOf(randomBytes(1_000)), { maxBytes });
    expect(await drain(new SealedFiles(folder, randomBytes(32)).open(sealed))).toMatchObject({
      bytes: Buffer.alloc(0),
      code: 'CH-MEDIA-DAMAGED',
    });
  });
});

describe('tampering is noticed before a wrong byte is passed on', () => {
  const plain = randomBytes(2 * plainChunkBytes + 100);
  const sealedChunk = plainChunkBytes + 16;
  const header = 5 + 32 + 32;

  /** What is passed on must be a beginning of the plain bytes, and end in the error. */
  async function expectRefused(sealed: SealedFile): Promise<number> {
    const { bytes, code } = await drain(files.open(sealed));
    expect(code).toBe('CH-MEDIA-DAMAGED');
    expect(plain.subarray(0, bytes.length).equals(bytes)).toBe(true);
    return bytes.length;
  }

  test('a flipped bit anywhere', async () => {
    const sealed = await files.seal(streamOf(plain), { maxBytes });
    const original = await readFile(pathOf(sealed));
    const everyHeaderBit = Array.from({ length: (header + 2) * 8 }, (_, bit) => bit);
    const anyBit = fc.sample(fc.integer({ min: 0, max: original.length * 8 - 1 }), 200);
    for (const bit of [...everyHeaderBit, ...anyBit, original.length * 8 - 1]) {
      const damaged = Buffer.from(original);
      const at = Math.floor(bit / 8);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << (bit % 8)), at);
      await writeFile(pathOf(sealed), damaged);
      const passed = await expectRefused(sealed);
      expect(passed).toBe(at < header ? 0 : Math.floor((at - header) / sealedChunk) * plainChunkBytes);
    }
  });

  test('a file cut at any place, or with something added', async () => {
    const sealed = await files.seal(streamOf(plain), { maxBytes });
    const original = await readFile(pathOf(sealed));
    for (const length of [0, 1, header, header + sealedChunk, header + 2 * sealedChunk, original.length - 1]) {
      await writeFile(pathOf(sealed), original);
      await truncate(pathOf(sealed), length);
      expect(await expectRefused(sealed)).toBe(0);
    }
    await writeFile(pathOf(sealed), Buffer.concat([original, Buffer.alloc(1)]));
    expect(await expectRefused(sealed)).toBe(0);
  });

  test('chunks that changed places, and a chunk that was repeated', async () => {
    const sealed = await files.seal(streamOf(plain), { maxBytes });
    const original = await readFile(pathOf(sealed));
    const head = original.subarray(0, header);
    const [first, second, last] = [0, 1, 2].map((number) =>
      original.subarray(header + number * sealedChunk, header + (number + 1) * sealedChunk),
    ) as [Buffer, Buffer, Buffer];
    await writeFile(pathOf(sealed), Buffer.concat([head, second, first, last]));
    expect(await expectRefused(sealed)).toBe(0);
    await writeFile(pathOf(sealed), Buffer.concat([head, first, first, last]));
    expect(await expectRefused(sealed)).toBe(plainChunkBytes);
  });

  test('another sealed file, of the same size, in its place', async () => {
    const sealed = await files.seal(streamOf(plain), { maxBytes });
    const other = await files.seal(streamOf(randomBytes(plain.length)), { maxBytes });
    await copyFile(pathOf(other), pathOf(sealed));
    expect(await expectRefused(sealed)).toBe(0);
  });

  test('a name that is a path', async () => {
    await writeFile(join(root, 'outside'), 'not ours');
    const name = asId<MediaName>('../outside');
    const { code } = await drain(files.open({ name, sizeBytes: 8, sha256: 'aa' }));
    expect(code).toBe('CH-MEDIA-GONE');
    await expect(files.remove(name)).rejects.toMatchObject({ code: 'CH-MEDIA-GONE' });
    expect(await readFile(join(root, 'outside'), 'utf8')).toBe('not ours');
  });
});

describe('a file that cannot be kept leaves nothing behind', () => {
  async function expectNothing(sealing: Promise<SealedFile>, failure: object, source: Readable): Promise<void> {
    await expect(sealing).rejects.toMatchObject(failure);
    expect(await readdir(folder)).toEqual([]);
    expect(source.destroyed).toBe(true);
  }

  test('when it is not what was announced', async () => {
    const source = streamOf(randomBytes(10));
    const sealing = files.seal(source, { maxBytes, expectedSha256: sha256(randomBytes(10)) });
    await expectNothing(sealing, { code: 'CH-MEDIA-DAMAGED' }, source);
  });

  test('but one that is, is kept', async () => {
    const bytes = randomBytes(10);
    await files.seal(streamOf(bytes), { maxBytes, expectedSha256: sha256(bytes).toUpperCase() });
    expect(await readdir(folder)).toHaveLength(1);
  });

  test('when it is one byte too long, without waiting for its end', async () => {
    const source = new PassThrough();
    source.write(randomBytes(1_001));
    await expectNothing(files.seal(source, { maxBytes: 1_000 }), { code: 'CH-MEDIA-TOO-LARGE' }, source);
  });

  test('when its stream breaks, early or late, with the reason of the stream', async () => {
    const early = new PassThrough();
    const sealing = files.seal(early, { maxBytes });
    early.destroy(new Error('connection lost'));
    await expectNothing(sealing, { message: 'connection lost' }, early);
    const late = new PassThrough();
    late.write(randomBytes(100_000));
    setTimeout(() => late.destroy(new Error('connection lost late')), 20);
    await expectNothing(files.seal(late, { maxBytes }), { message: 'connection lost late' }, late);
  });

  test('when it is called off, before or while it runs', async () => {
    const before = new PassThrough();
    const sealing = files.seal(before, { maxBytes, signal: AbortSignal.abort() });
    await expectNothing(sealing, { name: 'AbortError' }, before);
    const during = new PassThrough();
    during.write('x');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 20);
    await expectNothing(files.seal(during, { maxBytes, signal: stop.signal }), { name: 'AbortError' }, during);
  });

  test('when the disk refuses', async () => {
    await rm(folder, { recursive: true });
    const source = streamOf(randomBytes(10));
    await expect(files.seal(source, { maxBytes })).rejects.toMatchObject({ code: 'CH-STORE-FAILED' });
    expect(source.destroyed).toBe(true);
  });
});

describe('tidying up', () => {
  test('a removed file is gone, and removing it again is no error', async () => {
    const sealed = await files.seal(streamOf(randomBytes(10)), { maxBytes });
    await files.remove(sealed.name);
    await files.remove(sealed.name);
    expect((await drain(files.open(sealed))).code).toBe('CH-MEDIA-GONE');
  });

  test('a sweep removes unfinished and unknown files and nothing else', async () => {
    const known = await files.seal(streamOf(randomBytes(10)), { maxBytes });
    const unknown = await files.seal(streamOf(randomBytes(10)), { maxBytes });
    await writeFile(join(folder, 'b6d1.part'), 'half a file');
    await writeFile(join(folder, 'README'), 'put here by the administrator');
    expect(await files.sweep((name) => Promise.resolve(name === known.name))).toBe(2);
    expect((await readdir(folder)).sort()).toEqual([known.name, 'README'].sort());
    expect((await drain(files.open(unknown))).code).toBe('CH-MEDIA-GONE');
  });

  test('a stream that is not read to its end closes its file', async () => {
    const sealed = await files.seal(streamOf(randomBytes(500_000)), { maxBytes });
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    for (let times = 0; times < 20; times += 1) {
      const stream = files.open(sealed);
      await once(stream, 'readable');
      stream.destroy();
      files.open(sealed).destroy();
    }
    await turn();
    expect(await openFiles()).toBeLessThanOrEqual(before + 1);
  });
});
