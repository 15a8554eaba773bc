/** What the simulator is started with: from a JSON file, from options, or both (options win). */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { settingsShape } from './settings.ts';

const accountShape = z.strictObject({
  phoneNumberId: z.string().regex(/^\d+$/),
  wabaId: z.string().regex(/^\d+$/),
  /** Digits, as in webhooks. */
  displayPhoneNumber: z.string().regex(/^\d+$/),
  verifiedName: z.string().min(1),
  accessToken: z.string().min(1),
  /** When left out, that of the whole simulator. */
  appSecret: z.string().min(1).optional(),
  webhookUrl: z.url().optional(),
});

export const configShape = z.strictObject({
  accounts: z.array(accountShape).min(1),
  appSecret: z.string().min(1),
  webhookUrl: z.url().optional(),
  settings: settingsShape.partial().optional(),
  /** Where media lives until the simulator stops; made when left out. */
  directory: z.string().optional(),
});

export type AccountConfig = z.infer<typeof accountShape>;
export type SimulatorConfig = z.infer<typeof configShape>;

export interface StartOptions {
  readonly host: string;
  readonly port: number;
  readonly exitWithStdin: boolean;
  readonly config: SimulatorConfig;
}

export const usage = `node tests/peers/whatsapp-cloud/main.ts [options]
  --port N                  0 takes any free port (default)
  --host ADDRESS            default 127.0.0.1
  --config FILE             JSON: {accounts: [...], appSecret, webhookUrl?, settings?, directory?}
  --webhook-url URL         where webhooks go; may be set later through the control API
  --app-secret-file FILE    signs the webhooks
  --access-token-file FILE  what the one account asks for as bearer token
  --phone-number-id N, --waba-id N, --display-phone-number N, --verified-name NAME
                            the one account, when there is no --config
  --directory DIR           where media is kept while it runs
  --exit-with-stdin         stop when standard input ends
`;

const flags = {
  port: { type: 'string', default: '0' },
  host: { type: 'string', default: '127.0.0.1' },
  config: { type: 'string' },
  'webhook-url': { type: 'string' },
  'app-secret-file': { type: 'string' },
  'access-token-file': { type: 'string' },
  'phone-number-id': { type: 'string', default: '100000000000001' },
  'waba-id': { type: 'string', default: '200000000000001' },
  'display-phone-number': { type: 'string', default: '493010000001' },
  'verified-name': { type: 'string', default: 'City Hall' },
  directory: { type: 'string' },
  'exit-with-stdin': { type: 'boolean', default: false },
} as const;

const secretIn = (path: string): string => readFileSync(path, 'utf8').trim();

/** Throws an error that names the wrong option. */
export function readOptions(args: readonly string[]): StartOptions {
  const { values } = parseArgs({ args: [...args], options: flags });
  const fromFile = values.config === undefined ? {} : (JSON.parse(readFileSync(values.config, 'utf8')) as object);
  const oneAccount = {
    phoneNumberId: values['phone-number-id'],
    wabaId: values['waba-id'],
    displayPhoneNumber: values['display-phone-number'],
    verifiedName: values['verified-name'],
    accessToken: values['access-token-file'] === undefined ? 'simulated' : secretIn(values['access-token-file']),
  };
  const config = configShape.parse({
    accounts: [oneAccount],
    appSecret: 'simulated',
    ...fromFile,
    ...(values['app-secret-file'] === undefined ? {} : { appSecret: secretIn(values['app-secret-file']) }),
    ...(values['webhook-url'] === undefined ? {} : { webhookUrl: values['webhook-url'] }),
    ...(values.directory === undefined ? {} : { directory: values.directory }),
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
  return { host: values.host, port, exitWithStdin: values['exit-with-stdin'], config };
}
