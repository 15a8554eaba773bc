/**
 * A whole house for one test or demo: a real homeserver, the bridge as its own process, the simulated WhatsApp as
 * another, and officials with ordinary clients. Everything lies in one folder.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeProcess, type StartOptions } from './bridge/bridge-process.ts';
import { OrdinaryClient } from './matrix-client/ordinary-client.ts';
import { freePort, Synapse } from './synapse/synapse.ts';
import type { AccountConfig } from './whatsapp-cloud/options.ts';
import type { SettingsChange } from './whatsapp-cloud/settings.ts';
import { SimulatedWhatsApp } from './whatsapp-cloud/simulated-whatsapp.ts';

export interface HouseOptions {
  /** Kept when it is given; else a temporary folder that `close` removes. */
  readonly directory?: string;
  /** Names of Matrix users, made where they are missing; the first is an admin. */
  readonly officials?: readonly string[];
  /** Names of those who are invited to every portal, whether official or not; the first official unless told. */
  readonly invited?: readonly string[];
  readonly whatsapp?: SettingsChange;
  /** Numbers besides the one that `connectNumber` connects. */
  readonly moreNumbers?: readonly AccountConfig[];
  /** More of the bridge's own section for WhatsApp. */
  readonly whatsappSection?: Readonly<Record<string, unknown>>;
  /** Where the bridge believes the homeserver to be, e.g. a proxy in front of it. */
  readonly homeserverUrl?: (url: string) => string | Promise<string>;
  readonly logLevel?: string;
  /** How `running` starts the bridge. */
  readonly start?: StartOptions;
  /** Whether the bridge answers those who watch it, at `monitoringUrl`. */
  readonly monitored?: boolean;
  /** Registration files of other application services on the same homeserver. */
  readonly neighbours?: readonly string[];
  /** The path of ffmpeg; without it the bridge does without, whether the machine has one or not. */
  readonly ffmpeg?: string;
  /** Whether the bridge may speak as officials of the homeserver. */
  readonly puppets?: boolean;
  /** Whether a ledger is kept, for the officer whose key lies at `officerKey`. */
  readonly recorded?: boolean;
  /** More of the section for the ledger. */
  readonly recordsSection?: Readonly<Record<string, unknown>>;
}

/** What a number is connected with. */
export interface NumberSecrets {
  readonly accessToken: string;
  readonly appSecret: string;
  readonly verifyToken: string;
}

/** What must be the same when a house is entered again. */
interface Kept extends NumberSecrets {
  readonly appservicePort: number;
  readonly webhookPort: number;
  readonly graphPort: number;
  readonly monitoringPort?: number;
  readonly password: string;
}

export const phoneNumberId = '106540352242922';
const wabaId = '419561257915477';

/** Where the bridge of a house takes webhooks. */
export const webhookUrlAt = (port: number): string => `http://127.0.0.1:${port}/whatsapp`;

/** The one number of a house. */
export const accountWith = (accessToken: string): AccountConfig => ({
  phoneNumberId,
  wabaId,
  displayPhoneNumber: '493012345670',
  verifiedName: 'City of Musterstadt',
  accessToken,
});

/** What `chancery login whatsapp` asks for. */
export const loginAnswers = ({ accessToken, appSecret, verifyToken }: NumberSecrets): string =>
  JSON.stringify({
    phone_number_id: phoneNumberId,
    access_token: accessToken,
    app_secret: appSecret,
    verify_token: verifyToken,
    business_account_id: wabaId,
  });

export class House {
  readonly directory: string;
  readonly synapse: Synapse;
  readonly whatsapp: SimulatedWhatsApp;
  readonly bridge: BridgeProcess;
  readonly secrets: Kept;
  readonly #clients: OrdinaryClient[] = [];
  readonly #isTemporary: boolean;

  private constructor(
    directory: string,
    parts: Pick<House, 'synapse' | 'whatsapp' | 'bridge' | 'secrets'>,
    isTemporary: boolean,
  ) {
    this.directory = directory;
    this.synapse = parts.synapse;
    this.whatsapp = parts.whatsapp;
    this.bridge = parts.bridge;
    this.secrets = parts.secrets;
    this.#isTemporary = isTemporary;
  }

