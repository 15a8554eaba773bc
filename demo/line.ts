/** One line of the transcript, made from one thing that one side really received. */
import { plain, type Weight } from './columns.ts';

export interface Line {
  readonly weight: Weight;
  readonly words: string;
}

export const said = (words: string): Line => ({ weight: 'said', words });
export const about = (words: string): Line => ({ weight: 'about', words });

const shown = 32;

/** The first words of a message, to tell which one is meant. */
export function quote(words: string | undefined): string {
  if (words === undefined) return 'an earlier message';
  const line = plain(words);
  const start = Array.from(line).slice(0, shown).join('');
  return `“${start === line ? line : `${start.trimEnd()}…`}”`;
}

/** The member of an object that came as JSON. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The same, where it is text. */
export function textMember(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' ? found : undefined;
}
