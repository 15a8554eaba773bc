/** The sample configuration: every key with its comment and its default; what is optional is commented out. */
import { stringify } from 'yaml';
import type { ConfigSchema } from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';

const lineWidth = 110;
const opening = `# yaml-language-server: $schema=chancery.schema.json
#
# Chancery's configuration. Copy this file, adapt it, and check it with \`chancery check-config\`.
# A value shown is the default, except in homeserver, where there is none. Every key can be overridden by an environment
# variable: CHANCERY_HOMESERVER__URL overrides url in homeserver; items of lists are separated by commas.
#
# Generated from src/config/schema.ts and the networks' own schemas by \`npm run generate\`.
`;

export const sampleOf = (schema: ConfigSchema): string => `${opening}${settingsText(schema)}`;

/** Every setting with its comment; what `given` has, at its place in the tree, stands there as its value. */
export function settingsText(schema: ConfigSchema, given: object = {}): string {
  return settingsOf(schema)
    .children.map((section) => `\n${write(section, '', Reflect.get(given, section.key)).join('\n')}\n`)
    .join('');
}

function write(setting: Setting, indent: string, given: unknown): string[] {
  const { description, kind, required, default: byDefault, example, key } = setting;
  const isList = kind === 'list' && Array.isArray(example);
  const comment = [
    ...wrapped(description, lineWidth - indent.length),
    ...(isList ? [`Example: ${flow(example)}`] : []),
  ].map((line) => `${indent}# ${line}`);
  const counts = required || byDefault !== undefined || given !== undefined;
  if (kind === 'section') {
    const inner = setting.children.flatMap((child) => write(child, `${indent}  `, memberOf(given, child.key)));
    const body = [`${indent}${key}:`, ...inner];
    return [...comment, ...(counts ? body : commentedOut(body, indent))];
  }
  const line = `${indent}${key}: ${flow(given ?? byDefault ?? example ?? '')}`;
  return [...comment, ...(counts ? [line] : commentedOut([line], indent))];
}

const memberOf = (given: unknown, key: string): unknown =>
  typeof given === 'object' && given !== null ? Reflect.get(given, key) : undefined;

/** Comments inside stay comments when the first mark is taken off. */
function commentedOut(lines: readonly string[], indent: string): string[] {
  return lines.map((line) => `${indent}#${line.slice(indent.length)}`);
}

const flow = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trimEnd();

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/u)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
