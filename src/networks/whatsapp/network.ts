/** WhatsApp, through Meta's Cloud API: one webhook and any number of connected numbers. */
import { ChanceryError } from '../../base/errors.ts';
import { HttpClient } from '../../base/http-client.ts';
import { HttpListener } from '../../base/http-listener.ts';
import { type AccountId, asId, type NetworkId } from '../../model/ids.ts';
import type { Account, Network, NetworkContext, NetworkRuntime } from '../contract.ts';
import { type WhatsAppConfig, whatsAppConfig } from './config.ts';
import { credentialsShape } from './credentials.ts';
import { WhatsAppLogin } from './login.ts';
import { WhatsAppSession } from './session.ts';
import { type ConnectedNumber, Webhook } from './webhook.ts';

export const whatsapp: Network<WhatsAppConfig> = {
  id: asId<NetworkId>('whatsapp'),
  displayName: 'WhatsApp',
  configSchema: whatsAppConfig,
  create: (config, context) => createRuntime(config, context),
};

function createRuntime(config: WhatsAppConfig, context: NetworkContext): NetworkRuntime {
  const http = new HttpClient(hostsOf(config), { unreachable: 'CH-NETWORK-UNREACHABLE' });
  const numbers = new Map<string, ConnectedNumber>();
  const sessions = new Map<AccountId, WhatsAppSession>();
  const webhook = new Webhook({
    path: config.path,
    historyWaitMs: config.history_wait_seconds * 1_000,
    context,
    numbers,
  });
  const listener = new HttpListener(webhook.routes, context.log);
  return {
    async start() {
      await listener.start({ host: config.host, port: config.port });
    },
    async stop() {
      await listener.stop();
    },
    async close() {
      await http.close();
    },
    connect(account: Account) {
      const credentials = credentialsShape.safeParse(account.credentials);
      if (!credentials.success)
        throw new ChanceryError('CH-LOGIN-INVALID', { place: account.id, detail: 'Its credentials are incomplete.' });
      numbers.set(credentials.data.phoneNumberId, { account: account.id, credentials: credentials.data });
      const session: WhatsAppSession = new WhatsAppSession({
        account,
        credentials: credentials.data,
        config,
        context,
        http,
        // What a call with former credentials still brings back says nothing about those of now.
        onStanding: (news) => {
          if (sessions.get(account.id) === session) context.onAccount(account.id, news);
        },
      });
      sessions.set(account.id, session);
      return session;
    },
    disconnect(account: AccountId) {
      sessions.delete(account);
      for (const [number, connected] of numbers) if (connected.account === account) numbers.delete(number);
    },
    login: () => new WhatsAppLogin({ http, config, onCall: context.onCall }),
  };
}

const hostsOf = ({ graph_url: graph, media_hosts: media, public_url: own }: WhatsAppConfig): readonly string[] => [
  graph,
  ...media,
  ...(own === undefined ? [] : [own]),
];
