import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Homeserver } from '../../../src/matrix/homeserver.ts';
import { ChanceryError } from '../../../src/base/errors.ts';
import { HomeserverError } from '../../../src/matrix/homeserver-error.ts';
import { portalRoom } from '../../../src/matrix/portal-room.ts';
import { isReadable } from '../../../src/matrix/room-event.ts';
import {
  asId,
  type ContentUri,
  type EventId,
  type NetworkId,
  type RoomId,
  type UserId,
} from '../../../src/model/ids.ts';
import { FakeHomeserver } from './fake-homeserver.ts';

const token = 'as-token-of-the-bridge';
const room = asId<RoomId>('!room/with?odd#letters');
const ghost = { user: asId<UserId>('@chancery_abc:a.example'), device: 'DEVICE' };
const inRoom = { as: ghost, room };
const uri = asId<ContentUri>('mxc://a.example/file');
const message = { ...inRoom, type: 'm.room.message', content: { body: 'x' }, transactionId: 'txn' };

let fake: FakeHomeserver;
let homeserver: Homeserver;
let url = '';

beforeEach(async () => {
  fake = new FakeHomeserver();
  url = await fake.start();
  homeserver = new Homeserver({ url: `${url}/`, serverName: 'a.example', token });
});
afterEach(async () => {
  await homeserver.close();
  await fake.stop();
});

async function failure(attempt: Promise<unknown>): Promise<HomeserverError> {
  const thrown: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof HomeserverError)) throw new Error('it did not fail as a homeserver does', { cause: thrown });
  return thrown;
}

test('every send names user and device, and the token only in the header', async () => {
  fake.answer = () => [200, { event_id: '$sent' }];
  expect(await homeserver.sendEvent({ ...message, at: 1_700_000_000_000 })).toBe('$sent');
  const [asked] = fake.asked;
  expect(asked).toMatchObject({
    method: 'PUT',
    path: `/_matrix/client/v3/rooms/${room}/send/m.room.message/txn`,
    query: {
      user_id: ghost.user,
      device_id: 'DEVICE',
      'org.matrix.msc3202.device_id': 'DEVICE',
      ts: '1700000000000',
    },
    headers: { authorization: `Bearer ${token}` },
  });
  expect(JSON.stringify([asked?.path, asked?.query])).not.toContain(token);
  expect(JSON.parse(String(asked?.body))).toEqual({ body: 'x' });
});

test('a user is registered once, and its device is made before it is used', async () => {
  fake.answer = ({ path }) =>
    path.endsWith('/register') ? [400, { errcode: 'M_USER_IN_USE', error: 'x' }] : [200, {}];
  await homeserver.registerUser(ghost.user);
  await homeserver.ensureDevice(ghost.user, ghost.device);
  const [register, device] = fake.asked;
  expect(JSON.parse(String(register?.body))).toEqual({
    type: 'm.login.application_service',
    username: 'chancery_abc',
    inhibit_login: true,
  });
  expect(register?.query).toEqual({});
  expect(device).toMatchObject({ path: '/_matrix/client/v3/devices/DEVICE', query: { user_id: ghost.user } });
  expect(device?.query).not.toHaveProperty('device_id');
});

test('failures are sorted by what can be done about them', async () => {
  const kinds: [number, unknown, string][] = [
    [502, '<html>Bad Gateway</html>', 'unreachable'],
    [503, '', 'unreachable'],
    [504, 'null', 'unreachable'],
    [504, { errcode: 'M_NOT_YET_UPLOADED' }, 'again'],
    [500, { errcode: 'M_UNKNOWN' }, 'again'],
    [429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1_500 }, 'again'],
    [403, { errcode: 'M_FORBIDDEN', error: 'no' }, 'permanent'],
    [404, '404 page not found', 'unreachable'],
    [404, { errcode: 'M_UNRECOGNIZED' }, 'permanent'],
    [401, { errcode: 'M_UNKNOWN_TOKEN' }, 'again'],
    [413, '<html>Request Entity Too Large</html>', 'permanent'],
    [302, '', 'permanent'],
    [200, 'not JSON', 'again'],
    [200, { event: '$x' }, 'again'],
  ];
  for (const [status, body, kind] of kinds) {
    fake.answer = () => [status, body];
    expect(await failure(homeserver.sendEvent(message))).toMatchObject({ kind, status });
  }
});

test('how long to wait is taken from the header, then from the body', async () => {
  fake.answer = () => [429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1_500 }];
  expect(await failure(homeserver.sendEvent(message))).toMatchObject({
    retryAfterMs: 1_500,
    errcode: 'M_LIMIT_EXCEEDED',
  });
  fake.answer = () => [429, { retry_after_ms: 1_500 }, { 'Retry-After': '3' }];
  expect(await failure(homeserver.sendEvent(message))).toMatchObject({ retryAfterMs: 3_000 });
});

