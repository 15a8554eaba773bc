/** The schema as a tree that can be walked: what exists, what it is for, what it may be. Made from its JSON Schema. */
import { z } from 'zod';
import type { ConfigSchema } from './schema.ts';

export type SettingKind = 'section' | 'text' | 'number' | 'flag' | 'list' | 'other';

export interface Setting {
  readonly key: string;
  readonly kind: SettingKind;
  readonly description: string;
  readonly required: boolean;
  readonly default: unknown;
  readonly example: unknown;
  /** Of a section. */
  readonly children: readonly Setting[];
}

type Node = z.core.JSONSchema.JSONSchema;

/** The JSON Schema (draft 2020-12) of the file as it is written. An empty section may stand for its defaults. */
export function jsonSchemaOf(schema: ConfigSchema): Node {
  return {
    title: "Chancery's configuration",
    ...z.toJSONSchema(schema, {
      io: 'input',
      override: ({ jsonSchema, path }) => {
        const mayBeEmpty = jsonSchema.type === 'object' && jsonSchema.required === undefined && path.length > 0;
        if (mayBeEmpty) Object.assign(jsonSchema, { type: ['object', 'null'] });
      },
    }),
  };
}

/** The root of the tree; its children are the sections. */
export function settingsOf(schema: ConfigSchema): Setting {
  return toSetting('', z.toJSONSchema(schema, { io: 'input' }), true);
}

/** The setting at this path, if there is one. */
export function settingAt(root: Setting, path: readonly string[]): Setting | undefined {
  return path.reduce<Setting | undefined>((setting, key) => setting?.children.find((child) => child.key === key), root);
}

function toSetting(key: string, node: Node, required: boolean): Setting {
  const mustHave = new Set(node.required ?? []);
  return {
    key,
    kind: kindOf(node),
    description: node.description ?? '',
    required,
    default: node.default,
    example: node.examples?.[0] ?? itemExamples(node),
    children: Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
      typeof child === 'boolean' ? [] : [toSetting(name, child, mustHave.has(name))],
    ),
  };
}

function kindOf({ type }: Node): SettingKind {
  switch (type) {
    case 'object':
      return 'section';
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'flag';
    case 'array':
      return 'list';
    default:
      return 'other';
  }
}

function itemExamples({ items }: Node): unknown {
  return typeof items === 'object' && !Array.isArray(items) ? items.examples : undefined;
}
