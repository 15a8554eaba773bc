/** Two numbers of two agencies' apps behind one webhook: each chat belongs to its number, each app to its own secret. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Scene, wordsOf } from '../peers/scene.ts';

const second = {
  phoneNumberId: '207651453353033',
  wabaId: '520668058026588',
  displayPhoneNumber: '493098765430',
  verifiedName: 'County of Musterland',
  accessToken: 'EAAbsecondagency0123456789',
  appSecret: 'secondappsecret0123456789abcdef',
};
const phone = '4930888001';
let scene: Scene;
let first: string;
let other: string;

beforeAll(async () => {
  scene = await Scene.open({ moreNumbers: [second] });
  await scene.house.bridge.command(
    ['login', 'whatsapp', '--answers', '-'],
    JSON.stringify({
      phone_number_id: second.phoneNumberId,
      access_token: second.accessToken,
      app_secret: second.appSecret,
      verify_token: 'secondverifytoken',
      business_account_id: second.wabaId,
    }),
  );
  await scene.house.whatsapp.citizen({ phone, name: 'Frieda' });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

/** Through which number this reached the phone. */
async function sentFrom(words: string): Promise<string> {
  await scene.arrivesAtPhone(words);
  const log = await scene.house.whatsapp.everything();
  const found = log.filter((entry) => entry.kind === 'business-message' && wordsOf(entry) === words);
  return found.map((entry) => ('account' in entry ? entry.account : '')).join(' ');
}

test('who writes to both numbers has a room with each, and is answered from the one they wrote to', async () => {
  const { whatsapp } = scene.house;
  await whatsapp.writeText(phone, 'to the city');
  await whatsapp.writeText(phone, 'to the county', { account: second.phoneNumberId });
  first = (await scene.arrivesInRoom('to the city')).room_id;
  other = (await scene.arrivesInRoom('to the county')).room_id;
  expect(other).not.toBe(first);
  await scene.ana.sendText(first, 'from the city');
  await scene.ana.sendText(other, 'from the county');
  expect(await sentFrom('from the city')).toBe('106540352242922');
  expect(await sentFrom('from the county')).toBe(second.phoneNumberId);
});

test('a new chat asks from which of the two it is to be, and is from that one', async () => {
  const asked = await scene.command(first, 'start-chat +49 30 888002');
  expect(asked).toContain('Name one account');
  expect(asked).toContain('whatsapp/106540352242922 (City of Musterstadt');
  expect(asked).toContain(`whatsapp/${second.phoneNumberId} (County of Musterland`);
  expect(await scene.command(first, `start-chat +49 30 888002 whatsapp/${second.phoneNumberId}`)).toContain(
    'matrix.to',
  );
});

test('when the token of one is refused the other goes on, and the doctor says which', async () => {
  await scene.house.whatsapp.change({ newToken: 'EAAanewtokenthatistaken' });
  await scene.ana.sendText(first, 'waits for a token');
  await scene.ana.sendText(other, 'goes out all the same');
  expect(await sentFrom('goes out all the same')).toBe(second.phoneNumberId);
  expect(await scene.reachedPhone('waits for a token')).toEqual([]);
  const { out } = await scene.house.bridge.run(['doctor']);
  expect(out).toMatch(/FAULT +whatsapp\.token: whatsapp\/106540352242922/);
  expect(out).toMatch(new RegExp(`ok +whatsapp\\.token: whatsapp/${second.phoneNumberId}`));
  await scene.house.whatsapp.change({ newToken: null });
});

test('a number that is logged out no longer takes webhooks, while the other does', async () => {
  expect(await scene.command(first, `logout whatsapp/${second.phoneNumberId}`)).toContain('is logged out');
  await scene.house.whatsapp.writeText(phone, 'still to the city');
  expect((await scene.arrivesInRoom('still to the city')).room_id).toBe(first);
  expect(await scene.command(first, 'accounts')).not.toContain(second.phoneNumberId);
});
