/** A file of the homeserver on its way to an officer, over the real socket: as a stream, within bounds, and with the reason where there is none. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog } from '../../../src/base/logging.ts';
import { ControlClient } from '../../../src/cli/control-client.ts';
import { ControlServer, type ControlTarget } from '../../../src/cli/control-server.ts';
import { recordSourceOver } from '../../../src/cli/record-source.ts';
import type { RecordsTarget } from '../../../src/cli/records-routes.ts';
import type { DownloadedMedia } from '../../../src/matrix/homeserver-media.ts';
import { HomeserverError } from '../../../src/matrix/homeserver-error.ts';
import { asId, type UserId } from '../../../src/model/ids.ts';
import { BrokenOff } from '../../../src/records/bagged-media.ts';
import { handedMedia } from '../../../src/records/handed-media.ts';
import type { RecordSource } from '../../../src/records/export.ts';

const limit = 1_000_000;
const mxc = 'mxc://agency.example/file';
let folder: string;
let server: ControlServer;
let source: RecordSource;
let download: () => Promise<DownloadedMedia>;
let asked: string[];
let isStopped: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handed-'));
  asked = [];
  isStopped = false;
  const homeserver = {
    mediaLimitBytes: async () => limit,
    downloadMedia: (_: unknown, uri: string) => {
      asked.push(uri);
      return download();
    },
  };
  const bot = { user: asId<UserId>('@chancery:agency.example'), device: 'DEVICE' };
  const records = { media: (uri, bytes) => handedMedia({ homeserver, bot }, uri, bytes) } as Pick<
    RecordsTarget,
    'media'
  >;
  const config = { data: { directory: folder }, records: { recipients: [], epoch_hours: 24 } };
  server = new ControlServer(config, { records } as unknown as ControlTarget, createLog('silent'));
  await server.start();
  source = recordSourceOver(ControlClient.forRecords(config));
});
afterEach(async () => {
  if (!isStopped) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const pieces = (count: number, size = 100_000): Readable =>
  Readable.from(Array.from({ length: count }, (_, at) => Buffer.alloc(size, at + 1)));
async function bytesOf(bytes: number): Promise<Buffer> {
  const handed = await source.media(mxc, bytes);
  if (typeof handed === 'string') throw new Error(handed);
  return buffer(Readable.from(handed));
}
const refusing = (kind: HomeserverError['kind'], status: number): (() => Promise<never>) => {
  const failure = new HomeserverError({ kind, status, detail: `It answered ${status}.` });
  return () => Promise.reject(failure);
};

test('a file comes byte for byte, from the place that was asked for', async () => {
  download = async () => ({ stream: pieces(8), sizeBytes: 800_000 });
  expect((await bytesOf(800_000)).equals(await buffer(pieces(8)))).toBe(true);
  expect(asked).toEqual([mxc]);
});

test('what the homeserver does not hand over any more, and what it did not get from another, is gone', async () => {
  for (const failing of [
    refusing('permanent', 404),
    refusing('permanent', 403),
    refusing('again', 502),
    refusing('again', 504),
  ]) {
    download = failing;
    expect(await source.media(mxc, 5)).toBe('gone');
  }
});

test('what may be had later is not taken for gone', async () => {
  for (const failing of [
    refusing('unreachable', 503),
    refusing('again', 500),
    refusing('again', 429),
    refusing('again', 401),
  ]) {
    download = failing;
    await expect(source.media(mxc, 5)).rejects.toMatchObject({
      code: expect.stringMatching(/^CH-HOMESERVER-/) as unknown,
    });
  }
});

test('what is larger than the homeserver takes is too large, whether the record says so or the homeserver', async () => {
  const stream = pieces(1);
  download = async () => ({ stream, sizeBytes: limit + 1 });
  expect(await source.media(mxc, limit + 1)).toBe('too large');
  expect(asked).toEqual([]);
  expect(await source.media(mxc, 5)).toBe('too large');
  expect(stream.destroyed).toBe(true);
});

test('a file that grows beyond the bound on its way, or breaks, is known not to be whole', async () => {
  const growing = pieces(20);
  download = async () => ({ stream: growing });
  await expect(bytesOf(5)).rejects.toThrow(BrokenOff);
  expect(growing.destroyed).toBe(true);
  async function* breaking(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10);
    throw new Error('the line is cut');
  }
  download = async () => ({ stream: Readable.from(breaking()) });
  await expect(bytesOf(10)).rejects.toThrow(BrokenOff);
});

test('an address that is none leads nowhere', async () => {
  for (const address of ['https://agency.example/file', 'mxc://agency.example/../admin', 'mxc://agency.example', ''])
    expect(await source.media(address, 5)).toBe('gone');
  expect(asked).toEqual([]);
});

test('the homeserver is asked no further than the officer reads, and no more once they are gone', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      given += 1;
      yield Buffer.alloc(1_000);
    }
  }
  const stream = Readable.from(endless());
  download = async () => ({ stream });
  const handed = await source.media(mxc, 5);
  if (typeof handed === 'string') throw new Error(handed);
  for await (const piece of handed) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  while (!stream.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
  // The bound is not what ended it.
  expect(given * 1_000).toBeLessThan(limit);
});

test('a bridge that stops does not wait for a file that nobody reads to its end', async () => {
  async function* waiting(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10);
    await new Promise((resolve) => setTimeout(resolve, 500_000).unref());
  }
  download = async () => ({ stream: Readable.from(waiting()) });
  const reading = bytesOf(20);
  const broken = expect(reading).rejects.toThrow(BrokenOff);
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await server.stop();
  isStopped = true;
  await broken;
});
