/** Reads a registration file and refuses one that would not work or not protect, naming file, line and key. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ChanceryError, messageOf } from '../base/errors.ts';
import { readYaml } from '../config/yaml-text.ts';

const minTokenLength = 16;
const placeholder = /change.?me|placeholder|example|your.?token|secret|xxxx|[<>]/i;

const token = z
  .string()
  .min(minTokenLength, `expected a random token of at least ${minTokenLength} characters`)
  .refine((text) => !placeholder.test(text) && new Set(text).size > 4, 'expected a random token, not a placeholder');

const namespace = z.object({
  exclusive: z.boolean(),
  regex: z.string().refine(isPattern, 'expected a regular expression'),
});

const registrationShape = z
  .looseObject({
    id: z.string().min(1),
    url: z.url({ protocol: /^https?$/ }).nullable(),
    as_token: token,
    hs_token: token,
    sender_localpart: z.string().regex(/^[a-z0-9._=/+-]+$/, 'expected a localpart in lower case'),
    rate_limited: z.boolean().optional(),
    receive_ephemeral: z.boolean().optional(),
    'io.element.msc4190': z.literal(true, 'expected true: without it no user of the bridge can have a device'),
    namespaces: z.object({
      users: z.array(namespace).min(1),
      aliases: z.array(namespace),
      rooms: z.array(namespace).default([]),
    }),
  })
  .refine(({ as_token, hs_token }) => as_token !== hs_token, {
    path: ['hs_token'],
    message: 'expected another token than as_token',
  });

/** The file as the homeserver knows it. */
export type Registration = z.infer<typeof registrationShape>;

/** Throws `CH-REGISTRATION-INVALID`; what stands in the file is not repeated, because it may be a token. */
export async function readRegistration(path: string): Promise<Registration> {
  const yaml = readYaml(await contentsOf(path));
  const [broken] = yaml.problems;
  if (broken !== undefined) throw invalid(`${path}:${broken.line}`, 'Expected YAML.');
  const parsed = registrationShape.safeParse(yaml.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue?.path ?? [];
  throw invalid(
    `${path}:${yaml.positionOf(key).line}, ${key.join('.') || 'whole file'}`,
    sentence(issue?.message ?? 'expected a registration'),
  );
}

async function contentsOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ChanceryError('CH-REGISTRATION-INVALID', { place: path, detail: messageOf(cause), cause });
  }
}

const invalid = (place: string, detail: string): ChanceryError =>
  new ChanceryError('CH-REGISTRATION-INVALID', { place, detail });

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
