/** The simulated WhatsApp keeps groups as Meta's Groups API does: made, changed, listed, left and deleted, each told by webhook. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { GroupBench, product } from '../../peers/whatsapp-cloud/group-bench.ts';
import { account, ada, graph } from '../../peers/whatsapp-cloud/test-account.ts';

const bo = '16505550002';
const bench = new GroupBench();
const { whatsapp } = bench;

beforeAll(async () => await bench.start());
afterAll(async () => await bench.stop());
beforeEach(async () => {
  await bench.reset();
  await whatsapp.citizen({ phone: ada, name: 'Ada' });
  await whatsapp.citizen({ phone: bo, userId: 'US.13491208655302741918', name: 'Bo', username: 'bo.b' });
});
afterEach(async () => await bench.endTest());

test('a group that is made has its id and its invite link in the webhook, with the request id of the answer', async () => {
  const request = { ...product, subject: ' Rent ', description: 'About the rent' };
  const answer = await bench.call('POST', `${account.phoneNumberId}/groups`, request);
  const requestId: unknown = Reflect.get(answer.body as object, 'request_id');
  expect(requestId).toMatch(/^[0-9A-F]{32}$/);
  expect(answer).toEqual({ status: 200, body: { ...product, request_id: requestId } });
  const [made] = await bench.told();
  expect(made).toEqual({
    field: 'group_lifecycle_update',
    timestamp: expect.stringMatching(/^\d{10}$/),
    group_id: expect.any(String),
    type: 'group_create',
    request_id: requestId,
    subject: 'Rent',
    description: 'About the rent',
    invite_link: expect.stringMatching(/^https:\/\/chat\.whatsapp\.com\/\w{22}$/),
    join_approval_mode: 'auto_approve',
  });
  expect(await whatsapp.groups()).toMatchObject([{ id: made?.['group_id'], subject: 'Rent', members: [] }]);
});

test('the webhooks have the frame of the published ones, and the keys as far as Meta has not changed them since', async () => {
  const path = fileURLToPath(new URL('../../../../shared/fixtures/whatsapp-cloud/webhooks.json', import.meta.url));
  if (!existsSync(path)) {
    console.warn('The published examples (../shared/fixtures beside the repository) are absent: nothing compared');
    return;
  }
  interface Body {
    entry: [{ changes: [{ field: string; value: { groups: [object] } }] }];
  }
  const published = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { value: Body }>;
  const group = await bench.make({ description: 'Keys' });
  await whatsapp.joinGroup(ada, group);
  await bench.call('DELETE', `${group}/participants`, { ...product, participants: [{ user: ada }] });
  expect(await whatsapp.idle()).toBe(true);
  const bodies = bench.received.map(({ body }) => body as Body);
  for (const [name, place, since] of [
    ['Group Create Message', 0, ['added_participants']],
    ['Group Remove Participants', 2, []],
  ] as const) {
    const theirs = published[name]?.value.entry[0].changes[0];
    const ours = bodies[place]?.entry[0].changes[0];
    expect(Object.keys(ours?.value ?? {})).toEqual(Object.keys(theirs?.value ?? {}));
    expect(ours?.field).toBe(theirs?.field);
    const keys = Object.keys(theirs?.value.groups[0] ?? {}).filter(
      (key) => !(since as readonly string[]).includes(key),
    );
    expect(Object.keys(ours?.value.groups[0] ?? {})).toEqual(expect.arrayContaining(keys));
  }
});

test('a citizen joins by the link or the id, a reset link no longer lets in, and who leaves is told', async () => {
  const group = await bench.make();
  const link = async (method: string, body?: object): Promise<string> =>
    ((await bench.call(method, `${group}/invite_link`, body)).body as { invite_link: string }).invite_link;
  const first = await link('GET');
  expect(await whatsapp.joinGroup(ada, first)).toEqual({ joined: true, joinRequestId: null });
  const second = await link('POST', product);
  expect(second).not.toBe(first);
  expect(await link('GET')).toBe(second);
  await expect(whatsapp.joinGroup(bo, first)).rejects.toThrow('404');
  await whatsapp.joinGroup(bo, group);
  await whatsapp.leaveGroup(ada, group);
  await expect(whatsapp.leaveGroup(ada, group)).rejects.toThrow('409');
  const person = { wa_id: bo, user_id: 'US.13491208655302741918', username: 'bo.b' };
  expect((await bench.told()).slice(1)).toMatchObject([
    { type: 'group_participants_add', reason: 'invite_link', added_participants: [{ wa_id: ada }] },
    { type: 'group_participants_add', added_participants: [person], field: 'group_participants_update' },
    { type: 'group_participants_remove', removed_participants: [{ wa_id: ada }], initiated_by: 'participant' },
  ]);
  expect(await whatsapp.groups()).toMatchObject([{ members: [bo] }]);
});

test('a group has room for eight, and nobody who was removed comes back by the link', async () => {
  const group = await bench.make();
  const people = Array.from({ length: 9 }, (_, place) => `4930100000${place}0`);
  const [gone = ''] = people;
  const stranger = people[8] ?? '';
  for (const phone of people) await whatsapp.citizen({ phone });
  for (const phone of people.slice(0, 8)) await whatsapp.joinGroup(phone, group);
  await expect(whatsapp.joinGroup(stranger, group)).rejects.toThrow('8 participants already');
  const remove = async (...users: string[]): Promise<object> =>
    await bench.call('DELETE', `${group}/participants`, {
      ...product,
      participants: users.map((user) => ({ user })),
    });
  expect(await remove(`+${gone}`, stranger)).toMatchObject({ status: 200, body: { request_id: expect.any(String) } });
  expect(await remove(ada, ada)).toMatchObject({ status: 400, body: { error: { code: 131202 } } });
  expect(await remove()).toMatchObject({ status: 400, body: { error: { code: 100 } } });
  const [told] = (await bench.told()).slice(-1);
  expect(told).toMatchObject({
    type: 'group_participants_remove',
    initiated_by: 'business',
    removed_participants: [{ input: `+${gone}` }],
    failed_participants: [{ input: stranger, errors: [{ code: 131212 }] }],
    errors: [{ code: 131201 }],
  });
  await expect(whatsapp.joinGroup(gone, group)).rejects.toThrow('was removed');
  await whatsapp.joinGroup(stranger, group);
  expect((await whatsapp.groups())[0]?.members).toHaveLength(8);
});

test('who needs approval asks, may take it back, and is let in or not by the business', async () => {
  const group = await bench.make({ join_approval_mode: 'approval_required' });
  const { joined, joinRequestId } = await whatsapp.joinGroup(ada, group);
  expect(joined).toBe(false);
  await expect(whatsapp.joinGroup(ada, group)).rejects.toThrow('asked already');
  expect(await whatsapp.revokeJoinRequest(ada, group)).toEqual({ joinRequestId });
  await whatsapp.joinGroup(ada, group);
  const { joinRequestId: bosId } = await whatsapp.joinGroup(bo, group);
  expect(await bench.call('GET', `${group}/join_requests?limit=1`)).toMatchObject({
    body: {
      data: [{ join_request_id: joinRequestId, wa_id: ada, creation_timestamp: expect.any(Number) }],
      paging: { next: expect.stringContaining('after=') },
    },
  });
  const answer = async (method: string, ...ids: unknown[]): Promise<object> =>
    await bench.call(method, `${group}/join_requests`, { ...product, join_requests: ids });
  expect(await answer('POST', joinRequestId, 'nobody')).toMatchObject({
    status: 206,
    body: {
      approved_join_requests: [joinRequestId],
      failed_join_requests: [{ join_request_id: 'nobody', errors: [{ code: 131213 }] }],
    },
  });
  expect(await answer('DELETE', bosId)).toEqual({ status: 200, body: { ...product, rejected_join_requests: [bosId] } });
  expect(await answer('POST', bosId)).toMatchObject({ status: 400, body: { error: { code: 131213 } } });
  const told = (await bench.told()).slice(1);
  const asked = { join_request_id: joinRequestId, wa_id: ada };
  expect(told).toMatchObject([
    { type: 'group_join_request_created', ...asked },
    { type: 'group_join_request_revoked', ...asked },
    { type: 'group_join_request_created', ...asked },
    { type: 'group_join_request_created', join_request_id: bosId, wa_id: bo },
    { type: 'group_participants_add', added_participants: [{ input: ada, wa_id: ada }] },
  ]);
  expect(await whatsapp.groups()).toMatchObject([{ members: [ada], joinRequests: [] }]);
});

test('the name and the words of a group change, and what it is can be asked for', async () => {
  const group = await bench.make();
  await whatsapp.joinGroup(ada, group);
  await bench.call('POST', group, { ...product, subject: 'Heating', description: 'It is cold' });
  expect((await bench.told()).at(-1)).toMatchObject({
    field: 'group_settings_update',
    type: 'group_settings_update',
    request_id: expect.any(String),
    group_subject: { text: 'Heating', update_successful: true },
    group_description: { text: 'It is cold', update_successful: true },
  });
  expect(await bench.call('GET', group)).toEqual({ status: 200, body: { ...product, id: group } });
  const fields =
    'subject,description,suspended,creation_timestamp,total_participant_count,participants,join_approval_mode';
  expect(await bench.call('GET', `${group}?fields=${fields}`)).toEqual({
    status: 200,
    body: {
      ...product,
      id: group,
      subject: 'Heating',
      description: 'It is cold',
      suspended: false,
      creation_timestamp: expect.any(Number),
      total_participant_count: 1,
      participants: [{ wa_id: ada }],
      join_approval_mode: 'auto_approve',
    },
  });
  expect(await bench.call('POST', group, product)).toMatchObject({ status: 400, body: { error: { code: 100 } } });
  expect(await bench.call('POST', group, { subject: 'x' })).toMatchObject({
    body: { error: { message: expect.stringContaining('messaging_product') } },
  });
});

test('the groups of a number come page by page, and one that is deleted is gone and unknown', async () => {
  const made = [await bench.make(), await bench.make(), await bench.make()];
  interface List {
    data: { groups: { id: string }[] };
    paging: { cursors: { after: string }; next?: string };
  }
  const list = async (query: string): Promise<List> =>
    (await bench.call('GET', `${account.phoneNumberId}/groups?${query}`)).body as List;
  const first = await list('limit=2');
  expect(first.data.groups.map(({ id }) => id)).toEqual(made.slice(0, 2));
  expect(first.paging.next).toContain(`after=${first.paging.cursors.after}`);
  const second = await list(`limit=2&after=${first.paging.cursors.after}`);
  expect(second.data.groups).toEqual([
    { id: made[2], subject: 'Neighbours', created_at: expect.stringMatching(/^\d{10}$/) },
  ]);
  expect(second.paging.next).toBeUndefined();
  expect(await bench.call('GET', `${account.phoneNumberId}/groups?after=x`)).toMatchObject({
    body: { error: { code: 131059 } },
  });
  const [gone = ''] = made;
  await whatsapp.joinGroup(ada, gone);
  await bench.call('DELETE', gone);
  expect((await bench.told()).at(-1)).toMatchObject({
    type: 'group_delete',
    group_id: gone,
    request_id: expect.any(String),
  });
  expect((await list('')).data.groups).toHaveLength(2);
  expect(await bench.call('GET', gone)).toMatchObject({ status: 400, body: { error: { code: 131041 } } });
  expect(await whatsapp.groupChat(ada, gone)).toMatchObject({ joined: false, members: [] });
});

test('no number learns of a group of another, and one that is not eligible has none', async () => {
  const group = await bench.make();
  expect(await graph(bench.url, group, undefined, 'wrong')).toMatchObject({ status: 401 });
  await whatsapp.change({ newToken: 'fresh' });
  expect(await bench.call('GET', group)).toMatchObject({ status: 401, body: { error: { code: 190 } } });
  expect(await graph(bench.url, group, undefined, 'fresh')).toMatchObject({ status: 200 });
  await whatsapp.change({ newToken: null, groupsEligible: false });
  for (const path of [group, `${account.phoneNumberId}/groups`])
    expect(await bench.call('GET', path)).toMatchObject({ status: 400, body: { error: { code: 131215 } } });
});

test('what WhatsApp cannot do is told by the webhook of the request, and nothing has changed', async () => {
  const group = await bench.make();
  await whatsapp.misbehave({ fault: 'group-request-fails', times: 4 });
  await bench.call('POST', `${account.phoneNumberId}/groups`, { ...product, subject: 'Never' });
  await bench.call('POST', group, { ...product, subject: 'Other' });
  await bench.call('DELETE', `${group}/participants`, { ...product, participants: [{ user: ada }] });
  await bench.call('DELETE', group);
  const errors = [{ code: 131000, title: 'Something went wrong' }];
  const told = (await bench.told()).slice(1);
  expect(told.find(({ type }) => type === 'group_create')).toMatchObject({ subject: 'Never', errors });
  expect(told.find(({ type }) => type === 'group_create')).not.toHaveProperty('group_id');
  expect(told.find(({ type }) => type === 'group_settings_update')).toMatchObject({
    group_subject: { text: 'Other', update_successful: false, errors },
    errors,
  });
  expect(told.find(({ type }) => type === 'group_participants_remove')).toMatchObject({
    failed_participants: [{ input: ada, errors }],
    errors,
  });
  expect(told.find(({ type }) => type === 'group_delete')).toMatchObject({ group_id: group, errors });
  expect(await whatsapp.groups()).toMatchObject([{ id: group, subject: 'Neighbours' }]);
});

test('the calls about groups misbehave at their own place, and a reset forgets every group', async () => {
  const group = await bench.make();
  await whatsapp.misbehave({ fault: 'graph-5xx', on: 'groups', status: 503 });
  expect(await bench.call('GET', group)).toMatchObject({ status: 503 });
  expect(await bench.call('GET', group)).toMatchObject({ status: 200 });
  await whatsapp.misbehave({ fault: 'graph-rate-limited', on: 'groups', code: 80007 });
  expect(await bench.call('DELETE', group)).toMatchObject({ status: 429, body: { error: { code: 80007 } } });
  await whatsapp.reset();
  expect(await whatsapp.groups()).toEqual([]);
  expect(await bench.call('GET', `${group}/invite_link`)).toMatchObject({ body: { error: { code: 131041 } } });
});
