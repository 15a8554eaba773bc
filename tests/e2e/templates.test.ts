/** How long an official may write freely, and what can be sent when that is over. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { phoneNumberId } from '../peers/house.ts';
import { replyTarget, Scene } from '../peers/scene.ts';

let scene: Scene;
const reminder = {
  id: '1',
  name: 'reminder',
  language: 'en',
  status: 'APPROVED',
  category: 'UTILITY',
  components: [{ type: 'BODY', text: 'See you on {{1}} at {{2}}.' }],
};

beforeAll(async () => {
  scene = await Scene.open({
    officials: ['ana', 'ben'],
    invited: ['ana', 'ben'],
    whatsapp: { templates: [reminder, { ...reminder, id: '2', name: 'old_news', status: 'PAUSED' }] },
  });
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

test('the remaining time is told on request', async () => {
  const { room } = await scene.openChat('how long?');
  expect(await scene.command(room, 'window')).toMatch(
    /^Open for 23 hours and 59 minutes, until 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.$/,
  );
});

test('the templates are listed as Meta has them, with those that cannot be sent marked', async () => {
  const { room } = await scene.openChat('which ones?');
  const list = await scene.command(room, 'template list');
  expect(list).toContain('reminder (en, utility)\nSee you on {{1}} at {{2}}.');
  expect(list).toContain('old_news (en, utility, not to be sent: paused)');
  expect(await scene.command(room, 'template list fr')).toBe('There are none in fr.');
});

test('after the window a text is refused with the way out, and a template reaches the phone, once, and is shown', async () => {
  const { house, ana } = scene;
  const phone = await scene.newCitizen();
  const timestamp = String(Math.floor((Date.now() - 25 * 3_600_000) / 1_000));
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '493012345670', phone_number_id: phoneNumberId },
    contacts: [{ profile: { name: 'Yesterday' }, wa_id: phone }],
    messages: [{ from: phone, id: 'wamid.yesterday', timestamp, type: 'text', text: { body: 'long ago' } }],
  };
  await house.whatsapp.postRaw({ content: { value } });
  const { room_id: room } = await scene.arrivesInRoom('long ago');
  const ben = await house.client('ben');
  expect(await scene.answerTo(await ana.sendText(room, 'too late'))).toContain('`!chancery template list`');
  expect(await scene.command(room, 'window')).toMatch(/^Closed since 20/);
  const send = await ben.sendText(room, '!chancery template send reminder | Monday | 10:30');
  const reached = await house.whatsapp.waitForKind('business-message', ({ type }) => type === 'template', {
    what: 'the template',
    timeoutMs: 30_000,
  });
  expect(reached.content).toMatchObject({
    name: 'reminder',
    language: { code: 'en' },
    components: [{ type: 'body', parameters: [{ text: 'Monday' }, { text: '10:30' }] }],
  });
  const shown = await scene.arrivesInRoom('See you on Monday at 10:30.');
  expect(shown.room_id).toBe(room);
  await ana.waitForEvent(
    ({ type, content }) =>
      type === 'com.beeper.message_send_status' &&
      (content['m.relates_to'] as { event_id?: string }).event_id === shown.event_id,
    { what: 'the mark that it was delivered', timeoutMs: 20_000 },
  );
  expect(ana.said(room).filter(({ content }) => replyTarget(content) === send)).toEqual([]);
});

test('a template that cannot be sent is refused with what is wrong, and nothing is sent', async () => {
  const { house } = scene;
  const { room } = await scene.openChat('refuse something');
  expect(await scene.command(room, 'template send reminder | Monday')).toMatch(
    /takes 2 parameters: \{\{1\}\}, \{\{2\}\}, and 1 were given/,
  );
  expect(await scene.command(room, 'template send old_news | a | b')).toMatch(/its state is paused/);
  expect(await scene.command(room, 'template send nothing')).toMatch(/There is no template “nothing”/);
  expect(await scene.command(room, 'template dance')).toMatch(/template send NAME LANGUAGE/);
  expect(await scene.command(room, 'template list')).toContain('reminder');
  const log = await house.whatsapp.everything();
  expect(log.filter((entry) => entry.kind === 'business-message' && entry.type === 'template')).toHaveLength(1);
});

test('an event of a stranger that looks like a template sends nothing', async () => {
  const { room } = await scene.openChat('no tricks');
  await scene.ana.send(room, 'org.chancery.template', { name: 'reminder', language: 'en', parameters: ['a', 'b'] });
  await scene.settled();
  const log = await scene.house.whatsapp.everything();
  expect(log.filter((entry) => entry.kind === 'business-message' && entry.type === 'template')).toHaveLength(1);
});
