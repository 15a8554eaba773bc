/** Nobody who knocks can make our HTTP servers hold more, wait longer or fall over. */
import http from 'node:http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import type { HttpListener, Route } from '../../../src/base/http-listener.ts';
import { createLog } from '../../../src/base/logging.ts';
import { chunk, head, RawConnection } from './raw-connection.ts';

const megabyte = 1024 * 1024;
let listener: HttpListener;
let port: number;
let gate = Promise.withResolvers<undefined>();
let begun = Promise.withResolvers<undefined>();

const count: Route['handle'] = async ({ body }) => ({ status: 200, body: { bytes: body.length } });

const routes: readonly Route[] = [
  { method: 'POST', path: '/small', maxBodyBytes: 100, handle: count },
  { method: 'POST', path: '/large', maxBodyBytes: 60 * megabyte, handle: count },
  { method: 'GET', path: '/nothing', maxBodyBytes: 0, handle: count },
  {
    method: 'POST',
    path: '/held',
    maxBodyBytes: 60 * megabyte,
    handle: async (request) => {
      begun.resolve(undefined);
      await gate.promise;
      return count(request);
    },
  },
  {
    method: 'POST',
    path: '/private',
    maxBodyBytes: 60 * megabyte,
    authorise: ({ authorization }) => {
      if (authorization !== 'Bearer right') throw new ChanceryError('CH-HTTP-FORBIDDEN');
    },
    handle: count,
  },
];

const serverOptions: http.ServerOptions[] = [];
jest.unstable_mockModule('node:http', () => ({
  ...http,
  createServer: (options: http.ServerOptions, serve: http.RequestListener) => {
    serverOptions.push(options);
    return http.createServer(options, serve);
  },
}));
const listening = await import('../../../src/base/http-listener.ts');

beforeEach(async () => {
  gate = Promise.withResolvers();
  begun = Promise.withResolvers();
  listener = new listening.HttpListener(routes, createLog('silent'));
  port = await listener.start({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  gate.resolve(undefined);
  await listener.stop();
});

async function post(path: string, bytes: number): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: Buffer.alloc(bytes, 'x'),
    headers: { connection: 'close' },
  });
}

/** The process lives and serves. */
async function expectService(): Promise<void> {
  expect(await (await post('/small', 100)).json()).toEqual({ bytes: 100 });
}

const tooLarge = /^HTTP\/1\.1 413 .*CH-HTTP-TOO-LARGE.*At most 100 bytes/s;

test('a body that is announced as too large is refused before a byte of it is read', async () => {
  const connection = new RawConnection(port);
  await connection.say(head('POST', '/small', { 'Content-Length': 101 }));
  expect(await connection.untilClosed()).toMatch(tooLarge);
  await expectService();
});

test('a body of unknown length is read up to the limit only, and ends the connection', async () => {
  const connection = new RawConnection(port);
  await connection.say(head('POST', '/small', { 'Transfer-Encoding': 'chunked' }) + chunk('x'.repeat(60)));
  await connection.say(chunk('x'.repeat(60)));
  expect(await connection.untilClosed()).toMatch(tooLarge);
  await expectService();
});

test('a body just within the limit is taken, whether its length is announced or not', async () => {
  await expectService();
  const connection = new RawConnection(port);
  const headers = { 'Transfer-Encoding': 'chunked', Connection: 'close' };
  await connection.say(head('POST', '/small', headers) + chunk('x'.repeat(100)) + chunk(''));
  expect(await connection.untilClosed()).toContain('{"bytes":100}');
});

test('where no body is expected, one is refused', async () => {
  const connection = new RawConnection(port);
  await connection.say(`${head('GET', '/nothing', { 'Content-Length': 1 })}x`);
  expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 413 /);
});

test('who may not come in is told so before a byte of the body is read', async () => {
  const connection = new RawConnection(port);
  await connection.say(head('POST', '/private', { Authorization: 'Bearer wrong', 'Content-Length': 50 * megabyte }));
  expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 403 .*CH-HTTP-FORBIDDEN/s);
});

test('who asks whether to send the body is told to go on only when it would be taken', async () => {
  const expecting = (path: string, headers: Readonly<Record<string, string | number>>): string =>
    head('POST', path, { ...headers, Expect: '100-continue' });
  const refused = new RawConnection(port);
  await refused.say(expecting('/private', { Authorization: 'Bearer wrong', 'Content-Length': 5 }));
  expect(await refused.untilClosed()).toMatch(/^HTTP\/1\.1 403 /);
  const large = new RawConnection(port);
  await large.say(expecting('/small', { 'Content-Length': 101 }));
  expect(await large.untilClosed()).toMatch(tooLarge);
  const taken = new RawConnection(port);
  await taken.say(`${expecting('/small', { 'Content-Length': 5, Connection: 'close' })}12345`);
  expect(await taken.untilClosed()).toMatch(/^HTTP\/1\.1 100 Continue.*\{"bytes":5\}/s);
});

test('more bytes at once than memory should hold are answered with 503 and when to come again', async () => {
  const held = post('/held', 40 * megabyte);
  await begun.promise;
  const refused = await post('/large', 40 * megabyte);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).not.toBeNull();
  expect(await refused.json()).toMatchObject({ errcode: 'CH-STORE-BUSY' });
  await expectService();
  gate.resolve(undefined);
  expect(await (await held).json()).toEqual({ bytes: 40 * megabyte });
  expect((await post('/large', 40 * megabyte)).status).toBe(200);
});

test('a client that goes away in the middle of its body harms nobody and leaves nothing behind', async () => {
  for (let time = 0; time < 2; time += 1) {
    const connection = new RawConnection(port);
    await connection.say(head('POST', '/large', { 'Content-Length': 60 * megabyte }));
    await connection.say(Buffer.alloc(40 * megabyte));
    await connection.vanish();
  }
  await expectService();
  expect((await post('/large', 50 * megabyte)).status).toBe(200);
});

test('a client that goes away before its answer harms nobody', async () => {
  const connection = new RawConnection(port);
  await connection.say(`${head('POST', '/held', { 'Content-Length': 2 })}{}`);
  await begun.promise;
  await connection.vanish();
  gate.resolve(undefined);
  await expectService();
});

test('what is not HTTP at all harms nobody', async () => {
  const connection = new RawConnection(port);
  await connection.say('\u0016\u0003\u0001 hello\r\n\r\n');
  expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 400 /);
  await expectService();
});

test('a client that dribbles its request is cut off after a time that was set', () => {
  const { headersTimeout = 0, requestTimeout = 0, maxHeaderSize = 0 } = serverOptions.at(-1) ?? {};
  for (const bound of [headersTimeout, requestTimeout, maxHeaderSize]) expect(bound).toBeGreaterThan(0);
  expect(headersTimeout).toBeLessThanOrEqual(30_000);
  expect(requestTimeout).toBeLessThanOrEqual(120_000);
});
