/** Tells a person what is wrong with a value: what was found, what was expected, what was probably meant. */
import type { z } from 'zod';
import { nearest } from './nearest.ts';
import { type Setting, settingAt } from './settings.ts';

/** One thing to correct, at a path of keys. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  /** True when it is the key that is wrong, not its value. */
  readonly atKey: boolean;
  readonly message: string;
}

export function problemsOf(issues: readonly z.core.$ZodIssue[], input: unknown, settings: Setting): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        atKey: true,
        message: unknownKey(key, settingAt(settings, issue.path.map(String))),
      }));
    }
    return [
      { path: issue.path, atKey: false, message: `found ${found(valueAt(input, issue.path))}, ${expected(issue)}` },
    ];
  });
}

/** `section` is where the key was written; undefined when nothing is known about that place. */
export function unknownKey(key: string, section: Setting | undefined): string {
  const known = section?.children.map((child) => child.key) ?? [];
  const meant = nearest(key, known);
  if (meant !== undefined) return `is not a known key; did you mean ${meant}?`;
  return known.length === 0 ? 'is not a known key' : `is not a known key; known here: ${known.join(', ')}`;
}

/** Networks may leave messages to the library, which begins them in its own way. */
function expected({ message }: z.core.$ZodIssue): string {
  const plain = message.replace(/^Invalid input: /u, '').replace(/, received .*$/u, '');
  return plain.startsWith('expected') ? plain : `expected something else: ${plain}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.getOwnPropertyDescriptor(value, segment)?.value;
  }
  return value;
}

const shownLength = 60;
const mayBeSecret = /[0-9A-Za-z+/_=-]{32,}/gu;
const credentials = /\/\/[^/@]*@/u;

/** The value as it may be shown: short, and without what somebody may have pasted by mistake. */
function found(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = text.replace(credentials, '//[credentials]@').replace(mayBeSecret, '[hidden]');
  const short = safe.length > shownLength ? `${safe.slice(0, shownLength)}...` : safe;
  return typeof value === 'string' ? JSON.stringify(short) : short;
}
