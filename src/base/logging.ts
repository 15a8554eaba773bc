/**
 * One structured line per thing worth knowing, on standard output. Secrets never get in: only the fields named by the
 * caller are written, known secret keys are removed, and errors are reduced to code and message.
 */
import { type Logger, pino } from 'pino';
import { ChanceryError, messageOf, systemCodeOf } from './errors.ts';

export type Log = Logger;
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names under which secrets go, in whatever spelling: `access_token`, `appSecret`, `Authorization`. */
const secretName = /token|secret|password|passphrase|authorization|cookie|credential/i;
/** Ten digits and more, or fewer after a plus; counts of bytes and ports are shorter. */
const telephoneNumber = /\+\d(?:[ ().-]{0,2}\d){5,}|\d{10,}/g;
const maxDepth = 5;

export function createLog(level: LogLevel): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: (fields) => withoutSecrets(fields, 0) },
    serializers: { err: (err: unknown) => err },
  });
}

function withoutSecrets(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      name,
      secretName.test(name) && value !== undefined ? '[secret]' : shown(name, value, depth),
    ]),
  );
}

function shown(name: string, value: unknown, depth: number): unknown {
  if (name === 'err' || value instanceof Error) return describeError(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return '[deeper]';
  if (Array.isArray(value)) return value.map((item: unknown) => shown('', item, depth + 1));
  return withoutSecrets(value, depth + 1);
}

/**
 * What a log line may say of an error. Other parties' words may be in its message: a telephone number in them is
 * hidden, and what V8 quotes of a text that it could not parse is cut off.
 */
function describeError(thrown: unknown): Record<string, string> {
  const code = thrown instanceof ChanceryError ? thrown.code : systemCodeOf(thrown);
  const message = isSyntaxError(thrown) ? 'a text could not be parsed' : messageOf(thrown);
  return { message: message.replaceAll(telephoneNumber, '[number]'), ...(code === undefined ? {} : { code }) };
}

const isSyntaxError = (thrown: unknown): boolean =>
  typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'SyntaxError';
