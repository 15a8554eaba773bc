/**
 * The configuration: the one source of its types, its validation, the sample file and the JSON Schema for editors.
 * It holds no secret; secrets come from files, systemd credentials or the environment.
 */
import { z } from 'zod';
import { logLevels } from '../base/logging.ts';
import {
  guardedUrl,
  hostToListenOn,
  httpOrigin,
  ledgerOrigin,
  localpart,
  path,
  port,
  recipient,
  registrationId,
  serverName,
  userId,
  userOrServer,
  userOrServerOrAll,
} from './formats.ts';

/** What the configuration needs to know of a network: its name, and how its own section is validated. */
export interface NetworkSection {
  readonly id: string;
  readonly configSchema: z.ZodType;
}

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, { error: `expected a section with the keys ${Object.keys(shape).join(', ')}` });
}

const list = <Item extends z.ZodType>(item: Item, what: string) =>
  z
    .array(item, { error: `expected a list of ${what}` })
    .max(10_000, `expected at most 10000 ${what}`)
    .default([]);

const homeserver = section({
  url: httpOrigin('http://localhost:8008').describe('Where the bridge reaches the homeserver.'),
  server_name: serverName().describe(
    "The homeserver's name, the part after the colon in the user ids of the agency. It cannot be changed later.",
  ),
}).describe("The agency's own Matrix homeserver.");

const appservice = section({
  registration_file: path('registration.yaml')
    .default('registration.yaml')
    .describe(
      'The registration, written by `chancery registration` and given to the homeserver as well. It holds tokens: keep it as you keep a password.',
    ),
  url: httpOrigin('http://localhost:29330')
    .default('http://localhost:29330')
    .describe('Where the homeserver reaches the bridge. Run `chancery registration --force` after a change.'),
  host: hostToListenOn()
    .default('127.0.0.1')
    .describe('The address the bridge listens on for the homeserver; 0.0.0.0 or :: means every address.'),
  port: port().default(29_330).describe('The port the bridge listens on for the homeserver.'),
  id: registrationId()
    .default('chancery')
    .describe('The name under which the homeserver knows the bridge; unique among its bridges.'),
  bot: localpart('chancery')
    .default('chancery')
    .describe("The bot's user name, without @ and server. It creates the rooms and takes the admins' commands."),
  namespace: localpart('_chancery_')
    .min(3, 'expected at least 3 characters, for example _chancery_')
    .default('_chancery_')
    .describe(
      'How the user names and room aliases that the bridge makes begin. Nobody else can use such names. It cannot be changed later.',
    ),
})
  .refine(({ bot, namespace }) => !bot.startsWith(namespace), {
    path: ['bot'],
    error: 'expected a name that does not begin with appservice.namespace, where the contacts live',
  })
  .prefault({})
  .describe('The bridge as an application service of the homeserver.');

const data = section({
  directory: path('./data')
    .default('./data')
    .describe('The folder of the database and of the sealed media. Only the user of the bridge may look into it.'),
  key_file: path('./database.key')
    .optional()
    .describe(
      'The file with the key of the database, written by `chancery keygen`. Without it the key comes from the systemd credential chancery-database-key, else from the environment variable CHANCERY_DATABASE_KEY.',
    ),
})
  .prefault({})
  .describe('What the bridge keeps. Relative paths start at the folder of this file.');

const rooms = section({
  invite: list(userId(), 'Matrix user ids').describe('Who is invited to each new room.'),
  officials: list(userOrServerOrAll(), "Matrix user ids, server names or '*'").describe(
    "Who may write to contacts: user ids, whole servers, or '*' for everybody in the room. While it is empty nobody may; messages from contacts still arrive.",
  ),
  admins: list(userOrServer(), 'Matrix user ids or server names').describe(
    'Who may command the bot: user ids or whole servers.',
  ),
})
  .prefault({})
  .describe('The rooms that mirror chats.');

