/** What strangers may send to the two listeners of the running bridge: a clear refusal, nothing stored, nothing ended. */
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { phoneNumberId } from '../peers/house.ts';
import { Scene } from '../peers/scene.ts';

let scene: Scene;
let graphSecret: string;
let homeserverToken: string;
const megabyte = 1024 * 1024;

beforeAll(async () => {
  scene = await Scene.open();
  graphSecret = scene.house.secrets.appSecret;
  const registration = parse(readFileSync(scene.house.bridge.registrationFile, 'utf8')) as { hs_token: string };
  homeserverToken = registration.hs_token;
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

interface Reply {
  readonly status: number;
  readonly code: unknown;
}

async function send(url: string, init: RequestInit): Promise<Reply> {
  const answer = await fetch(url, init);
  const body = (await answer.json()) as { errcode?: unknown };
  return { status: answer.status, code: body.errcode };
}

const webhookUrl = (): string => `http://127.0.0.1:${scene.house.secrets.webhookPort}/whatsapp`;
const transactionUrl = (): string =>
  `http://127.0.0.1:${scene.house.secrets.appservicePort}/_matrix/app/v1/transactions/hostile`;

function toWebhook(body: Uint8Array, signed = true): Promise<Reply> {
  const signature = createHmac('sha256', signed ? graphSecret : 'guessed')
    .update(body)
    .digest('hex');
  return send(webhookUrl(), { method: 'POST', body, headers: { 'X-Hub-Signature-256': `sha256=${signature}` } });
}

function toAppservice(body: Uint8Array, authorization = `Bearer ${homeserverToken}`): Promise<Reply> {
  return send(transactionUrl(), { method: 'PUT', body, headers: { Authorization: authorization } });
}

/** Everything that the bridge's database counts. */
async function stored(): Promise<unknown> {
  const { journal, portals } = (await scene.house.bridge.status()) as { journal: unknown; portals?: unknown };
  return { journal, portals };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const envelope = (value: unknown): string =>
  JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
  });

const unreadable: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', bytes('')],
  ['junk', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256))],
  ['words', bytes('hello')],
  ['a truncated body', bytes(envelope({ messages: [] }).slice(0, -9))],
  ['a thousand levels', bytes(deep(1_000))],
  ['a million levels', bytes(deep(1_000_000))],
  ['levels inside a member', bytes(`{"object":${deep(500)}}`)],
  ['bytes that are no UTF-8', Buffer.concat([bytes('{"object":"'), Buffer.from([0xff, 0xfe, 0xc0]), bytes('"}')])],
];

test.each(unreadable)('the webhook refuses %s with a code, signed or not, and stores nothing', async (_what, body) => {
  const before = await stored();
  expect(await toWebhook(body, false)).toEqual({ status: 401, code: 'CH-HTTP-UNAUTHORISED' });
  expect(await toWebhook(body)).toEqual({ status: 400, code: 'CH-HTTP-BAD-BODY' });
  expect(await stored()).toEqual(before);
});

test.each(unreadable)('the appservice refuses %s with a code, and stores nothing', async (_what, body) => {
  const before = await stored();
  expect(await toAppservice(body, 'Bearer guessed')).toMatchObject({ status: 403 });
  expect(await toAppservice(body)).toMatchObject({ status: 400, code: 'CH-HTTP-BAD-BODY' });
  expect(await stored()).toEqual(before);
});

test('a body of 10 MB is refused by both before it is read, whatever it says', async () => {
  const before = await stored();
  const large = Buffer.alloc(10 * megabyte, ' ');
  for (const refusal of [refusalOf(toWebhook(large)), refusalOf(toWebhook(large, false))])
    expect([413, 401, 'cut']).toContain(await refusal);
  const registered = Buffer.concat([bytes('{"events":[],"x":"'), Buffer.alloc(60 * megabyte, 'x'), bytes('"}')]);
  expect([413, 'cut']).toContain(await refusalOf(toAppservice(registered)));
  expect(await stored()).toEqual(before);
}, 60_000);