test.each([
  [0.5, 1],
  [-5, 0],
  [1e300, 86_400_000],
  ['100', undefined],
])('a wait of %p ms in the body is one of %p', async (asked, kept) => {
  fake.answer = () => [429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: asked }];
  expect((await failure(homeserver.sendEvent(message))).retryAfterMs).toBe(kept);
});

test('a refusal that somebody nested absurdly is a refusal like any other', async () => {
  const bomb = '['.repeat(20_000) + ']'.repeat(20_000);
  fake.answer = () => [403, `{"errcode":"M_FORBIDDEN","error":"no","more":${bomb}}`];
  expect(await failure(homeserver.sendEvent(message))).toMatchObject({ kind: 'permanent', errcode: 'M_FORBIDDEN' });
});

test('a connection that is cut, or never made, is unreachable', async () => {
  fake.answer = () => undefined;
  expect(await failure(homeserver.sendEvent(message))).toMatchObject({
    kind: 'unreachable',
    code: 'CH-HOMESERVER-UNREACHABLE',
    status: 503,
  });
  const nowhere = new Homeserver({ url: 'http://127.0.0.1:9', serverName: 'a.example', token });
  expect(await failure(nowhere.about())).toMatchObject({ kind: 'unreachable' });
  await nowhere.close();
});

test('a transfer that stands still can be given up', async () => {
  fake.answer = () => [200, {}];
  const given = new AbortController();
  const endless = new Readable({ read: () => undefined });
  const upload = homeserver.uploadMedia(ghost, uri, endless, { sizeBytes: 5, mimeType: 'a/b', signal: given.signal });
  given.abort();
  expect(await failure(upload)).toMatchObject({ kind: 'unreachable' });
  expect(endless.destroyed).toBe(true);
});

test('a file that cannot be read here is that, and no absence of the homeserver', async () => {
  fake.answer = () => [200, {}];
  const damaged = Readable.from(
    (async function* () {
      yield Buffer.from('he');
      throw new ChanceryError('CH-MEDIA-DAMAGED');
    })(),
    { objectMode: false },
  );
  const upload = homeserver.uploadMedia(ghost, uri, damaged, { sizeBytes: 5, mimeType: 'a/b' });
  await expect(upload).rejects.toMatchObject({ code: 'CH-MEDIA-DAMAGED' });
});

test('an error tells the place and the reason, and no token', async () => {
  fake.answer = () => [403, { errcode: 'M_FORBIDDEN', error: 'not in room' }];
  const { message: words } = await failure(homeserver.join(inRoom));
  expect(words).toContain('M_FORBIDDEN not in room');
  expect(words).toContain('/join');
  expect(words).not.toContain(token);
});

test('creating a room that exists finds it', async () => {
  const recipe = portalRoom({
    aliasLocalpart: 'chancery_portal',
    name: 'Gus',
    invite: [asId<UserId>('@erin:a.example')],
    bridge: {
      bot: ghost.user,
      network: { id: asId<NetworkId>('whatsapp'), displayName: 'WhatsApp' },
      channel: { id: 'x', displayName: 'Gus' },
    },
  });
  fake.answer = () => [200, { room_id: '!new' }];
  expect(await homeserver.createRoom(ghost, recipe)).toEqual({ room: '!new', existed: false });
  expect(JSON.parse(String(fake.asked[0]?.body))).toMatchObject({
    preset: 'private_chat',
    room_alias_name: 'chancery_portal',
    room_version: '12',
    invite: ['@erin:a.example'],
  });
  fake.answer = ({ path }) =>
    path.includes('createRoom') ? [400, { errcode: 'M_ROOM_IN_USE' }] : [200, { room_id: '!old', servers: [] }];
  expect(await homeserver.createRoom(ghost, recipe)).toEqual({ room: '!old', existed: true });
  expect(fake.asked.at(-1)?.path).toBe('/_matrix/client/v3/directory/room/#chancery_portal:a.example');
});

test('an alias that vanished meanwhile is worth another attempt', async () => {
  fake.answer = ({ path }) =>
    path.includes('createRoom') ? [400, { errcode: 'M_ROOM_IN_USE' }] : [404, { errcode: 'M_NOT_FOUND' }];
  const recipe = { aliasLocalpart: 'x', name: '', invite: [], initialState: [], powerLevels: {}, roomVersion: '12' };
  expect(await failure(homeserver.createRoom(ghost, recipe))).toMatchObject({ kind: 'again' });
});

