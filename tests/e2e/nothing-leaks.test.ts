/** What is left on disk after all that can happen to a message: nothing that was said, no secret. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pictureFile } from '../peers/picture-file.ts';
import { Scene } from '../peers/scene.ts';
import { decryptedPages, searchHouse } from '../peers/search.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ logLevel: 'debug' });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const said = [
  'a word in confidence from the citizen',
  'a caption in confidence from the citizen',
  'vertraulich-vom-amt',
  'a caption in confidence from the office',
  'a message that failed in confidence',
  'a message of unknown fate in confidence',
  'a message interrupted in confidence',
  'confidential-file-name.png',
];

test('everything that can happen to a message happens', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat(said[0] ?? '');
  await house.whatsapp.sendMedia(phone, { kind: 'image', source: { size: 40_000, seed: 7 }, caption: said[1] });
  await scene.arrivesInRoom(said[1] ?? '');
  await ana.sendText(room, said[2] ?? '');
  const picture = pictureFile(house.directory);
  const file = { name: said[7] ?? '', mime: 'image/png', msgtype: 'm.image', caption: said[3] ?? '' };
  await ana.sendFile(room, picture.path, file);
  await scene.arrivesAtPhone(said[3] ?? '');
  await scene.restartDyingAt('inbound.accepted');
  await house.whatsapp.writeText(phone, said[6] ?? '');
  await scene.restartAfterDeath();
  await scene.arrivesInRoom(said[6] ?? '');
  await scene.restartDyingAt('outbound.sending');
  const uncertain = await ana.sendText(room, said[5] ?? '');
  await scene.restartAfterDeath();
  await scene.answerTo(uncertain);
  await house.whatsapp.citizen({ phone, undeliverable: true });
  await scene.answerTo(await ana.sendText(room, said[4] ?? ''));
  await scene.settled();
  await house.bridge.stop();
}, 120_000);

test('without the key nothing that was said is found, and no secret; with it no secret and nothing that is finished', async () => {
  expect(await searchHouse(scene.house, said)).toEqual([]);
});

test('pages of the database that are not in use any more hold nothing either', async () => {
  const pages = await decryptedPages(scene.house);
  const { accessToken, appSecret, verifyToken } = scene.house.secrets;
  // What is there is found: the search works.
  expect(pages.includes('Citizen 1')).toBe(true);
  for (const needle of [...said, accessToken, appSecret, verifyToken]) expect(pages.includes(needle)).toBe(false);
});

test('sealed files are gone with their messages', () => {
  expect(readdirSync(join(scene.house.bridge.directory, 'data', 'media'))).toEqual([]);
});

test('the search finds a word in the log, a secret in a file and words in the database where they are', async () => {
  const { house } = scene;
  const findings = await searchHouse(house, ['chancery runs', 'Citizen 1 (WhatsApp)']);
  expect(findings).toEqual(
    expect.arrayContaining(['bridge.log holds "chancery runs"', 'ghost.display_name holds "Citizen 1 (WhatsApp)"']),
  );
});
