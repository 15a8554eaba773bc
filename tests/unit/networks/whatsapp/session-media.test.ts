/** Files: fetched from where WhatsApp says they are, and from nowhere else; uploaded as what they are. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { MediaContent, SealedFile } from '../../../../src/model/content.ts';
import { type Answer, type Asked, FakeGraph, graphError } from './fake-graph.ts';
import { fileBytes, never, openSession, type OpenSession, sealed } from './open-session.ts';
import { message, sheena } from './payloads.ts';
import { seen } from './seen-in-room.ts';

const graph = new FakeGraph();
const elsewhere = new FakeGraph();
let open: OpenSession;
/** What the address of the file is answered with, one after the other; the last stays. */
let answers: Answer[] = [];
let lookUp: (asked: Asked) => Answer;

beforeEach(async () => {
  await Promise.all([graph.start(), elsewhere.start()]);
  open = openSession(graph.url);
  answers = [{ status: 200, body: fileBytes }];
  lookUp = ({ path }) => ({ status: 200, body: { url: `${graph.url}/files${path}`, mime_type: 'image/jpeg' } });
  graph.answer = (asked) =>
    asked.path.startsWith('/files')
      ? ((answers.length > 1 ? answers.shift() : answers[0]) ?? unexpected)
      : lookUp(asked);
  elsewhere.answer = () => ({ status: 200, body: fileBytes });
});
afterEach(async () => {
  await open.runtime.close();
  await Promise.all([graph.stop(), elsewhere.stop()]);
});
const unexpected: Answer = { status: 500, body: '' };

const fetched = async (reference = '1003383421387256'): Promise<Buffer> =>
  buffer(await open.session.fetchMedia({ reference }, never));

test('the SHA-256 that a webhook announces in base64, or in hex, is passed on with the file', async () => {
  const digest = createHash('sha256').update(fileBytes).digest();
  const hashes = ['base64', 'base64url', 'hex'] as const;
  const items = hashes.map((form) => message('image', { image: { id: form, sha256: digest.toString(form) } }));
  const { events } = await seen([{ contacts: [sheena], messages: items }]);
  for (const [index, event] of events.entries())
    expect(event).toMatchObject({ content: { file: { reference: hashes[index], sha256: digest.toString('hex') } } });
});

test('a file whose announced SHA-256 is none, or is missing, is fetched without', async () => {
  const items = [{ id: '1' }, { id: '2', sha256: 'nonsense' }, { id: '3', sha256: 5 }, { id: '4', sha256: null }];
  const { events } = await seen([{ contacts: [sheena], messages: items.map((image) => message('image', { image })) }]);
  expect(events.map((event) => event.kind === 'message' && event.content)).toMatchObject(
    items.map(({ id }) => ({ file: { reference: id } })),
  );
  expect(JSON.stringify(events)).not.toContain('sha256');
});

test('a file is asked for by its id, then fetched with the same token', async () => {
  expect(await fetched()).toEqual(fileBytes);
  expect(graph.asked.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
    ['GET', '/v23.0/1003383421387256', 'Bearer EAAG-token'],
    ['GET', '/files/v23.0/1003383421387256', 'Bearer EAAG-token'],
  ]);
});

test('an id cannot lead to another place of the Graph API', async () => {
  await fetched('../me/accounts?x=1');
  expect(graph.asked[0]?.path).toBe('/v23.0/..%2Fme%2Faccounts%3Fx%3D1');
});

test.each([404, 403, 410])('an address that has expired (%i) is asked for once again', async (status) => {
  answers = [
    { status, body: 'expired' },
    { status: 200, body: fileBytes },
  ];
  expect(await fetched()).toEqual(fileBytes);
  expect(graph.asked).toHaveLength(4);
});

test('a file whose fresh address does not work either is gone', async () => {
  answers = [{ status: 404, body: '' }];
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-MEDIA-GONE' });
  expect(graph.asked).toHaveLength(4);
});

test.each<[string, Answer]>([
  ['with an error of Meta', graphError(400, 100, 'does not exist')],
  ['with 404 and an error', graphError(404, 100)],
  ['with a bare 404', { status: 404, body: 'not found' }],
  ['with 410', { status: 410, body: '' }],
])('a file whose id is answered %s is gone', async (_how, answer) => {
  lookUp = () => answer;
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-MEDIA-GONE' });
});

test.each<[string, Answer]>([
  ['the token is not valid', graphError(401, 190)],
  ['too much was asked', graphError(429, 4)],
  ['a gateway has a fault', { status: 502, body: '<html>' }],
  ['the answer is no JSON', { status: 200, body: 'here it is' }],
])('a file waits like everything else when %s', async (_why, answer) => {
  lookUp = () => answer;
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-NETWORK-UNREACHABLE' });
});

test.each<[string, Answer]>([
  ['WhatsApp has a fault', graphError(500, 131000)],
  ['no address is named', { status: 200, body: { success: true } }],
  ['the address is none', { status: 200, body: { url: 'nowhere' } }],
  ['the address is of another kind', { status: 200, body: { url: 'file:///etc/passwd' } }],
])('a file alone has trouble, and may come another time, when %s', async (_why, answer) => {
  lookUp = () => answer;
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-MEDIA-TROUBLE' });
});

test.each([
  [401, 'CH-NETWORK-UNREACHABLE'],
  [429, 'CH-NETWORK-UNREACHABLE'],
  [500, 'CH-MEDIA-TROUBLE'],
  [503, 'CH-MEDIA-TROUBLE'],
])('a file may come another time when its address answers %i', async (status, code) => {
  answers = [{ status, body: '' }];
  await expect(fetched()).rejects.toMatchObject({ code });
});