test('state is written only when it differs', async () => {
  const state = { type: 'm.room.topic', stateKey: '', content: { topic: 'a', missing: undefined } };
  fake.answer = ({ method }) => (method === 'GET' ? [200, { topic: 'a' }] : [200, { event_id: '$x' }]);
  expect(await homeserver.ensureState(inRoom, state)).toBe(false);
  expect(await homeserver.ensureState(inRoom, { ...state, content: { topic: 'b' } })).toBe(true);
  fake.answer = ({ method }) => (method === 'GET' ? [404, { errcode: 'M_NOT_FOUND' }] : [200, { event_id: '$x' }]);
  expect(await homeserver.ensureState(inRoom, { ...state, stateKey: 'key' })).toBe(true);
  expect(fake.asked.at(-1)?.path).toBe(`/_matrix/client/v3/rooms/${room}/state/m.room.topic/key`);
});

test('state that looks like an error is state', async () => {
  fake.answer = () => [200, { errcode: 'M_FORBIDDEN', error: 'made by a prankster' }];
  expect(await homeserver.getState(inRoom, 'm.room.topic', '')).toMatchObject({ errcode: 'M_FORBIDDEN' });
});

test('nobody is invited twice', async () => {
  const user = asId<UserId>('@erin:a.example');
  for (const [membership, invited] of [
    ['join', false],
    ['invite', false],
    ['leave', true],
  ] as const) {
    fake.answer = ({ method }) => (method === 'GET' ? [200, { membership }] : [200, {}]);
    expect(await homeserver.invite(inRoom, user)).toBe(invited);
  }
  expect(fake.asked.filter(({ path }) => path.endsWith('/invite'))).toHaveLength(1);
});

test('members are those who joined or are invited', async () => {
  const member = (state_key: string, content: object): object => ({ type: 'm.room.member', state_key, content });
  fake.answer = () => [
    200,
    {
      chunk: [
        member('@erin:a.example', { membership: 'join', displayname: 'Erin' }),
        member('@finn:a.example', { membership: 'invite', displayname: 7 }),
        member('@gus:a.example', { membership: 'leave' }),
        'nonsense',
      ],
    },
  ];
  expect(await homeserver.members(inRoom)).toEqual([
    { user: '@erin:a.example', membership: 'join', displayName: 'Erin' },
    { user: '@finn:a.example', membership: 'invite' },
  ]);
});

test('a page of history survives an event that nobody can read', async () => {
  const bomb = '['.repeat(500) + ']'.repeat(500);
  const event = `{"event_id":"$a","room_id":"!r","sender":"@e:a","type":"t","origin_server_ts":1,"content":{}}`;
  fake.answer = () => [200, `{"chunk":[${event},{"event_id":"$b","content":${bomb}}],"end":"older"}`];
  const { events, next } = await homeserver.messages(inRoom, { limit: 2, from: 'here' });
  expect(events.map(isReadable)).toEqual([true, false]);
  expect(next).toBe('older');
  expect(fake.asked[0]?.query).toMatchObject({ dir: 'b', limit: '2', from: 'here' });
});

test('a page of history with thousands of things that are no events is read, and they are kept together', async () => {
  const chunk = [...Array.from({ length: 20_000 }, (_, index) => index), '$last'];
  fake.answer = () => [200, { chunk }];
  const { events } = await homeserver.messages(inRoom);
  expect(events).toHaveLength(101);
  const raw = events.flatMap((event) => (isReadable(event) ? [] : [JSON.parse(event.raw) as unknown]));
  expect(raw.flat()).toEqual(chunk);
});

test('an id that would climb out of its place in a path never leaves', async () => {
  await expect(homeserver.getEvent(inRoom, asId<EventId>('..'))).rejects.toThrow(RangeError);
  await expect(homeserver.downloadMedia(ghost, asId<ContentUri>('mxc://a.example/..'))).rejects.toThrow(RangeError);
  expect(fake.asked).toEqual([]);
});

test('a file is uploaded as a stream to its reserved address, and done already is done', async () => {
  const upload = { sizeBytes: 5, mimeType: 'text/plain', fileName: 'a b.txt' };
  fake.answer = () => [200, { content_uri: uri, unused_expires_at: 1 }];
  expect(await homeserver.reserveMedia(ghost)).toBe(uri);
  fake.answer = () => [200, {}];
  await homeserver.uploadMedia(ghost, uri, Readable.from([Buffer.from('hello')]), upload);
  expect(fake.asked.at(-1)).toMatchObject({
    method: 'PUT',
    path: '/_matrix/media/v3/upload/a.example/file',
    query: { filename: 'a b.txt', user_id: ghost.user, device_id: 'DEVICE' },
    headers: { 'content-type': 'text/plain', 'content-length': '5', authorization: `Bearer ${token}` },
    body: Buffer.from('hello'),
  });
  fake.answer = () => [409, { errcode: 'M_CANNOT_OVERWRITE_MEDIA' }];
  await homeserver.uploadMedia(ghost, uri, Readable.from([Buffer.from('hello')]), upload);
  fake.answer = () => [413, { errcode: 'M_TOO_LARGE' }];
  const file = Readable.from([Buffer.from('hello')]);
  expect(await failure(homeserver.uploadMedia(ghost, uri, file, upload))).toMatchObject({ kind: 'permanent' });
  expect(file.destroyed).toBe(true);
});

