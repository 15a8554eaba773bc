/** Nobody gets in who has not signed; what is no webhook of WhatsApp is refused with a code, and nothing of it is kept. */
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { asciiJson } from '../../../peers/whatsapp-cloud/webhook-body.ts';
import { ConnectedNumber, signatureOf, verifyToken } from './connected-number.ts';
import { change, envelope, messages, sheena, textMessage } from './payloads.ts';
import { lineOf } from './seen-in-room.ts';

let number: ConnectedNumber;
let rowsBefore = 0;
beforeAll(async () => {
  number = await ConnectedNumber.open();
});
beforeEach(async () => {
  await number.arrived();
  rowsBefore = await number.rows();
});
afterAll(() => number.close());

const nothingWasKept = async (): Promise<void> => {
  expect(await number.rows()).toBe(rowsBefore);
  // The process lives.
  expect((await number.deliver(messages(textMessage('still here')))).status).toBe(200);
};

const good = (): Buffer => asciiJson(messages(textMessage('Grüße aus Łódź')));

test.each<[string, (body: Buffer) => string | null]>([
  ['without a signature', () => null],
  ['with an empty signature', () => ''],
  ['with the signature of another secret', (body) => signatureOf(body, 'another')],
  ['with the signature of other bytes', () => signatureOf(Buffer.from('{}'))],
  ['with a signature of another kind', (body) => signatureOf(body).replace('sha256=', 'sha1=')],
  ['with a part of the signature', (body) => signatureOf(body).slice(0, -2)],
])('a webhook %s is refused with 401, and nothing of it is kept', async (_how, signature) => {
  const body = good();
  expect(await number.post(body, signature(body))).toEqual({ status: 401, code: 'CH-HTTP-UNAUTHORISED' });
  await nothingWasKept();
});

test('the signature is that of the bytes as they came, however they write the same JSON', async () => {
  const plain = JSON.stringify(messages(textMessage('Grüße')), null, 3);
  for (const body of [Buffer.from(plain), Buffer.from(`\n${plain.replaceAll('ß', '\\u00DF')}\r\n`)]) {
    expect((await number.post(body, signatureOf(body).toUpperCase().replace('SHA', 'sha'))).status).toBe(200);
  }
  expect((await number.arrived()).map(lineOf)).toEqual(['Sheena Nelson: text "Grüße"']);
  const escaped = asciiJson(messages(textMessage('ü')));
  expect(
    (await number.post(escaped, signatureOf(Buffer.from(JSON.stringify(JSON.parse(String(escaped))))))).status,
  ).toBe(401);
});

const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth));
const other = (object: unknown): Buffer => Buffer.from(JSON.stringify({ object, entry: [] }));

test.each<[string, () => Buffer]>([
  ['an empty body', () => Buffer.alloc(0)],
  ['junk', () => Buffer.from('Hello?')],
  ['bytes of nothing', () => Buffer.from([0, 255, 254, 1])],
  ['half a webhook', () => good().subarray(0, 300)],
  ['a webhook that is not UTF-8', () => Buffer.concat([good().subarray(0, -1), Buffer.from([0xff, 0x7d])])],
  ['a compressed webhook', () => gzipSync(good())],
  ['JSON that nests without end', () => nested(1_000_000)],
  [
    'a webhook that nests too deep',
    () => Buffer.from(`{"object":"whatsapp_business_account","entry":${String(nested(70))}}`),
  ],
  ['null', () => Buffer.from('null')],
  ['a number', () => Buffer.from('17')],
  ['a list', () => Buffer.from('[]')],
  ['an object of nothing', () => Buffer.from('{}')],
  ['a webhook of another product', () => other('page')],
  ['a webhook of a product without a name', () => other(null)],
  ['a webhook of a product with a name of a wrong type', () => other(['whatsapp_business_account'])],
])('%s, rightly signed, is refused with 400 and a code, and nothing of it is kept', async (_what, body) => {
  expect(await number.post(body())).toEqual({ status: 400, code: 'CH-HTTP-BAD-BODY' });
  await nothingWasKept();
});

test('a webhook for a number that is not connected is refused with 404, and nothing of it is kept', async () => {
  const value = { contacts: [sheena], messages: [textMessage('to others')] };
  expect(await number.deliver(envelope(change(value, { number: '999' })))).toEqual({
    status: 404,
    code: 'CH-ACCOUNT-UNKNOWN',
  });
  await nothingWasKept();
});

test('of a webhook for several numbers only what is for a connected one is kept', async () => {
  const value = (words: string) => ({ contacts: [sheena], messages: [textMessage(words)] });
  const body = envelope(change(value('to others'), { number: '999' }), change(value('to us')));
  expect((await number.deliver(body)).status).toBe(200);
  expect((await number.arrived()).map(lineOf)).toEqual(['Sheena Nelson: text "to us"']);
});

/** Without `fetch`, which would not send what is wrong. */
const raw = async (headers: Record<string, string>, chunks: readonly Buffer[], method = 'POST'): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(number.url, { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    // The other side may hang up while too much is still being written.
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    for (const chunk of chunks) asked.write(chunk);
    asked.end();
  });

const megabyte = Buffer.alloc(1024 * 1024, ' ');
const anySignature = { 'x-hub-signature-256': signatureOf(megabyte) };

test('ten megabytes are refused, announced or not, before they are read to the end', async () => {
  const ten = Array.from({ length: 10 }, () => megabyte);
  expect(await raw({ ...anySignature, 'content-length': String(10 * megabyte.length) }, ten)).toBe(413);
  expect(await raw({ ...anySignature, 'transfer-encoding': 'chunked' }, ten)).toBe(413);
  expect(await raw({ 'content-length': String(10 * megabyte.length) }, ten)).toBe(401);
  await nothingWasKept();
});

test('a webhook that says nothing of its type is read as what it is', async () => {
  const body = good();
  const length = { 'content-length': String(body.length) };
  expect(await raw({ 'X-HUB-SIGNATURE-256': signatureOf(body), ...length }, [body])).toBe(200);
  expect(await number.arrived()).toHaveLength(1);
});

test('nothing but the two ways of WhatsApp is offered', async () => {
  expect(await raw(anySignature, [], 'PUT')).toBe(405);
  expect((await fetch(`${number.url}/more`)).status).toBe(404);
});

const verify = async (
  query: Record<string, string>,
): Promise<{ status: number; body: string; type: string | null }> => {
  const answer = await fetch(`${number.url}?${String(new URLSearchParams(query))}`);
  return { status: answer.status, body: await answer.text(), type: answer.headers.get('content-type') };
};
const asked = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '1158201444' };

test('the verification is answered with the challenge as plain text when the token is right', async () => {
  expect(await verify(asked)).toEqual({ status: 200, body: '1158201444', type: 'text/plain; charset=utf-8' });
});

test.each([
  ['another token', { ...asked, 'hub.verify_token': 'guess' }],
  ['an empty token', { ...asked, 'hub.verify_token': '' }],
  ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }],
  ['another mode', { ...asked, 'hub.mode': 'unsubscribe' }],
  ['nothing', {}],
])('a verification with %s is refused with 403 and does not say the challenge', async (_what, query) => {
  const { status, body } = await verify(query);
  expect(status).toBe(403);
  expect(body).toContain('CH-HTTP-FORBIDDEN');
  expect(body).not.toContain('1158201444');
});

test('a challenge that is none is not repeated', async () => {
  expect((await verify({ ...asked, 'hub.challenge': '' })).status).toBe(400);
  expect((await verify({ ...asked, 'hub.challenge': 'x'.repeat(257) })).status).toBe(400);
});