/** A refusal in the middle of a body may reach the sender as a cut connection. */
async function refusalOf(reply: Promise<Reply>): Promise<number | 'cut'> {
  try {
    return (await reply).status;
  } catch {
    return 'cut';
  }
}

test('a missing or malformed credential is refused before the body, and never stands in the URL', async () => {
  const body = envelope({ metadata: { phone_number_id: phoneNumberId }, messages: [] });
  for (const headers of [{}, { 'X-Hub-Signature-256': 'sha256=' }, { 'X-Hub-Signature-256': 'md5=00' }] as const)
    expect(await send(webhookUrl(), { method: 'POST', body, headers })).toMatchObject({ status: 401 });
  expect((await send(transactionUrl(), { method: 'PUT', body: '{"events":[]}' })).status).toBe(401);
  const inUrl = `${transactionUrl()}?access_token=${homeserverToken}`;
  expect((await send(inUrl, { method: 'PUT', body: '{"events":[]}' })).status).toBe(401);
});

test('a wrong path and a wrong method are answered as such', async () => {
  const { webhookPort, appservicePort } = scene.house.secrets;
  for (const port of [webhookPort, appservicePort]) {
    expect(await send(`http://127.0.0.1:${port}/%ff/../etc`, {})).toEqual({ status: 404, code: 'CH-HTTP-NOT-FOUND' });
  }
  expect((await send(webhookUrl(), { method: 'DELETE' })).status).toBe(405);
});

test('the verification answers the right token only, with the challenge and nothing else', async () => {
  const { verifyToken } = scene.house.secrets;
  const verify = (token: string, challenge = '1158201444') =>
    fetch(
      `${webhookUrl()}?hub.mode=subscribe&hub.challenge=${encodeURIComponent(challenge)}&hub.verify_token=${token}`,
    );
  const right = await verify(verifyToken);
  expect([right.status, await right.text()]).toEqual([200, '1158201444']);
  expect(right.headers.get('content-type')).toMatch(/^text\/plain/);
  expect((await verify('guessed')).status).toBe(403);
  expect((await verify('')).status).toBe(403);
  expect((await verify(verifyToken, 'x'.repeat(5_000))).status).toBe(400);
});

test('a rightly signed body for a number that is not connected here is not taken', async () => {
  const before = await stored();
  const body = bytes(
    envelope({
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: '1', phone_number_id: '999' },
      messages: [{ id: 'wamid.x', from: '4930', timestamp: '1700000000', type: 'text', text: { body: 'lost?' } }],
    }),
  );
  expect(await toWebhook(body)).toEqual({ status: 404, code: 'CH-ACCOUNT-UNKNOWN' });
  expect(await stored()).toEqual(before);
});

test('events that are none are set aside, and the event beside them is taken', async () => {
  const { room } = await scene.openChat('beside the odd ones');
  const event = await scene.ana.sendText(room, 'a sound event');
  await scene.arrivesAtPhone('a sound event');
  const raw = await scene.ana.call('GET', `/rooms/${encodeURIComponent(room)}/event/${encodeURIComponent(event)}`);
  const odd: readonly unknown[] = [null, 7, 'x', [], {}, { event_id: 5 }, { ...(raw as object), content: [] }];
  const again = { ...(raw as object), event_id: '$another', content: { msgtype: 'm.text', body: 'beside the odd' } };
  expect((await toAppservice(bytes(JSON.stringify({ events: [...odd, again] })))).status).toBe(200);
  await scene.arrivesAtPhone('beside the odd');
});

test('a sender that goes away in the middle harms nobody', async () => {
  const { webhookPort, appservicePort } = scene.house.secrets;
  for (const port of [webhookPort, appservicePort]) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write('POST /whatsapp HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=');
        socket.write(`${'0'.repeat(64)}\r\nContent-Length: 1000\r\n\r\n{"obj`, () => socket.destroy());
      });
      socket.once('close', () => resolve());
    });
  }
  await scene.openChat('still there after all that');
});
