/** Groups of WhatsApp's: what is told of them, in any order, and what can be asked and sent. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { asId, type ChatId, type SendKey } from '../../../../src/model/ids.ts';
import { plainText } from '../../../../src/model/rich-text.ts';
import type { OutboundContent } from '../../../../src/model/content.ts';
import { decodeChange } from '../../../../src/networks/whatsapp/decode.ts';
import { changeShape } from '../../../../src/networks/whatsapp/envelope.ts';
import { FakeGraph } from './fake-graph.ts';
import { openSession, type OpenSession } from './open-session.ts';
import { change, textMessage } from './payloads.ts';
import { lineOf } from './seen-in-room.ts';

const chat = asId<ChatId>('Y2FwaV9ncm91cDox');
const signal = AbortSignal.timeout(60_000);
const ann = { wa_id: '16505550001', input: '16505550001' };
const bob = { wa_id: '16505550002', input: '16505550002' };
const graph = new FakeGraph();
let open: OpenSession;
beforeAll(() => graph.start());
beforeEach(() => {
  open = openSession(graph.url);
  graph.asked.length = 0;
});
afterAll(() => graph.stop());

const told = async (value: object, field = 'group_participants_update'): Promise<string[]> => {
  const events = await decodeChange(changeShape.parse({ ...change(value), field }), {
    state: open.state,
    now: open.clock.time,
    historyWaitMs: 1,
    unreadable: (reason) => void unreadable.push(reason),
  });
  return events.map(lineOf);
};
const unreadable: string[] = [];
const group = (type: string, at: number, more: object = {}): object => ({
  groups: [{ group_id: chat, type, timestamp: String(1_780_000_000 + at), ...more }],
});
const writes = (text: string): Promise<string[]> =>
  told({
    messages: [
      textMessage(text, {
        id: `wamid.${text}`,
        from: ann.wa_id,
        group_id: chat,
        timestamp: String(Math.floor(open.clock.time / 1_000)),
      }),
    ],
  });
const made = (): Promise<string[]> =>
  told(
    group('group_create', 100, { subject: 'Allotments', invite_link: 'https://chat.whatsapp.com/x' }),
    'group_lifecycle_update',
  );
const sends = async (content: OutboundContent, prepared?: string) =>
  open.session.send(
    { chat, sendKey: asId<SendKey>('key'), content, ...(prepared === undefined ? {} : { prepared }) },
    signal,
  );

test('a group that was made has its name and its link, and the names of those who come and go', async () => {
  expect(await made()).toEqual([
    'the chat is called Allotments',
    'WhatsApp: notice "This group was made. At most eight people may join it, with this link: https://chat.whatsapp.com/x"',
  ]);
  expect(
    await told(group('group_participants_add', 101, { reason: 'invite_link', added_participants: [ann, bob] })),
  ).toEqual(['in: +16505550001, in: +16505550002', 'WhatsApp: notice "Joined: +16505550001, +16505550002."']);
  expect(
    await told(group('group_participants_remove', 102, { initiated_by: 'participant', removed_participants: [bob] })),
  ).toEqual(['out: +16505550002', 'WhatsApp: notice "Left: +16505550002."']);
});

test('news that is older than what is known of somebody is shown and changes nothing', async () => {
  await told(group('group_participants_remove', 200, { initiated_by: 'business', removed_participants: [ann] }));
  expect(await told(group('group_participants_add', 150, { added_participants: [ann] }))).toEqual([
    'WhatsApp: notice "Joined: +16505550001."',
  ]);
});

test('an older name does not take the place of a newer one', async () => {
  const renamed = (text: string, at: number): Promise<string[]> =>
    told(
      group('group_settings_update', at, { group_subject: { text, update_successful: true } }),
      'group_settings_update',
    );
  expect(await renamed('New', 300)).toContain('the chat is called New');
  expect(await renamed('Old', 299)).not.toContain('the chat is called Old');
});

test('a name that WhatsApp did not take is none, and its words say why', async () => {
  const failed = {
    text: 'Bad',
    update_successful: false,
    errors: [{ code: 131201, message: 'Invalid group subject' }],
  };
  expect(await told(group('group_settings_update', 1, { group_subject: failed }), 'group_settings_update')).toEqual([
    'WhatsApp: notice "WhatsApp could not do this (group_settings_update). WhatsApp refused this. Invalid group subject (code 131201)"',
  ]);
});

test('a group that could not be made is no chat', async () => {
  const errors = [{ code: 131200, message: 'Not eligible' }];
  expect(await told(group('group_create', 1, { subject: 'Bins', errors }), 'group_lifecycle_update')).toEqual([]);
  expect(unreadable.at(-1)).toContain('without a group');
});

test('who asks to join is named, with the commands that let them in or not', async () => {
  const asks = group('group_join_request_created', 1, { join_request_id: 'MTY=', ...ann });
  expect(await told(asks)).toEqual([
    'WhatsApp: notice "+16505550001 asks to join. `!chancery group approve MTY=` lets them in, `!chancery group decline MTY=` does not."',
  ]);
});

test('a group is sent to as such, and what it does not take is refused with what to write instead', async () => {
  await writes('hello');
  expect(await sends({ type: 'text', text: plainText('hello all') })).toMatchObject({ outcome: 'sent' });
  expect(graph.lastBody).toMatchObject({ recipient_type: 'group', to: chat, type: 'text' });
  expect(await sends({ type: 'poll', question: 'When?', answers: ['Monday', 'Tuesday'] })).toMatchObject({
    outcome: 'sent',
  });
  expect(graph.lastBody).toMatchObject({ recipient_type: 'group', type: 'text' });
  const asked = graph.asked.length;
  expect(await sends({ type: 'location', latitude: 1, longitude: 2 })).toMatchObject({ outcome: 'refused' });
  expect(await open.session.refusal(chat, 'reaction')).toContain('no reaction');
  await open.session.markRead(chat, asId('wamid.hello'), signal);
  await open.session.typing(chat, asId('wamid.hello'), signal);
  expect(graph.asked.length).toBe(asked);
});

test('a group takes free words for a day after somebody wrote, none once it is suspended, and none ever when deleted', async () => {
  await made();
  expect(await open.session.refusal(chat, 'message')).toContain('freely only');
  await writes('hello');
  expect(await open.session.refusal(chat, 'message')).toBeUndefined();
  await told(group('group_suspend', 400), 'group_status_update');
  expect(await open.session.refusal(chat, 'template')).toContain('suspended');
  await told(group('group_suspend_cleared', 401), 'group_status_update');
  expect(await open.session.refusal(chat, 'message')).toBeUndefined();
  await told(group('group_delete', 402), 'group_lifecycle_update');
  await told(group('group_suspend_cleared', 403), 'group_status_update');
  expect(await open.session.refusal(chat, 'message')).toContain('deleted');
});

test('that a group has a message is told of whom WhatsApp names, and of nobody where it names nobody', async () => {
  await made();
  const status = {
    id: 'wamid.1',
    status: 'read',
    timestamp: '1780000000',
    recipient_id: chat,
    recipient_type: 'group',
  };
  const events = await decodeChange(changeShape.parse(change({ statuses: [status] })), {
    state: open.state,
    now: 1,
    historyWaitMs: 1,
    unreadable: () => undefined,
  });
  expect(events).toMatchObject([{ kind: 'read-receipt', chat, by: 'somebody' }]);
  await told(group('group_participants_add', 101, { added_participants: [ann] }));
  const named = { ...status, id: 'wamid.2', recipient_participant_id: ann.wa_id };
  const byAnn = await decodeChange(changeShape.parse(change({ statuses: [named] })), {
    state: open.state,
    now: 1,
    historyWaitMs: 1,
    unreadable: () => undefined,
  });
  expect(byAnn).toMatchObject([{ kind: 'read-receipt', chat, by: { id: ann.wa_id } }]);
});

test('what is asked of groups is asked as Meta documents it', async () => {
  const { groups } = open.session;
  if (groups === undefined) throw new Error('WhatsApp has groups');
  graph.answer = ({ path }) => ({
    status: 200,
    body: path.endsWith('/invite_link')
      ? { messaging_product: 'whatsapp', invite_link: 'https://chat.whatsapp.com/y' }
      : path.endsWith('/join_requests')
        ? { data: [{ join_request_id: 'MTY=', wa_id: ann.wa_id }] }
        : { id: chat, participants: [ann, bob] },
  });
  await groups.create({ name: ' Bins ', approval: true }, signal);
  expect(graph.lastBody).toEqual({
    messaging_product: 'whatsapp',
    subject: 'Bins',
    join_approval_mode: 'approval_required',
  });
  expect(await groups.link(chat, 'show', signal)).toBe('https://chat.whatsapp.com/y');
  expect((await groups.members(chat, signal)).map(({ displayName }) => displayName)).toEqual([
    '+16505550001',
    '+16505550002',
  ]);
  await groups.remove(chat, '+1 650 555-0002', signal);
  expect(graph.lastBody).toEqual({ messaging_product: 'whatsapp', participants: [{ user: '16505550002' }] });
  expect(await groups.requests(chat, signal)).toMatchObject([{ id: 'MTY=', contact: { displayName: '+16505550001' } }]);
  await groups.decide(chat, 'MTY=', 'decline', signal);
  expect(graph.asked.at(-1)).toMatchObject({ method: 'DELETE' });
  await expect(groups.remove(chat, 'Carla', signal)).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
  await expect(groups.rename(chat, 'x'.repeat(129), signal)).rejects.toMatchObject({ code: 'CH-COMMAND-INVALID' });
  graph.answer = () => ({ status: 400, body: { error: { code: 131215, message: 'Groups are not for this number' } } });
  await expect(groups.close(chat, signal)).rejects.toMatchObject({ code: 'CH-NETWORK-UNREACHABLE' });
});
