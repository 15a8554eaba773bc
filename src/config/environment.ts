/**
 * Environment variables that override the file: CHANCERY_<SECTION>__<KEY>, deeper sections with another `__`. Lists are
 * written with commas. A variable that nobody would read is a mistake and is named.
 */
import { nearest } from './nearest.ts';
import { type Setting, settingAt } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface Overrides {
  readonly overrides: readonly Override[];
  /** `<variable>: <what is wrong>` */
  readonly problems: readonly string[];
}

const prefix = 'CHANCERY_';
/** Variables with our prefix that others read: the command line (the path of the file) and the vault (the key). */
const readElsewhere = ['CHANCERY_CONFIG', 'CHANCERY_DATABASE_KEY'];
/** Kubernetes sets these in every pod when a Service is called "chancery". */
const kubernetes = /^CHANCERY_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_.+)?)?)$/u;

export function overridesFrom(environment: Environment, settings: Setting): Overrides {
  const overrides: Override[] = [];
  const problems: string[] = [];
  const known = variablesOf(settings, []);
  for (const [variable, text] of Object.entries(environment).sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (!variable.startsWith(prefix) || text === undefined) continue;
    if (readElsewhere.includes(variable) || kubernetes.test(variable)) continue;
    const path = variable.slice(prefix.length).toLowerCase().split('__');
    const setting = known.includes(variable) ? settingAt(settings, path) : undefined;
    if (setting === undefined) {
      const meant = nearest(variable, [...known, ...readElsewhere]);
      problems.push(`${variable}: is not a known variable${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    } else overrides.push({ variable, path, value: valueOf(setting, text) });
  }
  return { overrides, problems };
}

/** The configuration with the overrides in place; the given one is not changed. */
export function applyOverrides(config: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((changed, { path, value }) => withValue(changed, path, value), config);
}

function withValue(target: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  // Something that is not a section stays as it is: it is reported at its own place.
  if (target !== undefined && target !== null && (typeof target !== 'object' || Array.isArray(target))) return target;
  const section: Record<string, unknown> = { ...target };
  return { ...section, [key]: withValue(section[key], rest, value) };
}

function variablesOf({ key, kind, children }: Setting, path: readonly string[]): string[] {
  const here = key === '' ? path : [...path, key];
  if (kind === 'section') return children.flatMap((child) => variablesOf(child, here));
  return [`${prefix}${here.join('__').toUpperCase()}`];
}

/** Text becomes what the setting asks for; where it does not fit it stays text, and validation says so. */
function valueOf({ kind }: Setting, text: string): unknown {
  switch (kind) {
    case 'number':
      return /^-?[0-9]+(?:\.[0-9]+)?$/u.test(text) ? Number(text) : text;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text.trim() === '' ? [] : text.split(',').map((item) => item.trim());
    case 'text':
    case 'section':
    case 'other':
      return text;
  }
}
