/**
 * One structured line per thing worth knowing, on standard output. Secrets never get in: only the fields named by the
 * caller are written, known secret keys are removed, and errors are reduced to code and message.
 */
import { type Logger, pino } from 'pino';
import { ChanceryError, messageOf, systemCodeOf } from './errors.ts';

export type Log = Logger;
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretKeys = [
  'access_token',
  'accessToken',
  'as_token',
  'hs_token',
  'app_secret',
  'appSecret',
  'authorization',
  'token',
];

export function createLog(level: LogLevel): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' },
    serializers: { err: describeError },
  });
}

/** What a log line may say of an error. */
function describeError(thrown: unknown): Record<string, string> {
  const code = thrown instanceof ChanceryError ? thrown.code : systemCodeOf(thrown);
  return { message: messageOf(thrown), ...(code === undefined ? {} : { code }) };
}
