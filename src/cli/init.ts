/**
 * `chancery init`: asks the few things that nobody else can know, and writes the configuration, the key of the database and
 * the registration. What is there already is not touched.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { httpOrigin, serverName, userId, userOrServerOrAll } from '../config/formats.ts';
import { settingsText } from '../config/sample.ts';
import type { Question } from '../networks/login.ts';
import { configSchema } from './configuration.ts';
import { keygen } from './keygen.ts';
import { registration } from './registration.ts';
import { openRespondent, type Respondent } from './respondent.ts';

interface Options {
  readonly config: string;
  readonly answers?: string;
}

const opening = `# yaml-language-server: $schema=chancery.schema.json
#
# Chancery's configuration, written by \`chancery init\`. Check it after a change with \`chancery check-config\`, and against
# the live homeserver and networks with \`chancery doctor\`. Every key can be overridden by an environment variable:
# CHANCERY_HOMESERVER__URL overrides url in homeserver; items of lists are separated by commas.
`;
const keyFile = './database.key';
const registrationFile = 'registration.yaml';

/** Throws `CH-COMMAND-INVALID` when there is a configuration already, `CH-LOGIN-INVALID` for a wrong answer in a file. */
export async function init({ config: path, answers }: Options): Promise<void> {
  if (existsSync(path)) throw alreadyThere(path);
  const respondent = await openRespondent('init', answers);
  let settings: object;
  let afterwards: readonly string[] = [];
  try {
    settings = await askAll(respondent);
  } finally {
    afterwards = respondent.close();
  }
  await write(path, `${opening}${settingsText(configSchema, settings)}`);
  process.stdout.write(`Wrote ${path}.\n`);
  if (!isThere(path, keyFile)) await keygen({ config: path });
  if (isThere(path, registrationFile)) process.stdout.write(`Kept ${registrationFile} as it is.\n`);
  else await registration({ config: path, force: false });
  process.stdout.write(`Then see whether all is well: chancery doctor --config ${path}\n`);
  for (const line of afterwards) process.stdout.write(`- ${line}\n`);
}

const isThere = (config: string, file: string): boolean => existsSync(resolve(dirname(config), file));

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'EEXIST') throw alreadyThere(path);
    throw new ChanceryError('CH-COMMAND-INVALID', {
      place: path,
      detail: `It could not be written: ${messageOf(thrown)}.`,
    });
  }
}

const alreadyThere = (path: string): ChanceryError =>
  new ChanceryError('CH-COMMAND-INVALID', {
    place: path,
    detail: 'There is a configuration already, and nothing was changed. Name another file with --config.',
  });

async function askAll(respondent: Respondent): Promise<object> {
  const name = await ask(
    respondent,
    question('server_name', "The homeserver's name, after the colon in user ids"),
    serverName(),
  );
  const url = await ask(
    respondent,
    question('homeserver_url', 'Where the bridge reaches the homeserver', 'http://localhost:8008'),
    httpOrigin('http://localhost:8008'),
  );
  const bridge = await ask(
    respondent,
    question('bridge_url', 'Where the homeserver reaches the bridge', 'http://localhost:29330'),
    httpOrigin('http://localhost:29330'),
  );
  const admin = await ask(respondent, question('admin', 'Your own Matrix user id; you may command the bot'), userId());
  const officials = await ask(
    respondent,
    question('officials', 'Who may write to contacts: user ids or servers, with commas between', name),
    listOf(userOrServerOrAll()),
  );
  const invite = await ask(
    respondent,
    question('invite', 'Who is invited to each new room: user ids, with commas between', admin),
    listOf(userId()),
  );
  const whatsapp = await ask(respondent, question('whatsapp', 'Connect WhatsApp, yes or no', 'yes'), yesOrNo);
  return {
    homeserver: { url, server_name: name },
    appservice: { url: bridge, ...listeningFor(new URL(bridge)) },
    data: { key_file: keyFile },
    rooms: { invite, officials, admins: [admin] },
    ...(whatsapp ? { networks: { whatsapp: await askWhatsApp(respondent) } } : {}),
  };
}

async function askWhatsApp(respondent: Respondent): Promise<object> {
  const publicUrl = await ask(
    respondent,
    question('public_url', 'The public address of the webhook, such as https://bridge.agency.example', 'set later'),
    z.union([z.literal('set later'), httpOrigin('https://bridge.agency.example')]),
  );
  return publicUrl === 'set later' ? {} : { public_url: publicUrl };
}

/** On a machine of its own the bridge must listen beyond itself; a port that is named is the one to listen on. */
function listeningFor({ hostname, port, protocol }: URL): object {
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return {
    ...(isHere ? {} : { host: '0.0.0.0' }),
    ...(protocol === 'http:' && port !== '' ? { port: Number(port) } : {}),
  };
}

const question = (name: string, prompt: string, whenEmpty?: string): Question => ({
  name,
  prompt,
  secret: false,
  ...(whenEmpty === undefined ? {} : { whenEmpty }),
});

const listOf = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .pipe(z.array(item));

const yesOrNo = z.enum(['yes', 'no'], { error: 'expected yes or no' }).transform((answer) => answer === 'yes');

/** Until the answer is of the form that is expected. */
async function ask<Value>(respondent: Respondent, asked: Question, shape: z.ZodType<Value>): Promise<Value> {
  let problem: string | undefined;
  for (;;) {
    const given = (await respondent.answer([asked], problem))[asked.name] ?? '';
    const read = shape.safeParse(given === '' ? (asked.whenEmpty ?? '') : given);
    if (read.success) return read.data;
    problem = `${asked.name}: ${read.error.issues[0]?.message ?? 'expected another answer'}.`;
  }
}
