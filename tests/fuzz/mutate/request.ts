/** HTTP requests as bytes, and damage to their heads: lengths that lie, chunks, other methods, odd paths. */
import type { Dice } from '../dice.ts';
import { mutateBytes } from './bytes.ts';
import { hostileText } from './text.ts';

export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** `orderly`: the listener answers it once and keeps the connection; anything else is said to a connection of its own. */
export interface RawRequest {
  readonly bytes: Buffer;
  readonly orderly: boolean;
}

export function rawRequest({ method, path, headers, body }: RequestParts): RawRequest {
  return {
    bytes: Buffer.concat([headOf(method, path, { ...headers, 'Content-Length': String(body.length) }), body]),
    orderly: true,
  };
}

function headOf(method: string, path: string, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: fuzz\r\n${lines.join('')}\r\n`, 'latin1');
}

const methods: readonly [string, ...string[]] = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  'X',
];
const segments: readonly [string, ...string[]] = [
  '..',
  '.',
  '',
  '%2e%2e',
  '%2f',
  '%00',
  '%ff',
  '%',
  '%u0041',
  ':',
  '@',
  '//x',
  '?',
  '#',
  '*',
  '%C0%AF',
  '\u00ff',
  ';',
  '\\',
  'a'.repeat(2_000),
];
const types: readonly [string, ...string[]] = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=utf-16',
  '',
  '\u00ff',
  '/;;;',
];
const oddHeaders: readonly [Readonly<Record<string, string>>, ...Readonly<Record<string, string>>[]] = [
  { Expect: '100-continue' },
  { Expect: 'the-impossible' },
  { Connection: 'close' },
  { Connection: 'Upgrade', Upgrade: 'h2c' },
  { 'Content-Encoding': 'gzip' },
  { 'Transfer-Encoding': 'gzip, chunked' },
  { 'Transfer-Encoding': 'identity' },
  { TE: 'trailers', Trailer: 'X-Late' },
  { 'X-Long': 'a'.repeat(20_000) },
  { 'X-Odd': '\u0001\u00ff' },
  { 'Content-Length ': '5' },
  { 'Content-length': '-1' },
  { 'Content-length': '+7' },
  { 'Content-length': '1e3' },
  { 'Content-length': '18446744073709551617' },
  { Host: 'other' },
  { Cookie: '__proto__=1' },
  { 'X-HTTP-Method-Override': 'DELETE' },
];

type HeadDamage = (dice: Dice, parts: RequestParts) => Buffer;

const whole = (parts: RequestParts): Buffer => rawRequest(parts).bytes;

const damages: readonly [HeadDamage, ...HeadDamage[]] = [
  function otherMethod(dice, parts) {
    return whole({ ...parts, method: dice.pick(methods) });
  },
  function oddPath(dice, parts) {
    const pieces = parts.path.split('/');
    pieces.splice(dice.below(pieces.length + 1), dice.below(2), dice.pick(segments));
    return whole({ ...parts, path: dice.chance(20) ? `http://other${parts.path}` : pieces.join('/') });
  },
  function oddPathText(dice, parts) {
    const text = dice.chance(50) ? encodeURIComponent(hostileText(dice).toWellFormed()) : hostileText(dice);
    return whole({
      ...parts,
      path: `${parts.path}${dice.pick(['/', '?', '#', '', '?a=', '%'])}${text.slice(0, 4_000)}`,
    });
  },
  function lyingLength(dice, { method, path, headers, body }) {
    const claimed = dice.pick([0, 1, body.length - 1, body.length + 1, body.length + 1_000, 10 ** 6, 10 ** 9, 2 ** 53]);
    return Buffer.concat([headOf(method, path, { ...headers, 'Content-Length': String(Math.max(0, claimed)) }), body]);
  },
  function noLength(_dice, { method, path, headers, body }) {
    return Buffer.concat([headOf(method, path, headers), body]);
  },
  function chunked(dice, { method, path, headers, body }) {
    const size = 1 + dice.below(200);
    const chunks: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const piece = body.subarray(at, at + size);
      const length = dice.chance(2)
        ? dice.pick(['0', '-1', 'zz', 'ffffffffffffffff', '5;x=y', ''])
        : piece.length.toString(16);
      chunks.push(Buffer.from(`${length}\r\n`), Buffer.from(piece), Buffer.from(dice.chance(1) ? '' : '\r\n'));
    }
    const end = dice.pick(['0\r\n\r\n', '0\r\n\r\n', '0\r\n\r\n', '0\r\nX-Late: 1\r\n\r\n', '', '0\r\n']);
    const both = dice.chance(10) ? { 'Content-Length': String(body.length) } : {};
    return Buffer.concat([
      headOf(method, path, { ...headers, ...both, 'Transfer-Encoding': 'chunked' }),
      ...chunks,
      Buffer.from(end),
    ]);
  },
  function otherType(dice, parts) {
    return whole({ ...parts, headers: { ...parts.headers, 'Content-Type': dice.pick(types) } });
  },
  function oddHeader(dice, parts) {
    return whole({ ...parts, headers: { ...parts.headers, ...dice.pick(oddHeaders) } });
  },
  function withoutHeader(dice, parts) {
    const names = Object.keys(parts.headers);
    const gone = names[dice.below(names.length)];
    return whole({
      ...parts,
      headers: Object.fromEntries(Object.entries(parts.headers).filter(([name]) => name !== gone)),
    });
  },
  function wrongHeader(dice, parts) {
    const names = Object.keys(parts.headers);
    const hit = names[dice.below(names.length)] ?? 'X-Odd';
    const value = dice.pick([
      '',
      ' ',
      'x',
      `${parts.headers[hit] ?? ''}0`,
      (parts.headers[hit] ?? '').slice(0, -1),
      '\u00e9'.repeat(64),
      '0'.repeat(64),
    ]);
    return whole({ ...parts, headers: { ...parts.headers, [hit]: value } });
  },
  function twice(_dice, parts) {
    return Buffer.concat([whole(parts), whole(parts)]);
  },
  function damagedBytes(dice, parts) {
    const bytes = whole(parts);
    return mutateBytes(dice, bytes.subarray(0, 4_096), bytes);
  },
];

/** The body is left alone; how it is announced is not. */
export function mutateRequest(dice: Dice, parts: RequestParts): RawRequest {
  return { bytes: dice.pick(damages)(dice, parts), orderly: false };
}
