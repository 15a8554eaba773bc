/** What is said in a group of the simulated WhatsApp reaches those who are in it, both ways, by Meta's rules for groups. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { GroupBench, product } from '../../peers/whatsapp-cloud/group-bench.ts';
import { account, ada, textTo } from '../../peers/whatsapp-cloud/test-account.ts';

const bo = '16505550002';
const cy = 'US.13491208655302741918';
const day = 24 * 3_600_000;
const bench = new GroupBench();
const { whatsapp } = bench;
let group: string;

beforeAll(async () => await bench.start());
afterAll(async () => await bench.stop());
beforeEach(async () => {
  await bench.reset();
  await whatsapp.citizen({ phone: ada, name: 'Ada' });
  await whatsapp.citizen({ phone: bo, name: 'Bo' });
  await whatsapp.citizen({ userId: cy, name: 'Cy' });
  group = await bench.make();
  for (const citizen of [ada, bo]) await whatsapp.joinGroup(citizen, group);
});
afterEach(async () => await bench.endTest());

const send = async (message: object, to = group): Promise<{ status: number; body: unknown }> =>
  await bench.call('POST', `${account.phoneNumberId}/messages`, {
    ...product,
    recipient_type: 'group',
    to,
    ...message,
  });
const text = (body: string): object => ({ type: 'text', text: { body } });
const sentId = ({ body }: { body: unknown }): string => (body as { messages: [{ id: string }] }).messages[0].id;
const seen = async (citizen: string): Promise<(string | null)[]> =>
  (await whatsapp.groupChat(citizen, group)).messages.map((message) => message.text);

test('what a member writes is told with the group, and everybody in it sees it, and nobody else', async () => {
  const { messageId } = await whatsapp.writeText(ada, 'Hello all', { group });
  const reply = await whatsapp.writeText(bo, 'Hello Ada', { group, replyTo: messageId });
  await whatsapp.react(bo, messageId, '👍');
  const place = { metadata: { phone_number_id: account.phoneNumberId } };
  expect(await bench.values()).toMatchObject([
    {
      ...place,
      contacts: [{ profile: { name: 'Ada' }, wa_id: ada }],
      messages: [{ from: ada, group_id: group, id: messageId, type: 'text', text: { body: 'Hello all' } }],
    },
    { ...place, messages: [{ from: bo, group_id: group, context: { from: ada, id: messageId } }] },
    { ...place, messages: [{ from: bo, group_id: group, reaction: { message_id: messageId, emoji: '👍' } }] },
  ]);
  await whatsapp.joinGroup(cy, group);
  expect(await seen(cy)).toEqual([]);
  expect(await whatsapp.groupChat(ada, group)).toMatchObject({
    subject: 'Neighbours',
    joined: true,
    members: [ada, bo, cy],
    messages: [
      { author: ada, text: 'Hello all', reactions: { [bo]: '👍' } },
      { id: reply.messageId, author: bo, replyTo: { id: messageId, author: ada, text: 'Hello all' } },
    ],
  });
  expect((await whatsapp.chat(ada)).messages).toEqual([]);
});

test('media goes both ways, and what is not supported is told as in the documentation of groups', async () => {
  const source = { size: 2_000, seed: 4 };
  const { messageId, media } = await whatsapp.sendMedia(ada, { kind: 'image', caption: 'The leak', source, group });
  await whatsapp.sendOther(ada, { type: 'unsupported', content: null, group });
  expect(await bench.values()).toMatchObject([
    { messages: [{ id: messageId, group_id: group, type: 'image', image: { id: media.id, caption: 'The leak' } }] },
    { messages: [{ group_id: group, type: 'unsupported', errors: [{ code: 130501 }] }] },
  ]);
  const sent = await send({ type: 'image', image: { id: media.id, caption: 'Seen' } });
  expect(sent.status).toBe(200);
  expect((await whatsapp.groupChat(bo, group)).messages.at(-1)).toMatchObject({
    from: 'business',
    author: null,
    type: 'image',
    text: 'Seen',
    media: { sha256: media.sha256 },
  });
});

test('what the business sends reaches every member, and the log says whom', async () => {
  await whatsapp.joinGroup(cy, group);
  const { messageId: question } = await whatsapp.writeText(ada, 'When?', { group });
  const context = { message_id: question };
  const answer = await send({ ...text('At nine'), context, biz_opaque_callback_data: 'note/1' });
  expect(answer).toMatchObject({ status: 200, body: { ...product, contacts: [{ input: group, wa_id: group }] } });
  const messageId = sentId(answer);
  await whatsapp.leaveGroup(bo, group);
  sentId(await send(text('Only Ada and Cy')));
  for (const [citizen, words] of [
    [ada, ['When?', 'At nine', 'Only Ada and Cy']],
    [bo, ['When?', 'At nine']],
  ] as const)
    expect(await seen(citizen)).toEqual(words);
  const entry = await whatsapp.waitForKind('group-message', () => true, { timeoutMs: 1_000, what: 'the message' });
  expect(entry).toMatchObject({ group, messageId, type: 'text', callbackData: 'note/1', reaches: [ada, bo, cy] });
  expect((await whatsapp.everything()).filter(({ kind }) => kind === 'business-message')).toEqual([]);
});

test('it is sent once, and delivered and read by each member, in webhooks that Meta aggregates', async () => {
  await whatsapp.joinGroup(cy, group);
  await whatsapp.writeText(ada, 'hi', { group });
  const first = sentId(await send({ ...text('one'), biz_opaque_callback_data: 'k' }));
  await whatsapp.idle();
  const second = sentId(await send(text('two')));
  await whatsapp.idle();
  expect(await whatsapp.readGroup(cy, group)).toEqual({ messageIds: [first, second] });
  const statuses = (await bench.values()).filter((value) => 'statuses' in value);
  const common = { recipient_id: group, recipient_type: 'group' };
  const ofCy = { recipient_participant_user_id: cy };
  const pricing = { billable: false, pricing_model: 'PMP', category: 'group_service' };
  expect(statuses).toMatchObject([
    { statuses: [{ id: first, status: 'sent', ...common, biz_opaque_callback_data: 'k' }] },
    {
      contacts: [{ profile: { name: 'Cy' }, user_id: cy }],
      statuses: [
        { id: first, status: 'delivered', ...common, recipient_participant_id: ada, pricing },
        { id: first, status: 'delivered', ...common, recipient_participant_id: bo },
        { id: first, status: 'delivered', ...common, ...ofCy },
      ],
    },
    { statuses: [{ id: second, status: 'sent' }] },
    { statuses: [{ id: second, status: 'delivered' }, {}, {}] },
    {
      statuses: [
        { id: first, status: 'read', ...common, ...ofCy },
        { id: second, status: 'read', ...common, ...ofCy },
      ],
    },
  ]);
  expect((await whatsapp.everything()).filter(({ kind }) => kind === 'group-status')).toMatchObject([
    { messageId: first, status: 'sent', citizens: [] },
    { messageId: first, status: 'delivered', citizens: [ada, bo, cy] },
    { messageId: second, status: 'sent' },
    { messageId: second, status: 'delivered' },
    { messageId: first, status: 'read', citizens: [cy] },
    { messageId: second, status: 'read', citizens: [cy] },
  ]);
});

test('any member opens the window for the whole group, and outside it only templates go', async () => {
  const template = { type: 'template', template: { name: 'news', language: { code: 'en' } } };
  await whatsapp.writeText(bo, 'in the chat between two');
  const early = sentId(await send(text('nobody wrote here')));
  await whatsapp.waitForKind('group-status', (entry) => entry.messageId === early && entry.errorCode === 131047, {
    timeoutMs: 1_000,
    what: 'the failure',
  });
  await whatsapp.change({ refusals: 'reject' });
  expect(await send(text('nobody wrote here'))).toMatchObject({ status: 400, body: { error: { code: 131047 } } });
  expect((await send(template)).status).toBe(200);
  await whatsapp.writeText(bo, 'hi', { group });
  expect((await send(text('now'))).status).toBe(200);
  await whatsapp.advanceClock(day);
  expect(await send(text('too late'))).toMatchObject({ body: { error: { code: 131047 } } });
  expect((await send(template)).status).toBe(200);
  expect(await seen(ada)).toEqual([null, 'hi', 'now', null]);
  const prices = (await bench.values()).flatMap((value) => /"pricing":{[^}]*}/.exec(JSON.stringify(value)) ?? []);
  expect(prices.map((price) => price.includes('"type":"regular","category":"group_utility"'))).toEqual([
    true,
    false,
    true,
  ]);
  const failed = (await bench.values()).filter((value) => JSON.stringify(value).includes('"failed"'));
  expect(failed).toMatchObject([
    { statuses: [{ id: early, recipient_id: group, recipient_type: 'group', errors: [{ code: 131047 }] }] },
  ]);
});

test('what Meta does not have in groups is refused', async () => {
  const { messageId } = await whatsapp.writeText(ada, 'hi', { group });
  const code = async (answer: Promise<{ body: unknown }>): Promise<unknown> =>
    ((await answer).body as { error: { code: number } }).error.code;
  const buttons = [{ type: 'reply', reply: { id: '1', title: 'Yes' } }];
  const interactive = { type: 'button', body: { text: 'Well?' }, action: { buttons } };
  const location = { latitude: 52.5, longitude: 13.4 };
  const contacts = [{ name: { formatted_name: 'Ada' } }];
  const reaction = { message_id: messageId, emoji: '👍' };
  for (const [type, content] of Object.entries({ interactive, location, contacts, reaction }))
    expect(await code(send({ type, [type]: content }))).toBe(131051);
  expect(await code(send(text('x'), 'no-such-group'))).toBe(131041);
  expect(await code(send(text('x'), ada))).toBe(131009);
  const path = `${account.phoneNumberId}/messages`;
  expect(await code(bench.call('POST', path, textTo(group, 'x')))).toBe(131009);
  expect(await code(send({ ...text('x'), context: { message_id: 'wamid.nobody' } }))).toBe(131009);
  const mark = { ...product, status: 'read', message_id: messageId };
  expect(await code(bench.call('POST', path, mark))).toBe(131009);
  expect(await code(bench.call('POST', path, { ...mark, typing_indicator: { type: 'text' } }))).toBe(131009);
  expect((await whatsapp.everything()).filter(({ kind }) => kind === 'read-mark' || kind === 'typing')).toEqual([]);
  expect(await seen(ada)).toEqual(['hi']);
});

test('nobody speaks in a group that is suspended, empty or deleted', async () => {
  await whatsapp.writeText(ada, 'hi', { group });
  await whatsapp.suspendGroup(group);
  expect(await send(text('x'))).toMatchObject({ status: 403, body: { error: { code: 131207 } } });
  expect(await bench.call('POST', group, { ...product, subject: 'x' })).toMatchObject({ status: 403 });
  expect(await bench.call('GET', `${group}?fields=suspended`)).toMatchObject({ body: { suspended: true } });
  await expect(whatsapp.writeText(ada, 'x', { group })).rejects.toThrow('409');
  await whatsapp.unsuspendGroup(group);
  expect((await send(text('again'))).status).toBe(200);
  expect((await bench.told()).slice(-2)).toMatchObject([
    { field: 'group_status_update', type: 'group_suspend', group_id: group },
    { field: 'group_status_update', type: 'group_suspend_cleared', group_id: group },
  ]);
  for (const citizen of [ada, bo]) await whatsapp.leaveGroup(citizen, group);
  await expect(whatsapp.writeText(ada, 'x', { group })).rejects.toThrow('not in the group');
  expect(await send(text('x'))).toMatchObject({ status: 400, body: { error: { code: 131020 } } });
  await bench.call('DELETE', group);
  await whatsapp.idle();
  expect(await send(text('x'))).toMatchObject({ status: 400, body: { error: { code: 131041 } } });
  expect(await seen(ada)).toEqual(['hi', 'again']);
});

test('who cannot be reached gets nothing, and a send that was cut off after it was taken is in the log', async () => {
  await whatsapp.writeText(ada, 'hi', { group });
  await whatsapp.citizen({ phone: bo, undeliverable: true });
  await whatsapp.misbehave({ fault: 'graph-cut-after-accept' });
  await expect(send(text('was it sent?'))).rejects.toThrow();
  expect(await seen(ada)).toEqual(['hi', 'was it sent?']);
  expect(await seen(bo)).toEqual(['hi']);
  const entries = await whatsapp.everything();
  const sent = entries.find((entry) => entry.kind === 'group-message');
  expect(sent).toMatchObject({ reaches: [ada] });
  expect(entries).toContainEqual(expect.objectContaining({ kind: 'connection-cut', stage: 'after-accept' }));
});

test('a skipped delivery is skipped for the whole group, and several changes can share a webhook', async () => {
  await whatsapp.change({ batching: { style: 'messages', max: 50, windowMs: 100 } });
  await whatsapp.writeText(ada, 'hi', { group });
  await whatsapp.misbehave({ fault: 'status-skip-delivered' });
  await send(text('quick'));
  await whatsapp.idle();
  await whatsapp.joinGroup(cy, group);
  await whatsapp.leaveGroup(cy, group);
  await whatsapp.readGroup(ada, group);
  const told = (await bench.values()).map((value) => JSON.stringify(value)).join();
  expect(told).not.toContain('"delivered"');
  expect(told).toContain('"read"');
  expect((await bench.told()).slice(-2)).toMatchObject([
    { type: 'group_participants_add' },
    { type: 'group_participants_remove' },
  ]);
});
