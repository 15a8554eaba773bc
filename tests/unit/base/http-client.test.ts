/** The one way out by HTTP: where it goes, what comes back, and what is known when nothing does. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { HttpClient, NoAnswer } from '../../../src/base/http-client.ts';

const servers: Server[] = [];
const clients: HttpClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(...origins: string[]): HttpClient {
  const client = new HttpClient(origins, { unreachable: 'CH-NETWORK-UNREACHABLE' });
  clients.push(client);
  return client;
}

/** A client of a server that answers so. */
async function answering(answer: (response: ServerResponse) => void): Promise<() => ReturnType<HttpClient['call']>> {
  const url = await serve((request, response) => {
    request.resume();
    answer(response);
  });
  const client = clientOf(url);
  return () => client.call({ method: 'POST', url: `${url}/path`, body: '{"text":"hello"}' });
}

/** What `NoAnswer` tells of a call that must not succeed. */
async function noAnswerOf(call: Promise<unknown>): Promise<Pick<NoAnswer, 'sent' | 'code'>> {
  const thrown: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof NoAnswer)) throw new Error(`expected NoAnswer, got ${String(thrown)}`);
  return { sent: thrown.sent, code: thrown.code };
}

test.each([
  ['another host', 'http://evil.example/'],
  ['another port', 'https://graph.example:444/'],
  ['the same host without encryption', 'http://graph.example/'],
  ['a host behind the name of the right one', 'https://graph.example@evil.example/'],
  ['a host that begins as the right one', 'https://graph.example.evil.example/'],
])('%s than the configuration names is not asked', async (_, url) => {
  const client = clientOf('graph.example', 'https://media.example');
  await expect(client.call({ method: 'GET', url })).rejects.toMatchObject({
    code: 'CH-NETWORK-UNREACHABLE',
    detail: 'This host is not named in the configuration.',
    place: new URL(url).origin,
  });
});

test('a redirect is an answer like any other and nobody follows it', async () => {
  let visits = 0;
  const elsewhere = await serve((_, response) => {
    visits += 1;
    response.end('{}');
  });
  const call = await answering((response) => response.writeHead(307, { location: elsewhere }).end());
  expect(await call()).toMatchObject({ status: 307, json: undefined });
  expect(visits).toBe(0);
});

test('any status is an answer', async () => {
  const call = await answering((response) => response.writeHead(500).end('{"error":{"code":1}}'));
  expect(await call()).toEqual({ status: 500, json: { error: { code: 1 } }, retryAfterMs: undefined });
});

test.each(['<html>', '', '{"half":', Buffer.from([0x22, 0xff, 0x22])])(
  'a body that is not JSON in UTF-8 (%p) is an answer without JSON',
  async (body) => {
    const call = await answering((response) => response.writeHead(200).end(body));
    expect(await call()).toMatchObject({ status: 200, json: undefined });
  },
);

test('what a connection that was refused should have carried was not sent', async () => {
  const url = await serve(() => undefined);
  const [server] = servers.splice(0);
  await new Promise((resolve) => server?.close(resolve));
  for (const refusing of [url, url.replace('127.0.0.1', 'localhost')]) {
    const outcome = await noAnswerOf(clientOf(refusing).call({ method: 'POST', url: refusing, body: 'x' }));
    expect(outcome).toEqual({ sent: false, code: 'CH-NETWORK-UNREACHABLE' });
  }
});

test('what was to go to somebody who does not speak TLS, or after it was called off, was not sent', async () => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked += 1;
    response.end();
  });
  const secure = url.replace('http:', 'https:');
  const post = (to: string, signal?: AbortSignal): Promise<unknown> =>
    clientOf(to).call({ method: 'POST', url: to, body: 'x', ...(signal === undefined ? {} : { signal }) });
  expect((await noAnswerOf(post(secure))).sent).toBe(false);
  expect((await noAnswerOf(post(url, AbortSignal.abort()))).sent).toBe(false);
  expect(asked).toBe(0);
});

test('what was cut before an answer came may have been sent', async () => {
  const call = await answering((response) => response.socket?.destroy());
  expect(await noAnswerOf(call())).toMatchObject({ sent: true });
});

test('what was cut in the middle of its answer may have been sent', async () => {
  const call = await answering((response) => {
    response.writeHead(200, { 'content-length': 100 }).write('{"messages":');
    setImmediate(() => response.socket?.destroy());
  });
  expect(await noAnswerOf(call())).toMatchObject({ sent: true });
});

test('an answer that is larger than memory should hold is none', async () => {
  const call = await answering((response) => response.writeHead(200).end(Buffer.alloc(16 * 1024 * 1024 + 1, ' ')));
  expect(await noAnswerOf(call())).toMatchObject({ sent: true });
});

test.each([
  ['5', 5_000],
  ['0', 0],
  ['1.5', 1_500],
  ['-3', 0],
  // The journal keeps whole milliseconds, and nobody means a century.
  ['0.0001', 1],
  ['5.0005', 5_001],
  ['99999999999', 86_400_000],
  ['Thu, 01 Jan 2099 00:00:00 GMT', 86_400_000],
  ['1e999', undefined],
  ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
  ['soon', undefined],
])('Retry-After: %s asks for %p ms', async (value, wanted) => {
  const call = await answering((response) => response.writeHead(429, { 'retry-after': value }).end('{}'));
  expect((await call()).retryAfterMs).toBe(wanted);
});

test('Retry-After may be a date to come', async () => {
  const until = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
  const value = new Date(until).toUTCString();
  const call = await answering((response) => response.writeHead(503, { 'retry-after': value }).end('{}'));
  const { retryAfterMs = 0 } = await call();
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(3_601_000);
});

test('a call that is aborted ends at once, and its connection with it', async () => {
  const asked = Promise.withResolvers<undefined>();
  const gone = Promise.withResolvers<undefined>();
  const url = await serve((request) => {
    request.once('close', () => gone.resolve(undefined));
    asked.resolve(undefined);
  });
  const abort = new AbortController();
  const outcome = noAnswerOf(clientOf(url).call({ method: 'POST', url, body: 'x', signal: abort.signal }));
  await asked.promise;
  abort.abort();
  expect(await outcome).toMatchObject({ sent: true });
  await gone.promise;
});

test('a streamed answer is handed over as it comes', async () => {
  const url = await serve((_, response) => response.writeHead(206, { 'x-kind': 'file' }).end('bytes'));
  const { status, headers, body } = await clientOf(url).stream({ method: 'GET', url });
  expect([status, headers['x-kind'], await body.text()]).toEqual([206, 'file', 'bytes']);
});
