/** Every request to the homeserver is measured under a name that holds nobody's id. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Homeserver } from '../../../src/matrix/homeserver.ts';
import { asId, type ContentUri, type EventId, type RoomId, type UserId } from '../../../src/model/ids.ts';
import { FakeHomeserver } from './fake-homeserver.ts';

const as = { user: asId<UserId>('@ghost:a.example'), device: 'DEVICE' };
const inRoom = { as, room: asId<RoomId>('!room:a.example') };
let fake: FakeHomeserver;
let homeserver: Homeserver;
let measured: string[];
let seconds: number[];

beforeEach(async () => {
  fake = new FakeHomeserver();
  measured = [];
  seconds = [];
  homeserver = new Homeserver({
    url: await fake.start(),
    serverName: 'a.example',
    token: 'token',
    onRequest: (method, route, call) => {
      measured.push(`${method} ${route} ${call.status ?? 'none'}`);
      seconds.push(call.seconds);
    },
  });
});

afterEach(async () => {
  await homeserver.close();
  await fake.stop();
});

test('ids of rooms, events, users and files are stars in the name', async () => {
  fake.answer = () => [200, { event_id: '$sent', content_uri: 'mxc://a.example/file' }];
  await homeserver.sendEvent({ ...inRoom, type: 'm.room.message', content: {}, transactionId: 'txn' });
  await homeserver.readReceipt(inRoom, asId<EventId>('$event'));
  await homeserver.getState(inRoom, 'm.room.member', as.user);
  await homeserver.setDisplayName(as, 'Ada');
  const uri = await homeserver.reserveMedia(as);
  await homeserver.uploadMedia(as, uri, Readable.from(['x']), { sizeBytes: 1, mimeType: 'image/png' });
  await buffer((await homeserver.downloadMedia(as, asId<ContentUri>('mxc://b.example/other'))).stream);
  expect(measured).toEqual([
    'PUT /_matrix/client/v3/rooms/*/send/*/* 200',
    'POST /_matrix/client/v3/rooms/*/receipt/m.read/* 200',
    'GET /_matrix/client/v3/rooms/*/state/*/* 200',
    'PUT /_matrix/client/v3/profile/*/displayname 200',
    'POST /_matrix/media/v1/create 200',
    'PUT /_matrix/media/v3/upload/*/* 200',
    'GET /_matrix/client/v1/media/download/*/* 200',
  ]);
  for (const each of seconds) expect(each).toBeGreaterThan(0);
});

test('a refusal is measured under its status, a broken connection under none', async () => {
  fake.answer = () => [403, { errcode: 'M_FORBIDDEN' }];
  await expect(homeserver.join(inRoom)).rejects.toThrow();
  await expect(homeserver.downloadMedia(as, asId<ContentUri>('mxc://a.example/file'))).rejects.toThrow();
  fake.answer = () => undefined;
  await expect(homeserver.join(inRoom)).rejects.toThrow();
  expect(measured).toEqual([
    'POST /_matrix/client/v3/rooms/*/join 403',
    'GET /_matrix/client/v1/media/download/*/* 403',
    'POST /_matrix/client/v3/rooms/*/join none',
  ]);
});
