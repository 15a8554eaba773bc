/** A token that WhatsApp no longer takes: who must know is told once, everything waits, and a new token sets it free. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loginAnswers } from '../peers/house.ts';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
const newToken = 'EAAanewtokenthatistaken';

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const toldBy = (words: RegExp): string[] =>
  scene.ana.events
    .filter(({ sender, content }) => sender === '@chancery:localhost' && words.test(String(content['body'])))
    .map(({ content }) => String(content['body']));

test('the admin is told once although many messages are refused, also over a restart, and messages wait', async () => {
  const { house, ana } = scene;
  const chats = [await scene.openChat('one'), await scene.openChat('two'), await scene.openChat('three')];
  await house.whatsapp.change({ newToken });
  for (const { room } of chats) await ana.sendText(room, `waits in ${room}`);
  await ana.waitForEvent(({ content }) => /not accepted by its network/.test(String(content['body'])), {
    what: 'what the admin is told',
    timeoutMs: 30_000,
  });
  await house.bridge.stop();
  await house.bridge.start();
  await scene.openChat('four');
  await ana.sendText(chats[0]?.room ?? '', 'waits too');
  await scene.command(chats[1]?.room ?? '', 'status');
  expect(toldBy(/not accepted by its network/)).toHaveLength(1);
  expect(toldBy(/not accepted by its network/)[0]).toMatch(/access token/i);
  expect(await scene.command(chats[1]?.room ?? '', 'accounts')).toMatch(/refused since 20/);
  expect(await scene.reachedPhone(`waits in ${chats[0]?.room ?? ''}`)).toEqual([]);
});

test('a login with a new token sends at once what waited, in order, without a restart, and the admin is told', async () => {
  const { house, ana } = scene;
  const began = Date.now();
  await house.bridge.command(
    ['login', 'whatsapp', '--answers', '-'],
    loginAnswers({ ...house.secrets, accessToken: newToken }),
  );
  await scene.arrivesAtPhone('waits too');
  expect(Date.now() - began).toBeLessThan(30_000);
  const log = await house.whatsapp.everything();
  const texts = log.flatMap((entry) =>
    entry.kind === 'business-message' ? [(entry.content as { body?: string }).body] : [],
  );
  expect(texts.filter((body) => body?.startsWith('waits'))).toHaveLength(4);
  expect(texts.indexOf('waits too')).toBeGreaterThan(0);
  await ana.waitForEvent(({ content }) => /is accepted again/.test(String(content['body'])), { what: 'the good news' });
  expect(toldBy(/is accepted again/)).toHaveLength(1);
  const [room] = ana.invitedTo.slice(-1);
  expect(await scene.command(room ?? '', 'accounts')).toMatch(/accepted since 20/);
});
