/** Each head is put at a URL outside as well, over real HTTP; who keeps it there can tell when the ledger becomes smaller. */
import { cpSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLog, type Log } from '../../../src/base/logging.ts';
import { signerOf, signHead } from '../../../src/ledger/checkpoint.ts';
import { RecordedHouse } from './recorded.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const withinMs = 300;
let server: Server;
let origin: string;
let asked: Asked[];
let kept: string | undefined;
/** Answers instead of the keeper; true when it did. */
let instead: ((response: ServerResponse, method: string | undefined) => boolean) | undefined;
let told: string[];
let house: RecordedHouse;

beforeEach(async () => {
  [asked, kept, instead, told] = [[], undefined, undefined, []];
  server = createServer((request, response) => void keep(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  house = await RecordedHouse.open({ url: { url: `${origin}/agency`, token: 'pass-77', withinMs }, log: listening() });
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await house.stop().catch(() => undefined);
  house.remove();
});

async function keep(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  asked.push({ method, url, headers, body: await text(request) });
  if (instead?.(response, method) === true) return;
  if (method === 'PUT') {
    kept = asked.at(-1)?.body;
    response.writeHead(204).end();
  } else response.writeHead(kept === undefined ? 404 : 200).end(kept);
}

/** A log that keeps the words of its warnings and errors, and that it was told that all is well again. */
function listening(): Log {
  const log = createLog('silent');
  for (const level of ['error', 'warn', 'info'] as const)
    log[level] = (_: unknown, words?: string) => void told.push(`${level}: ${words}`);
  return log;
}

const record = async (): Promise<void> => {
  await house.store.write((unit) => unit.ledger.record({ kind: 'act', at: 1, content: 'x' }));
};
const published = async (): Promise<string> => {
  await record();
  return (await house.archive.head()).checkpoint;
};
const refusal = 'error: the head of the ledger could not be put outside';
const again = 'info: the head of the ledger is outside again';

test('each new head is put there as plain text with the token, and none twice', async () => {
  const first = await published();
  await house.archive.head();
  const second = await published();
  const puts = asked.filter(({ method }) => method === 'PUT');
  expect(puts.map(({ body }) => body)).toEqual([first, second]);
  for (const { url, headers } of puts)
    expect({ url, type: headers['content-type'], token: headers.authorization }).toEqual({
      url: '/agency',
      type: 'text/plain',
      token: 'Bearer pass-77',
    });
  expect(told).toEqual([]);
});

test.each([
  ['says that it must not', (response: ServerResponse) => response.writeHead(403).end('no')],
  ['is broken', (response: ServerResponse) => response.writeHead(500).end('<html>')],
  ['breaks off', (response: ServerResponse) => response.destroy()],
  ['says nothing', () => undefined],
  ['answers without end', (response: ServerResponse) => endless(response)],
  ['answers a byte now and then', (response: ServerResponse) => slow(response)],
  ['answers with too much', (response: ServerResponse) => response.writeHead(200).end('x'.repeat(70_000))],
])(
  'a place that %s is told of once, holds up no head for longer than the limit, and gets the next',
  async (_, wrong) => {
    instead = (response) => {
      wrong(response);
      return true;
    };
    for (let count = 1; count <= 3; count += 1) {
      const began = performance.now();
      expect(await published()).toContain(`\n${count}\n`);
      expect(performance.now() - began).toBeLessThan(withinMs + 1_500);
    }
    expect(told).toEqual([refusal]);
    instead = undefined;
    const head = await published();
    expect(kept).toBe(head);
    expect(told).toEqual([refusal, again]);
    await published();
    expect(told).toHaveLength(2);
  },
);

function endless(response: ServerResponse): void {
  const write = (): void => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response
    .writeHead(200)
    .on('drain', write)
    .on('error', () => undefined);
  write();
}

function slow(response: ServerResponse): void {
  response.writeHead(200).on('error', () => undefined);
  const timer = setInterval(() => response.write('x'), 20);
  response.once('close', () => clearInterval(timer));
}

test('a redirect is not followed, so that neither head nor token gets anywhere else', async () => {
  let strangers = 0;
  const stranger = createServer((_, response) => {
    strangers += 1;
    response.end();
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const there = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
  instead = (response) => {
    response.writeHead(307, { location: there }).end();
    return true;
  };
  await published();
  await house.stop();
  await house.start();
  stranger.closeAllConnections();
  stranger.close();
  expect(strangers).toBe(0);
  expect(told).toEqual([refusal, expect.stringMatching(/^warn: the head of the ledger could not be read outside/)]);
});

test.each([
  ['nobody answers there', () => undefined],
  ['it is broken', (response: ServerResponse) => response.writeHead(502).end()],
  ['it answers without end', (response: ServerResponse) => endless(response)],
])('a start goes on, with a warning, when %s', async (_, wrong) => {
  await published();
  await house.stop();
  instead = (response) => {
    wrong(response);
    return true;
  };
  await house.start();
  expect(told).toEqual([expect.stringMatching(/^warn: the head of the ledger could not be read outside/)]);
});

test('a ledger that was put back from an older copy is refused by the head at the URL', async () => {
  await published();
  await house.stop();
  const copy = `${house.directory}.copy`;
  cpSync(house.directory, copy, { recursive: true });
  await house.start();
  await published();
  await house.stop();
  rmSync(house.directory, { recursive: true });
  cpSync(copy, house.directory, { recursive: true });
  rmSync(copy, { recursive: true });
  await expect(house.start()).rejects.toMatchObject({ code: 'CH-LEDGER-FORKED' });
});

test('a head over other entries, one of another key and what is no head are refused at the start', async () => {
  await published();
  await house.stop();
  const root = new Uint8Array(32).fill(9);
  for (const note of [
    signHead({ size: 1, root }, signerOf('agency.example/chancery', new Uint8Array(32).fill(3))),
    signHead({ size: 1, root }, signerOf('agency.example/chancery', new Uint8Array(32).fill(4))),
    '<html>Please log in</html>',
  ]) {
    kept = note;
    await expect(house.start()).rejects.toMatchObject({ code: 'CH-LEDGER-FORKED' });
    await house.stop().catch(() => undefined);
  }
});
