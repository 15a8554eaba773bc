/** The files and variables that an administrator writes: configuration, registration, database key. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ChanceryError, type ErrorCode } from '../../../src/base/errors.ts';
import { loadConfig } from '../../../src/config/loader.ts';
import { composeSchema } from '../../../src/config/schema.ts';
import { readRegistration } from '../../../src/matrix/read-registration.ts';
import { whatsapp } from '../../../src/networks/whatsapp/network.ts';
import { databaseKeyVariable, readDatabaseKey } from '../../../src/vault/database-key.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';
import { hostileText, mutateText } from '../mutate/text.ts';
import { promise, type Target } from '../target.ts';

const root = resolve(import.meta.dirname, '../../..');
const schema = composeSchema([whatsapp]);

const yamlVocabulary: readonly [string, ...string[]] = [
  ...([
    '\n',
    '  ',
    ': ',
    ':',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '{a: ',
    '[[',
    '? ',
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!set ',
    '!x ',
    '%YAML 1.2\n',
    '---\n',
    '...\n',
  ] as const),
  ...([
    '|',
    '>-\n',
    '"',
    "'",
    '#',
    '\t',
    '~',
    'null',
    'true',
    'yes',
    '0x1F',
    '.nan',
    '.inf',
    '-.inf',
    '1e999',
    '2001-01-01',
    '__proto__: 1\n',
    'constructor: {}\n',
  ] as const),
  ...([
    'port: 99999\n',
    'port: "29330"\n',
    'url: ftp://x\n',
    'networks: {}\n',
    'whatsapp:\n',
    'homeserver: *a\n',
    'officials: [*a, *a]\n',
    '"\\ud800": 1\n',
    '\u0085',
    '\u2028',
  ] as const),
];

/** Deep nests and crowds of aliases, which no single token makes. */
function yamlBomb(dice: Dice): string {
  const depth = 1 + dice.below(dice.pick([30, 300, 300, 1_200, 5_000]));
  const nest = dice.pick(['[', '{a: ', '- ', '? ', '&a [', '!!seq [', '"a": {']);
  const aliases = `a: &a [x, x, x]\nb: &b [${'*a, '.repeat(dice.below(150))}]\nc: [${'*b, '.repeat(dice.below(40))}]\n`;
  return dice.chance(50) ? nest.repeat(depth) : aliases;
}

function yaml(dice: Dice, text: string): Buffer {
  if (dice.chance(1)) return Buffer.from(`${text}\n${yamlBomb(dice)}`);
  const mutated = mutateText(dice, text, yamlVocabulary, text);
  return dice.chance(15) ? mutateBytes(dice, Buffer.from(mutated), Buffer.from(text)) : Buffer.from(mutated);
}

/** Only these may be thrown. */
async function refusedOnlyAs(codes: readonly ErrorCode[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof ChanceryError)) throw thrown;
    promise(codes.includes(thrown.code), `it was refused as ${thrown.code}`);
    for (const secret of secrets) promise(!thrown.message.includes(secret), 'the refusal repeats a secret');
  }
}

const tokens = ['kx93hf02jsnv8wq1c7b5', 'pq82nd0vmz63rty5l0w9'] as const;
const keyText = '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff';
const secrets = [...tokens, keyText];

const sample = readFileSync(join(root, 'config/chancery.sample.yaml'), 'utf8');
const configurations: readonly [string, ...string[]] = [
  sample,
  // With the network's section in force.
  sample.replace(/^( {2})#(.*)$/gm, '$1$2'),
  'homeserver: {url: "http://localhost:8008", server_name: agency.example}\nrooms: {admins: ["@ana:agency.example"]}\nnetworks: {whatsapp: }\n',
];
const variables: readonly [string, ...string[]] = [
  'CHANCERY_HOMESERVER__URL',
  'CHANCERY_APPSERVICE__PORT',
  'CHANCERY_ROOMS__OFFICIALS',
  'CHANCERY_NETWORKS__WHATSAPP__PORT',
  'CHANCERY_LOGGING__LEVEL',
  'CHANCERY___PROTO____X',
  'CHANCERY_HOMESERVER',
  'CHANCERY_',
];
const configCodes = ['CH-CONFIG-UNREADABLE', 'CH-CONFIG-INVALID'] as const;

export const configuration: Target = {
  name: 'configuration',
  open(directory) {
    const path = join(directory, 'chancery.yaml');
    const load = (text: Buffer, environment: Record<string, string>): Promise<void> => {
      writeFileSync(path, text);
      return refusedOnlyAs(configCodes, () => loadConfig(path, schema, environment));
    };
    return {
      attack(dice) {
        const body = dice.chance(10)
          ? Buffer.from(mutateJson(dice, { homeserver: {}, rooms: { invite: [] }, networks: {} }))
          : yaml(dice, dice.pick(configurations));
        const environment = dice.chance(20) ? { [dice.pick(variables)]: hostileText(dice) } : {};
        return { body, run: () => load(body, environment) };
      },
      async stillWorks() {
        writeFileSync(path, configurations[0]);
        promise((await loadConfig(path, schema, {})).appservice.port === 29_330, 'the sample is read differently');
      },
      close: () => undefined,
    };
  },
};

const registrations: readonly [string, ...string[]] = [
  readFileSync(join(root, 'registration.yaml'), 'utf8')
    .replace('PLACEHOLDER-1-see-above', tokens[0])
    .replace('PLACEHOLDER-2-see-above', tokens[1]),
];

export const registration: Target = {
  name: 'registration',
  open(directory) {
    const path = join(directory, 'registration.yaml');
    const read = (text: Buffer | string): Promise<void> => {
      writeFileSync(path, text);
      return refusedOnlyAs(['CH-REGISTRATION-INVALID'], () => readRegistration(path));
    };
    return {
      attack(dice) {
        const body = yaml(dice, registrations[0]);
        return { body, run: () => read(body) };
      },
      async stillWorks() {
        writeFileSync(path, registrations[0]);
        promise((await readRegistration(path)).as_token === tokens[0], 'the registration is read differently');
      },
      close: () => undefined,
    };
  },
};

const keyForms: readonly [string, ...string[]] = [
  `${keyText}\n`,
  Buffer.from(keyText, 'hex').toString('base64'),
  keyText.toUpperCase(),
];
const keyVocabulary: readonly [string, ...string[]] = ['0', 'g', '=', '\n', ' ', '\0', '+/', 'é', '0x', '"'];

export const databaseKey: Target = {
  name: 'database-key',
  open(directory) {
    const path = join(directory, 'database.key');
    const read = async (text: Buffer, isFile: boolean): Promise<void> => {
      writeFileSync(path, text, { mode: 0o600 });
      const places = isFile
        ? { keyFile: path, environment: {} }
        : { environment: { [databaseKeyVariable]: text.toString() } };
      await refusedOnlyAs(['CH-SECRET-INVALID', 'CH-SECRET-MISSING'], async () => {
        promise((await readDatabaseKey(places)).length === 32, 'a key of another length');
      });
    };
    return {
      attack(dice) {
        const text = mutateText(dice, dice.pick(keyForms), keyVocabulary, keyForms[0]);
        const body = dice.chance(30) ? mutateBytes(dice, Buffer.from(text), Buffer.from(text)) : Buffer.from(text);
        const isFile = dice.chance(60);
        return { body, run: () => read(body, isFile) };
      },
      stillWorks: () => read(Buffer.from(keyForms[0]), true),
      close: () => undefined,
    };
  },
};
