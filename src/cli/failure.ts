/** How a failed command ends: what went wrong, where, what to do, and an exit code. Never a stack trace. */
import { ChanceryError, type ErrorCode, messageOf } from '../base/errors.ts';
import { ControlRefusal } from './control-client.ts';

/** Somebody has to correct something first, and nothing was started. */
const wrongUsage: ReadonlySet<ErrorCode> = new Set([
  'CH-COMMAND-INVALID',
  'CH-CONFIG-INVALID',
  'CH-CONFIG-UNREADABLE',
  'CH-REGISTRATION-INVALID',
  'CH-SECRET-INVALID',
  'CH-SECRET-MISSING',
]);

/** `CH-CODE place: message`, and on the next line `what to do: advice`. */
export function describeFailure(thrown: unknown): string {
  if (thrown instanceof ControlRefusal) return lines(`${thrown.code}: ${thrown.message}`, thrown.advice);
  const error =
    thrown instanceof ChanceryError ? thrown : new ChanceryError('CH-UNEXPECTED', { detail: `${messageOf(thrown)}.` });
  if (error.place === undefined) return lines(`${error.code}: ${error.message}`, error.advice);
  // The place leads the line, so that editors and eyes find it; the sentence need not repeat it.
  return lines(`${error.code} ${error.place}: ${error.message.replace(` (${error.place})`, '')}`, error.advice);
}

export function exitCodeOf(thrown: unknown): 1 | 2 {
  return thrown instanceof ChanceryError && wrongUsage.has(thrown.code) ? 2 : 1;
}

const lines = (problem: string, advice: string): string => `${problem}\nwhat to do: ${advice}\n`;
