/** What anybody meets who knocks at one of our HTTP servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { ChanceryError } from '../../../src/base/errors.ts';
import { HttpListener, type HttpReply, type HttpRequest, type Route } from '../../../src/base/http-listener.ts';
import { createLog } from '../../../src/base/logging.ts';
import { head, RawConnection } from './raw-connection.ts';

let listener: HttpListener | undefined;

afterEach(async () => {
  await listener?.stop();
  listener = undefined;
});

type Handle = (request: HttpRequest) => Promise<HttpReply>;

const route = (method: Route['method'], path: string, handle: Handle): Route => ({
  method,
  path,
  maxBodyBytes: 1_000,
  handle,
});

async function listen(...routes: readonly Route[]): Promise<number> {
  listener = new HttpListener(routes, createLog('silent'));
  return listener.start({ host: '127.0.0.1', port: 0 });
}

/** Without keep-alive, so that a stop has nothing to wait for. */
async function ask(port: number, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { connection: 'close' } });
}

const ok: Handle = async () => ({ status: 200, body: { ok: true } });

test('a path that nobody offers is answered with 404, in words and with a code', async () => {
  const answer = await ask(await listen(route('GET', '/here', ok)), '/there');
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({
    errcode: 'CH-HTTP-NOT-FOUND',
    error: 'There is nothing at this path.',
    advice: 'Check the URL.',
  });
});

test('a path with a segment more or less is another path', async () => {
  const port = await listen(route('GET', '/rooms/:room', ok));
  expect((await ask(port, '/rooms')).status).toBe(404);
  expect((await ask(port, '/rooms/one/two')).status).toBe(404);
  expect((await ask(port, '/rooms/one')).status).toBe(200);
});

test('a method that is not offered here is answered with 405 and those that are', async () => {
  const port = await listen(route('GET', '/here', ok), route('PUT', '/here', ok));
  const answer = await ask(port, '/here', { method: 'POST', body: '{}' });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe('GET, PUT');
  expect(await answer.json()).toMatchObject({
    errcode: 'CH-HTTP-METHOD',
    error: expect.stringContaining('GET, PUT') as unknown,
  });
});

test('the segments of a path reach the handler decoded, and the query with them', async () => {
  const seen: unknown[] = [];
  const handle: Handle = async ({ params, query }) => {
    seen.push({ ...params, since: query.get('since') });
    return { status: 200, body: {} };
  };
  const port = await listen(route('GET', '/rooms/:room/events/:event', handle));
  await ask(port, '/rooms/%21a%2Fb%3Ac/events/%24%C3%BC%20%25?since=a%26b');
  expect(seen).toEqual([{ room: '!a/b:c', event: '$ü %', since: 'a&b' }]);
});

test.each(['/rooms/%', '/rooms/%zz', '/rooms/%ff'])('the broken encoding in %s is answered with 404', async (path) => {
  const port = await listen(route('GET', '/rooms/:room', ok));
  const connection = new RawConnection(port);
  await connection.say(head('GET', path, { Connection: 'close' }));
  expect(await connection.untilClosed()).toMatch(/^HTTP\/1\.1 404 .*CH-HTTP-NOT-FOUND/s);
});

test('an error of the catalogue is answered with its status, its code and its advice', async () => {
  const handle: Handle = () => Promise.reject(new ChanceryError('CH-LOGIN-INVALID', { place: 'access_token' }));
  const answer = await ask(await listen(route('POST', '/login', handle)), '/login', { method: 'POST' });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({
    errcode: 'CH-LOGIN-INVALID',
    error: 'The login was refused. (access_token)',
    advice: 'Correct what is named and try again.',
  });
});

test('an exception inside a handler becomes 500 and tells nothing of what it said or where', async () => {
  const handle: Handle = () => Promise.reject(new TypeError('secret of the inside'));
  const answer = await ask(await listen(route('GET', '/', handle)), '/');
  const body = await answer.text();
  expect(answer.status).toBe(500);
  expect(JSON.parse(body)).toMatchObject({ errcode: 'CH-HTTP-INTERNAL' });
  expect(body).not.toMatch(/secret of the inside|TypeError|\.ts|at /);
});

test('a handler that throws before it returns a promise is no worse', async () => {
  const handle: Handle = () => {
    throw new Error('at once');
  };
  expect((await ask(await listen(route('GET', '/', handle)), '/')).status).toBe(500);
});

