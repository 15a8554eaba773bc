/** Answers that were written down beforehand, for scripts: an object of texts in JSON or YAML. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { ChanceryError, messageOf } from '../base/errors.ts';

const shape = z.record(z.string(), z.string());
const maxBytes = 65_536;

export type Answers = Readonly<Record<string, string>>;

/** `-` is standard input. Throws `CH-COMMAND-INVALID`; the content is not repeated, because it holds secrets. */
export async function readAnswers(path: string): Promise<Answers> {
  const place = path === '-' ? 'standard input' : path;
  const refused = (detail: string): ChanceryError => new ChanceryError('CH-COMMAND-INVALID', { place, detail });
  let text: string;
  try {
    text = path === '-' ? await readAll(process.stdin) : await readFile(path, 'utf8');
  } catch (thrown) {
    throw refused(`The answers could not be read: ${messageOf(thrown)}.`);
  }
  if (text.length > maxBytes) throw refused(`The answers are longer than ${maxBytes} characters.`);
  const answers = shape.safeParse(parsed(text));
  if (!answers.success) throw refused('Expected a JSON or YAML object whose values are texts.');
  return answers.data;
}

/** Every value stays the text that was written: a long number is not rounded. */
function parsed(text: string): unknown {
  try {
    return parse(text, { schema: 'failsafe', maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.length > maxBytes) break;
  }
  return text;
}