test('an address that is none is not taken for one', async () => {
  fake.answer = () => [200, { content_uri: 'https://evil.example/x' }];
  expect(await failure(homeserver.reserveMedia(ghost))).toMatchObject({ kind: 'again' });
});

test('a file is downloaded as a stream with its type and size', async () => {
  fake.answer = () => [200, Buffer.from('hello'), { 'Content-Type': 'image/png', 'Content-Length': '5' }];
  const { stream, ...known } = await homeserver.downloadMedia(ghost, uri);
  expect(known).toEqual({ mimeType: 'image/png', sizeBytes: 5 });
  expect(await buffer(stream)).toEqual(Buffer.from('hello'));
  fake.answer = () => [404, { errcode: 'M_NOT_FOUND' }];
  expect(await failure(homeserver.downloadMedia(ghost, uri))).toMatchObject({ kind: 'permanent', status: 404 });
});

test('the size limit is asked for once', async () => {
  fake.answer = () => [200, { 'm.upload.size': 50 }];
  expect([await homeserver.mediaLimitBytes(), await homeserver.mediaLimitBytes()]).toEqual([50, 50]);
  expect(fake.asked).toHaveLength(1);
});

test('small deeds reach the places the specification names', async () => {
  fake.answer = () => [200, { event_id: '$r', user_id: ghost.user, versions: ['v1.11'], duration_ms: 3 }];
  const event = asId<EventId>('$e');
  await homeserver.setDisplayName(ghost, 'Gus');
  await homeserver.setAvatar(ghost, uri);
  await homeserver.leave(inRoom);
  await homeserver.typing(inRoom, true, 5_000);
  await homeserver.typing(inRoom, false);
  await homeserver.readReceipt(inRoom, event);
  expect(await homeserver.redact({ ...inRoom, event, transactionId: 't', reason: 'because' })).toBe('$r');
  expect(await homeserver.whoami(ghost)).toEqual({ user: ghost.user });
  expect((await homeserver.about()).versions).toEqual(['v1.11']);
  expect(await homeserver.ping('chancery')).toBe(3);
  expect(fake.asked.map(({ method, path, body }) => `${method} ${path} ${String(body)}`.trim())).toEqual([
    `PUT /_matrix/client/v3/profile/${ghost.user}/displayname {"displayname":"Gus"}`,
    `PUT /_matrix/client/v3/profile/${ghost.user}/avatar_url {"avatar_url":"${uri}"}`,
    `POST /_matrix/client/v3/rooms/${room}/leave {}`,
    `PUT /_matrix/client/v3/rooms/${room}/typing/${ghost.user} {"typing":true,"timeout":5000}`,
    `PUT /_matrix/client/v3/rooms/${room}/typing/${ghost.user} {"typing":false}`,
    `POST /_matrix/client/v3/rooms/${room}/receipt/m.read/$e {}`,
    `PUT /_matrix/client/v3/rooms/${room}/redact/$e/t {"reason":"because"}`,
    'GET /_matrix/client/v3/account/whoami',
    'GET /_matrix/client/versions',
    'POST /_matrix/client/v1/appservice/chancery/ping {}',
  ]);
});

test('a thousand ghosts speak in their own names', async () => {
  fake.answer = ({ query }) => [200, { event_id: `$${query['user_id'] ?? ''}` }];
  const ghosts = Array.from({ length: 1_000 }, (_, index) => ({
    user: asId<UserId>(`@g${index}:a`),
    device: `D${index}`,
  }));
  const sent = await Promise.all(ghosts.map((as) => homeserver.sendEvent({ ...message, as })));
  expect(sent).toEqual(ghosts.map(({ user }) => `$${user}`));
});

test('two homeservers in one process do not mix up their connections', async () => {
  const other = new Homeserver({ url, serverName: 'a.example', token: 'another-token' });
  fake.answer = ({ headers }) => [200, { event_id: `$${headers.authorization ?? ''}` }];
  const [one, two] = await Promise.all([homeserver.sendEvent(message), other.sendEvent(message)]);
  expect([one, two]).toEqual([`$Bearer ${token}`, '$Bearer another-token']);
  await other.close();
  expect(await homeserver.sendEvent(message)).toBe(one);
});