test.each(['CH-STORE-BUSY', 'CH-STORE-FAILED'] as const)(
  '%s is answered with 503 and when to come again',
  async (code) => {
    const handle: Handle = () => Promise.reject(new ChanceryError(code));
    const answer = await ask(await listen(route('GET', '/', handle)), '/');
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  },
);

test('a text is answered as plain text, anything else as JSON, with the headers of the handler', async () => {
  const port = await listen(
    route('GET', '/text', async () => ({ status: 200, body: 'ü', headers: { 'X-Of-Handler': 'yes' } })),
    route('GET', '/json', async () => ({ status: 201, body: ['ü'] })),
  );
  const text = await ask(port, '/text');
  expect([await text.text(), text.headers.get('content-type'), text.headers.get('x-of-handler')]).toEqual([
    'ü',
    'text/plain; charset=utf-8',
    'yes',
  ]);
  const json = await ask(port, '/json');
  expect([json.status, await json.json(), json.headers.get('content-type')]).toEqual([201, ['ü'], 'application/json']);
});

test('a handler that is slow while the listener stops is finished, and its client gets the answer', async () => {
  const begun = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const port = await listen(
    route('GET', '/slow', async () => {
      begun.resolve(undefined);
      await gate.promise;
      return { status: 200, body: { finished: true } };
    }),
  );
  const answer = ask(port, '/slow');
  await begun.promise;
  const stopped = listener?.stop();
  await expect(ask(port, '/slow')).rejects.toThrow();
  gate.resolve(undefined);
  expect(await (await answer).json()).toEqual({ finished: true });
  await stopped;
});

test('a stop is no harm to a listener that never listened', async () => {
  await expect(new HttpListener([], createLog('silent')).stop()).resolves.toBeUndefined();
});

test('a port that is taken is named in the error', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const late = new HttpListener([], createLog('silent'));
  await expect(late.start({ host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'CH-LISTEN-FAILED',
    place: `127.0.0.1:${port}`,
  });
  await new Promise((resolve) => holder.close(resolve));
});

test('a socket in a folder is as good as a port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'listener-'));
  const socketPath = join(folder, 'socket');
  listener = new HttpListener([route('GET', '/', ok)], createLog('silent'));
  expect(await listener.start({ socketPath })).toBe(0);
  const status = await new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asking.on('error', reject).end();
  });
  expect(status).toBe(200);
  await listener.stop();
  rmSync(folder, { recursive: true });
});

test('a stop ends kept-alive connections too, once what is in hand on them is answered', async () => {
  const begun = Promise.withResolvers<undefined>();
  const gate = Promise.withResolvers<undefined>();
  const port = await listen(
    route('GET', '/fast', ok),
    route('GET', '/slow', async () => {
      begun.resolve(undefined);
      await gate.promise;
      return { status: 200, body: 'finished' };
    }),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const slow = askOver(agent, port, '/slow');
  await begun.promise;
  const stopped = listener?.stop();
  gate.resolve(undefined);
  expect(await slow).toBe('200 finished');
  await stopped;
  expect(await askOver(agent, port, '/fast')).toBe('ECONNREFUSED');
  agent.destroy();
});

function askOver(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const asking = request({ agent, port, path, host: '127.0.0.1' }, (answer) => {
      let said = `${String(answer.statusCode)} `;
      answer.on('data', (bytes: Buffer) => (said += bytes.toString())).on('end', () => resolve(said));
    });
    asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end();
  });
}

test('an answer that cannot be written becomes 500, and the process lives', async () => {
  const port = await listen(
    route('GET', '/unwritable', async () => ({ status: 200, body: { count: 1n } })),
    route('GET', '/here', ok),
  );
  expect((await ask(port, '/unwritable')).status).toBe(500);
  expect((await ask(port, '/here')).status).toBe(200);
});

test('a peer that was let in and goes without a word is noticed; strangers, and those who said that they go, are not', async () => {
  let gone = 0;
  const authorised = { ...route('GET', '/private', ok), authorise: () => undefined };
  const refusing = {
    ...route('GET', '/refused', ok),
    authorise: () => {
      throw new ChanceryError('CH-HTTP-FORBIDDEN');
    },
  };
  const open = route('GET', '/open', ok);
  listener = new HttpListener([authorised, refusing, open], createLog('silent'), { onPeerGone: () => (gone += 1) });
  const port = await listener.start({ host: '127.0.0.1', port: 0 });
  for (const path of ['/open', '/refused', '/private']) {
    const agent = new Agent({ keepAlive: true });
    await askOver(agent, port, path);
    agent.destroy();
  }
  await ask(port, '/private');
  while (gone < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  await ask(port, '/open');
  expect(gone).toBe(1);
});
