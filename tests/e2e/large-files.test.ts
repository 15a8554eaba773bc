/** A document of 90 MB passes both ways through the running bridge, which never holds it. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
const megabyte = 1024 * 1024;
const sizeBytes = 90 * megabyte;
const growthMegabytes = 30;

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

/** Bytes that no two places have in common, on disk; resolves to path and SHA-256. */
async function documentFile(name: string, bytes: number): Promise<{ path: string; sha256: string }> {
  const path = join(scene.house.directory, name);
  const hash = createHash('sha256');
  const blocks = function* (): Generator<Buffer> {
    for (let written = 0; written < bytes; written += megabyte) {
      const block = Buffer.alloc(Math.min(megabyte, bytes - written));
      for (let at = 0; at + 4 <= block.length; at += 4) block.writeUInt32LE((written + at) >>> 2, at);
      hash.update(block);
      yield block;
    }
  };
  await pipeline(Readable.from(blocks(), { objectMode: false }), createWriteStream(path));
  return { path, sha256: hash.digest('hex') };
}

async function fromCitizen(phone: string, filename: string, size: number): Promise<void> {
  const { ana, house } = scene;
  const { media } = await house.whatsapp.sendMedia(phone, {
    kind: 'document',
    mime: 'application/pdf',
    filename,
    source: { size, seed: size },
  });
  const event = await scene.arrivesInRoom(filename);
  expect(await ana.downloadHash(String(event.content['url']))).toEqual({ bytes: size, sha256: media.sha256 });
}

async function fromOfficial(room: string, name: string, size: number): Promise<void> {
  const { ana, house } = scene;
  const file = await documentFile(name, size);
  await ana.sendFile(room, file.path, { name, mime: 'application/pdf', msgtype: 'm.file' });
  const isIt = (content: unknown): boolean => (content as { filename?: string }).filename === name;
  const arrived = await house.whatsapp.waitForKind('business-message', ({ content }) => isIt(content), {
    what: name,
    timeoutMs: 60_000,
  });
  expect(arrived.media).toMatchObject({ bytes: size, sha256: file.sha256 });
}

test('a document of 90 MB passes both ways while the bridge grows by less than 30 MB', async () => {
  const { house } = scene;
  const { phone, room } = await scene.openChat('large files');
  await fromCitizen(phone, 'small-in.pdf', 2 * megabyte);
  await fromOfficial(room, 'small-out.pdf', 2 * megabyte);
  const before = house.bridge.residentMegabytes();
  await fromCitizen(phone, 'large-in.pdf', sizeBytes);
  const inward = house.bridge.peakMegabytes() - before;
  await fromOfficial(room, 'large-out.pdf', sizeBytes);
  const both = house.bridge.peakMegabytes() - before;
  console.log(`resident before: ${before.toFixed(0)} MB; grown by ${inward.toFixed(1)} MB, then ${both.toFixed(1)} MB`);
  expect(both).toBeLessThan(growthMegabytes);
}, 240_000);
