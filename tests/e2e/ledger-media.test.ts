/** What citizens and officials send as files is in the bag that an officer gives, as long as the homeserver has it; after that the bag says so. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exportTo, recordsIn, verified } from '../peers/given-records.ts';
import { pictureFile } from '../peers/picture-file.ts';
import { Scene } from '../peers/scene.ts';

const outside = mkdtempSync(join(tmpdir(), 'bags-'));
const megabyte = 1024 * 1024;
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ recorded: true });
}, 300_000);

afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await scene.close();
}, 60_000);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface NamedMedia {
  readonly sha256: string;
  readonly bytes: number;
  readonly mxc: string;
  readonly mimetype: string;
}
const namedIn = (bag: string): NamedMedia[] =>
  recordsIn(bag).flatMap(({ fields }) => (fields['media'] as NamedMedia[] | undefined) ?? []);
const missingIn = (bag: string): unknown =>
  (JSON.parse(readFileSync(join(bag, 'data/statement.json'), 'utf8')) as { missingMedia: unknown }).missingMedia;

/** As an administrator of the homeserver does it, past the bridge. */
async function deleteAtHomeserver(places: readonly string[]): Promise<void> {
  const { house } = scene;
  await house.synapse.registerUser('root', house.secrets.password, true);
  const { accessToken } = await house.client('root');
  for (const place of places) {
    const deleted = await fetch(`${house.synapse.url}/_synapse/admin/v1/media/${place.slice('mxc://'.length)}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${accessToken}` },
    });
    expect(deleted.status).toBe(200);
  }
}

test('a citizen’s picture and an official’s file are in the bag byte for byte; once the homeserver lost them the bag says so, and fits as well', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('some files');
  const { media: sent } = await house.whatsapp.sendMedia(phone, {
    kind: 'image',
    mime: 'image/jpeg',
    caption: 'the broken lamp',
    source: { size: 3 * megabyte, seed: 11 },
  });
  const shown = await scene.arrivesInRoom('the broken lamp');
  const file = pictureFile(house.directory, 2 * megabyte);
  const form = { name: 'Bescheid.pdf', mime: 'application/pdf', msgtype: 'm.file' };
  // The same file twice.
  for (const caption of ['your notice', 'your notice again']) {
    await ana.sendFile(room, file.path, { ...form, caption });
    await scene.arrivesAtPhone(caption);
  }
  await scene.settled();

  const whole = join(outside, 'whole');
  await exportTo(whole, house, ['--chat', room]);
  const named = namedIn(whole);
  expect(named).toEqual([
    { sha256: sent.sha256, bytes: 3 * megabyte, mxc: shown.content['url'], mimetype: 'image/jpeg' },
    expect.objectContaining({ sha256: file.sha256, mimetype: 'application/pdf', mxc: expect.stringMatching(/^mxc:/) }),
    expect.objectContaining({ sha256: file.sha256, mimetype: 'application/pdf', mxc: expect.stringMatching(/^mxc:/) }),
  ]);
  const folder = join(whole, 'data/media');
  expect(readdirSync(folder).sort()).toEqual([sent.sha256, file.sha256].sort());
  expect(readFileSync(join(folder, file.sha256)).equals(readFileSync(file.path))).toBe(true);
  expect(sha256(readFileSync(join(folder, sent.sha256)))).toBe(sent.sha256);
  expect(missingIn(whole)).toEqual([]);
  expect(await verified(whole)).toMatchObject({ code: 0 });

  const redacted = join(outside, 'redacted');
  await exportTo(redacted, house, ['--chat', room, '--redact', 'media']);
  expect(existsSync(join(redacted, 'data/media'))).toBe(false);
  expect(namedIn(redacted)).toEqual([]);
  expect(missingIn(redacted)).toEqual([]);
  expect(await verified(redacted)).toMatchObject({ code: 0 });

  await deleteAtHomeserver(named.map(({ mxc }) => mxc));
  const later = join(outside, 'later');
  await exportTo(later, house, ['--chat', room]);
  expect(existsSync(join(later, 'data/media'))).toBe(false);
  expect(missingIn(later)).toEqual([sent.sha256, file.sha256].sort().map((each) => ({ sha256: each, why: 'gone' })));
  expect(await verified(later)).toMatchObject({ code: 0 });
  expect(await verified(whole)).toMatchObject({ code: 0 });
}, 180_000);