test('a file that is cut off fails while it is read, so that nobody takes the half for the whole', async () => {
  answers = [{ status: 200, body: fileBytes, cut: true }];
  await expect(fetched()).rejects.toThrow();
});

test('a file on a host that the configuration does not name is not fetched, and the token does not go there', async () => {
  lookUp = () => ({ status: 200, body: { url: `${elsewhere.url}/file` } });
  await expect(fetched()).rejects.toMatchObject({
    code: 'CH-MEDIA-TROUBLE',
    detail: expect.stringContaining(elsewhere.url) as unknown,
  });
  expect(elsewhere.asked).toEqual([]);
});

test('a file on a host that the configuration names is fetched', async () => {
  const also = openSession(graph.url, { media_hosts: [elsewhere.url] });
  lookUp = () => ({ status: 200, body: { url: `${elsewhere.url}/file` } });
  expect(await buffer(await also.session.fetchMedia({ reference: '1' }, never))).toEqual(fileBytes);
  await also.runtime.close();
});

test('a redirection is not followed, and the token does not go there', async () => {
  answers = [{ status: 302, body: '', headers: { location: `${elsewhere.url}/file` } }];
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-MEDIA-TROUBLE' });
  expect(elsewhere.asked).toEqual([]);
});

const content = (more: Partial<MediaContent<SealedFile>> = {}): MediaContent<SealedFile> => ({
  type: 'media',
  kind: 'image',
  file: sealed,
  mimeType: 'image/jpeg',
  fileName: 'hole.jpg',
  ...more,
});

/** The parts of the uploaded form, each with its headers, by their names. */
async function uploaded(more: Partial<MediaContent<SealedFile>> = {}): Promise<Record<string, string>> {
  graph.answer = () => ({ status: 200, body: { id: '77' } });
  expect(await open.session.prepare?.(content(more), never)).toBe('77');
  const { path, headers, body } = graph.asked.at(-1) ?? { path: '', headers: {}, body: Buffer.alloc(0) };
  expect(path).toBe('/v23.0/106540352242922/media');
  expect(headers['content-length']).toBe(String(body.length));
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const [before, ...parts] = String(body).split(`--${boundary}`);
  expect([before, parts.pop()]).toEqual(['', '--\r\n']);
  return Object.fromEntries(parts.map((part) => [/ name="(\w+)"/.exec(part)?.[1], part.trim()])) as Record<
    string,
    string
  >;
}

test('a file is uploaded whole, with its type and its name', async () => {
  expect(await uploaded()).toEqual({
    messaging_product: 'Content-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp',
    type: 'Content-Disposition: form-data; name="type"\r\n\r\nimage/jpeg',
    file: `Content-Disposition: form-data; name="file"; filename="hole.jpg"\r\nContent-Type: image/jpeg\r\n\r\n${String(fileBytes)}`,
  });
});

test.each([
  ['audio/ogg; codecs=opus', 'audio/ogg'],
  ['IMAGE/JPEG', 'image/jpeg'],
  ['image/png\r\nX-Evil: 1', 'application/octet-stream'],
  ['', 'application/octet-stream'],
])('a type that is claimed as %j is announced as %s', async (mimeType, announced) => {
  const { type, file } = await uploaded({ mimeType });
  expect(type).toBe(`Content-Disposition: form-data; name="type"\r\n\r\n${announced}`);
  expect(file).toContain(`\r\nContent-Type: ${announced}\r\n\r\n`);
});

test('a name cannot break out of the form', async () => {
  const { file } = await uploaded({ fileName: 'a"; filename="b\r\n\r\n--x' });
  expect(file).toContain('filename="a%22; filename=%22b%0D%0A%0D%0A--x"\r\nContent-Type');
});

test('the id of an uploaded file may be a number', async () => {
  graph.answer = () => ({ status: 200, body: { id: 1003383421387256 } });
  expect(await open.session.prepare?.(content(), never)).toBe('1003383421387256');
});

test('a text needs no preparation', async () => {
  expect(await open.session.prepare?.({ type: 'text', text: { text: 'hi', ranges: [] } }, never)).toBeUndefined();
  expect(graph.asked).toEqual([]);
});

test.each<[string, Answer | undefined, string]>([
  ['is refused', graphError(400, 131053, 'type not supported'), 'CH-MEDIA-REFUSED'],
  ['is too large', graphError(413, 100), 'CH-MEDIA-REFUSED'],
  ['meets a fault of WhatsApp', graphError(500, 131000), 'CH-MEDIA-TROUBLE'],
  ['meets an invalid token', graphError(401, 190), 'CH-NETWORK-UNREACHABLE'],
  ['is cut', undefined, 'CH-NETWORK-UNREACHABLE'],
  ['is answered without an id', { status: 200, body: {} }, 'CH-MEDIA-TROUBLE'],
])('an upload that %s throws %#', async (_what, answer, code) => {
  graph.answer = () => answer;
  await expect(open.session.prepare?.(content(), never)).rejects.toMatchObject({ code });
});

test('after "slow down" no file is asked for or uploaded before the wait is over', async () => {
  lookUp = () => ({ ...graphError(429, 4), headers: { 'retry-after': '60' } });
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-NETWORK-UNREACHABLE' });
  await expect(fetched()).rejects.toMatchObject({ code: 'CH-NETWORK-UNREACHABLE' });
  await expect(open.session.prepare?.(content(), never)).rejects.toMatchObject({ code: 'CH-NETWORK-UNREACHABLE' });
  expect(graph.asked).toHaveLength(1);
});