  /** Starts homeserver and simulator and configures the bridge, which is not started yet. */
  static async open({
    directory,
    officials = ['ana'],
    invited = officials.slice(0, 1),
    whatsapp: settings,
    moreNumbers = [],
    whatsappSection = {},
    homeserverUrl,
    logLevel = 'info',
    monitored = false,
    neighbours = [],
    puppets = false,
    recorded = false,
    recordsSection = {},
    ffmpeg = 'off',
  }: HouseOptions = {}): Promise<House> {
    const folder = directory ?? mkdtempSync(join(tmpdir(), 'house-'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const secrets = await keptIn(folder, monitored);
    const bridgeFolder = join(folder, 'bridge');
    const synapse = new Synapse({
      directory: join(folder, 'synapse'),
      registrationFiles: [
        join(bridgeFolder, 'registration.yaml'),
        ...(puppets ? [join(bridgeFolder, 'puppets.yaml')] : []),
        ...neighbours,
      ],
    });
    await synapse.prepare();
    const whatsapp = new SimulatedWhatsApp({
      port: secrets.graphPort,
      appSecret: secrets.appSecret,
      webhookUrl: webhookUrlAt(secrets.webhookPort),
      accounts: [accountWith(secrets.accessToken), ...moreNumbers],
      settings: { retryBaseMs: 200, retryMaxMs: 2_000, ...settings },
    });
    const idsOf = (names: readonly string[]): string[] => names.map((name) => `@${name}:${synapse.serverName}`);
    const bridge = new BridgeProcess({
      directory: bridgeFolder,
      config: {
        homeserver: { url: (await homeserverUrl?.(synapse.url)) ?? synapse.url, server_name: synapse.serverName },
        appservice: { port: secrets.appservicePort, url: `http://127.0.0.1:${secrets.appservicePort}` },
        rooms: { invite: idsOf(invited), officials: idsOf(officials), admins: idsOf(officials.slice(0, 1)) },
        media: { ffmpeg },
        logging: { level: logLevel },
        ...(puppets ? { double_puppets: { registration_file: 'puppets.yaml' } } : {}),
        ...(recorded
          ? { records: { recipients: [await officerIn(folder)], heads_directory: folder, ...recordsSection } }
          : {}),
        ...(monitored ? { monitoring: { port: secrets.monitoringPort } } : {}),
        networks: {
          whatsapp: {
            port: secrets.webhookPort,
            graph_url: `http://127.0.0.1:${secrets.graphPort}`,
            public_url: new URL(webhookUrlAt(secrets.webhookPort)).origin,
            evidence_seconds: 4,
            ...whatsappSection,
          },
        },
      },
    });
    await bridge.prepare();
    const house = new House(folder, { synapse, whatsapp, bridge, secrets }, directory === undefined);
    try {
      await Promise.all([synapse.start(), whatsapp.start()]);
      for (const name of new Set([...officials, ...invited])) await synapse.registerUser(name, secrets.password);
    } catch (thrown) {
      await house.close();
      throw thrown;
    }
    return house;
  }

  /** Opens a house in which the bridge runs and the number is connected. */
  static async running(options: HouseOptions = {}): Promise<House> {
    const house = await House.open(options);
    try {
      await house.bridge.start(options.start);
      await house.connectNumber();
    } catch (thrown) {
      await house.close();
      throw thrown;
    }
    return house;
  }

  /** Through the command line, as an administrator does it. */
  async connectNumber(): Promise<string> {
    return this.bridge.command(['login', 'whatsapp', '--answers', '-'], loginAnswers(this.secrets));
  }

  /** The key of a records officer, where a ledger is kept; `officerAnswers` opens it. */
  get officerKey(): string {
    return join(this.directory, 'officer.age');
  }

  /** An official's client that follows /sync. */
  async client(name = 'ana', options: { readonly restMs?: number } = {}): Promise<OrdinaryClient> {
    const client = await OrdinaryClient.login(this.synapse.url, name, this.secrets.password, options);
    client.start();
    this.#clients.push(client);
    return client;
  }

  get monitoringUrl(): string {
    return `http://127.0.0.1:${String(this.secrets.monitoringPort)}`;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.stop()));
    await Promise.allSettled([this.bridge.kill(), this.whatsapp.stop(), this.synapse.kill()]);
    if (this.#isTemporary) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** What opens the officer's key of a house. */
export const officerAnswers = JSON.stringify({ passphrase: 'five words that nobody guesses' });

/** The recipient of the officer's key, made where it is missing as an officer makes it. */
export async function officerIn(folder: string): Promise<string> {
  const [key, told] = [join(folder, 'officer.age'), join(folder, 'officer.recipient')];
  if (!existsSync(told)) {
    const words = await BridgeProcess.alone(['records', 'keygen', '--out', key, '--answers', '-'], officerAnswers);
    writeFileSync(told, /^age1\S+$/m.exec(words)?.[0] ?? '');
  }
  return readFileSync(told, 'utf8');
}

async function keptIn(folder: string, monitored: boolean): Promise<Kept> {
  const path = join(folder, 'house.json');
  if (!existsSync(path)) {
    const secret = (): string => randomBytes(16).toString('hex');
    const fresh: Kept = {
      appservicePort: await freePort(),
      webhookPort: await freePort(),
      graphPort: await freePort(),
      ...(monitored ? { monitoringPort: await freePort() } : {}),
      accessToken: `EAA${secret()}`,
      appSecret: secret(),
      verifyToken: secret(),
      password: randomBytes(6).toString('hex'),
    };
    writeFileSync(path, JSON.stringify(fresh), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Kept;
}