const records = section({
  recipients: list(recipient(), 'public keys').describe(
    'The public keys of the records officers, written by `chancery records keygen`: what happens is kept in the ledger, and opened with one of their keys only. While it is empty no ledger is kept.',
  ),
  epoch_hours: z
    .int()
    .min(1)
    .max(24 * 31)
    .default(24)
    .describe('So long the running bridge can open what it has put into the ledger itself; each start begins anew.'),
  origin: ledgerOrigin()
    .optional()
    .describe(
      'The name of the ledger, as it stands in its signed heads. Without it: the name of the homeserver, and /chancery. It cannot be changed later.',
    ),
  heads_directory: path('/mnt/elsewhere/heads')
    .optional()
    .describe(
      'A folder outside, such as on another machine, in which each signed head of the ledger is put as well: whoever keeps it can tell when the ledger is made smaller or another.',
    ),
  socket: path('/run/chancery-records/records.sock')
    .optional()
    .describe(
      'The socket for records officers, where they are other users of this machine: the group of its folder may open it. Without it: records.sock in data.directory, for the user of the bridge only.',
    ),
  heads_url: guardedUrl('https://heads.example/agency.checkpoint')
    .optional()
    .describe(
      'Where each signed head is put by HTTP PUT as well, and read back by GET at the start: outside, as above.',
    ),
  heads_token_file: path('./heads.token')
    .optional()
    .describe(
      'A file with the bearer token for heads_url, where one is wanted. Only the user of the bridge may read it.',
    ),
})
  .refine(({ heads_url: url, heads_token_file: token }) => token === undefined || url !== undefined, {
    path: ['heads_token_file'],
    error: 'expected records.heads_url beside it, for which the token is',
  })
  .prefault({})
  .describe('The record of everything that happens, sealed and provable: see docs/records.md.');

const doublePuppets = section({
  registration_file: path('puppets.yaml')
    .optional()
    .describe(
      "A second registration, written by `chancery registration` and given to the homeserver as well. With it the bridge can speak as an official of this homeserver who was named by `chancery login-matrix`; nothing of officials' other rooms is pushed to it.",
    ),
  homeservers: list(httpOrigin('https://matrix.other.example'), 'URLs').describe(
    'Other homeservers whose users may be named by `chancery login-matrix` with a token of their own.',
  ),
})
  .prefault({})
  .describe('Officials who also write on their phone appear as themselves.');

const media = section({
  ffmpeg: path('/usr/bin/ffmpeg')
    .optional()
    .describe(
      'The program ffmpeg (5.1 or later), which makes pictures and voice messages into types that a network takes; `off` does without. By default it is looked for on the search path (PATH). Where there is none such files go as documents, and senders are told.',
    ),
})
  .prefault({})
  .describe('Files on their way to a network.');

const logging = section({
  level: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` })
    .default('info')
    .describe(`How much is logged, on standard output: ${logLevels.join(', ')}. No level logs messages or secrets.`),
})
  .prefault({})
  .describe('The log.');

const monitoring = section({
  host: hostToListenOn()
    .default('127.0.0.1')
    .describe(
      'The address to answer at. Whoever reaches it may ask; what it tells names nobody. 0.0.0.0 or :: means every address.',
    ),
  port: port(29_332)
    .optional()
    .describe('The port for GET /live, /ready and /metrics (Prometheus). Without it nothing listens.'),
})
  .prefault({})
  .describe('For those who watch the bridge: see docs/operations.md.');

/** The whole schema. A network whose section is present is started. */
export function composeSchema(networks: readonly NetworkSection[]) {
  const sections = Object.fromEntries(networks.map(({ id, configSchema }) => [id, configSchema.optional()]));
  return z.strictObject({
    homeserver,
    appservice,
    data,
    rooms,
    records,
    double_puppets: doublePuppets,
    media,
    logging,
    monitoring,
    networks: section(sections).prefault({}).describe('The networks; one whose section is present is started.'),
  });
}

export type ConfigSchema = ReturnType<typeof composeSchema>;

/** A valid configuration, with the defaults filled in. Paths are absolute once the loader has read them. */
export type Config = z.output<ConfigSchema>;
