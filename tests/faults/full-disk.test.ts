/**
 * The disk is really full for a while. Nobody is told "received" for what could not be stored, and when there is room
 * again everything arrives, once and in order. Where nothing may be mounted there is no such disk, and that is said.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SmallFilesystem } from '../peers/disk/small-filesystem.ts';
import { pictureFile } from '../peers/picture-file.ts';
import { Scene } from '../peers/scene.ts';

const directory = mkdtempSync(join(tmpdir(), 'full-disk-'));
const disk = SmallFilesystem.mount(join(directory, 'bridge', 'data'), 24);
const onSmallDisk = disk === undefined ? test.skip : test;
if (disk === undefined) console.log('skipped: this user may not mount a small file system, so no disk can be filled');
let scene: Scene;

beforeAll(async () => {
  if (disk !== undefined) scene = await Scene.open({ directory });
}, 300_000);

afterAll(async () => {
  if (disk !== undefined) await scene.close();
  disk?.unmount();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

onSmallDisk('what both sides wrote while the disk was full arrives when there is room again', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before the disk was full');
  const picture = pictureFile(house.directory);
  disk?.fill();
  for (const text of ['first', 'second', 'third']) await house.whatsapp.writeText(phone, `${text} on a full disk`);
  const caption = 'a photo on a full disk';
  await house.whatsapp.sendMedia(phone, { kind: 'image', source: { size: 50_000, seed: 1 }, caption });
  await ana.sendText(room, 'an answer on a full disk');
  await ana.sendFile(room, picture.path, {
    name: 'form.png',
    mime: 'image/png',
    msgtype: 'm.image',
    caption: 'a form on a full disk',
  });
  for (let look = 0; look < 20; look += 1) {
    disk?.fill();
    await delay(100);
  }
  expect(house.bridge.running).toBe(true);
  disk?.makeRoom();
  await scene.arrivesInRoom(caption);
  await scene.arrivesAtPhone('a form on a full disk');
  await scene.settled();
  const said = ana.said(room).map(({ content }) => String(content['body']));
  expect(said.filter((body) => / on a full disk$/.test(body) && !/^an? (answer|form)/.test(body))).toEqual([
    'first on a full disk',
    'second on a full disk',
    'third on a full disk',
    caption,
  ]);
  for (const text of ['an answer on a full disk', 'a form on a full disk'])
    expect(await scene.reachedPhone(text)).toHaveLength(1);
});
