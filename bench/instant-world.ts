/** The bridge as its own process between a homeserver and a WhatsApp that answer at once. Lies in a folder of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { BridgeProcess } from '../tests/peers/bridge/bridge-process.ts';
import { accountWith, loginAnswers, type NumberSecrets, officerIn, webhookUrlAt } from '../tests/peers/house.ts';
import { freePort } from '../tests/peers/synapse/synapse.ts';
import { CitizenWebhooks } from './citizen-webhooks.ts';
import { InstantHomeserver } from './instant-homeserver.ts';
import { InstantWhatsApp } from './instant-whatsapp.ts';

export const serverName = 'instant.localhost';
export const official = `@official:${serverName}`;

export interface Witnesses {
  /** A message is in a room. */
  readonly onSent: (room: string, content: unknown) => void;
  /** A text has reached a citizen. */
  readonly onReached: (phone: string, text: string) => void;
}

type Parts = Pick<InstantWorld, 'directory' | 'homeserver' | 'whatsapp' | 'citizens' | 'bridge' | 'secrets'>;

export class InstantWorld {
  readonly directory: string;
  readonly homeserver: InstantHomeserver;
  readonly whatsapp: InstantWhatsApp;
  readonly citizens: CitizenWebhooks;
  readonly bridge: BridgeProcess;
  readonly secrets: NumberSecrets;

  private constructor(parts: Parts) {
    this.directory = parts.directory;
    this.homeserver = parts.homeserver;
    this.whatsapp = parts.whatsapp;
    this.citizens = parts.citizens;
    this.bridge = parts.bridge;
    this.secrets = parts.secrets;
  }

  /** Everything but the bridge is started. */
  static async open({ onSent, onReached }: Witnesses, { recorded = false } = {}): Promise<InstantWorld> {
    const directory = mkdtempSync(join(tmpdir(), 'instant-'));
    const [appservicePort, webhookPort] = [await freePort(), await freePort()];
    const secrets = { accessToken: secret(), appSecret: secret(), verifyToken: secret() };
    const homeserver = new InstantHomeserver({ onSent });
    const whatsapp = new InstantWhatsApp(onReached);
    const account = accountWith(secrets.accessToken);
    const citizens = new CitizenWebhooks({ account, appSecret: secrets.appSecret, url: webhookUrlAt(webhookPort) });
    const appserviceUrl = `http://127.0.0.1:${appservicePort}`;
    const bridge = new BridgeProcess({
      directory: join(directory, 'bridge'),
      config: {
        homeserver: { url: await homeserver.start(), server_name: serverName },
        appservice: { port: appservicePort, url: appserviceUrl },
        ...(recorded ? { records: { recipients: [await officerIn(directory)] } } : {}),
        rooms: { invite: [official], officials: [official], admins: [official] },
        networks: {
          whatsapp: { port: webhookPort, graph_url: await whatsapp.start(), messages_per_second: 1_000 },
        },
      },
    });
    await bridge.prepare();
    const { hs_token: token } = parse(readFileSync(bridge.registrationFile, 'utf8')) as { hs_token: string };
    homeserver.pushTo(appserviceUrl, token);
    return new InstantWorld({ directory, homeserver, whatsapp, citizens, bridge, secrets });
  }

  async connectNumber(): Promise<void> {
    await this.bridge.command(['login', 'whatsapp', '--answers', '-'], loginAnswers(this.secrets));
  }

  async close(): Promise<void> {
    await this.homeserver.settle();
    try {
      await this.bridge.stop();
    } finally {
      await this.bridge.kill();
      await Promise.all([this.citizens.close(), this.whatsapp.stop(), this.homeserver.stop()]);
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

const secret = (): string => randomBytes(16).toString('hex');
