/** Puts the bridge together from a valid configuration: the only place that knows every room of the house. */
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { HttpClient } from '../base/http-client.ts';
import { HttpListener } from '../base/http-listener.ts';
import { createLog, type Log } from '../base/logging.ts';
import { Metrics } from '../base/metrics.ts';
import { Bot } from '../bot/bot.ts';
import { Bridge } from '../bridge/bridge.ts';
import type { BridgeContext } from '../bridge/context.ts';
import type { PuppetWays } from '../bridge/puppets.ts';
import { Sessions } from '../bridge/sessions.ts';
import type { Config } from '../config/schema.ts';
import { Homeserver } from '../matrix/homeserver.ts';
import { Identifiers } from '../matrix/identifiers.ts';
import type { OnRequest } from '../matrix/requests.ts';
import { readRegistration } from '../matrix/read-registration.ts';
import { transactionRoutes } from '../matrix/transactions.ts';
import { asId, type UserId } from '../model/ids.ts';
import { openStore, type Store } from '../store/store.ts';
import { readDatabaseKey } from '../vault/database-key.ts';
import { SealedFiles } from '../vault/sealed-files.ts';
import { keptLedger } from './ledger.ts';
import type { RecordsTarget } from './records-routes.ts';
import { recordsTarget } from './records-target.ts';
import { type Accounts, connectAccounts } from './accounts.ts';
import { ffmpegOf } from './ffmpeg.ts';
import { Monitoring } from './monitoring.ts';

/** A bridge that is ready to run. `start` opens what it listens on; `stop` finishes what is in hand. */
export interface Composition {
  readonly bridge: Bridge;
  readonly accounts: Accounts;
  readonly log: Log;
  /** Absent where no ledger is kept. */
  readonly records?: RecordsTarget;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing listens and nothing is sent yet. For the errors see the configuration, the registration, key and store. */
export async function compose(config: Config, version: string): Promise<Composition> {
  const { homeserver: server, appservice, data, rooms, monitoring } = config;
  const key = await readDatabaseKey({ keyFile: data.key_file, environment: process.env });
  const registration = await readRegistration(appservice.registration_file);
  const log = createLog(config.logging.level);
  const metrics = new Metrics();
  const sessions = new Sessions();
  const kept = await keptLedger(config, key, (account) => sessions.networkOf(account), log);
  const store = openStore(data.directory, key, {
    onCommit: (seconds, units) => metrics.committed(seconds, units),
    ...(kept === undefined ? {} : { keeper: kept.ledger }),
  });
  const ledger = await kept?.open(store);
  const files = await openFiles(store, data.directory);
  const identifiers = new Identifiers({
    secret: await store.write((unit) => unit.secrets.ensure('identifiers')),
    serverName: server.server_name,
    namespacePrefix: appservice.namespace,
    botLocalpart: appservice.bot,
  });
  const homeserver = new Homeserver({
    url: server.url,
    serverName: server.server_name,
    token: registration.as_token,
    onRequest: (method, route, call) => metrics.homeserverCall(method, route, call),
  });
  const context: BridgeContext = {
    store,
    files,
    homeserver,
    identifiers,
    sessions,
    policy: {
      invite: rooms.invite.map((user) => asId<UserId>(user)),
      officials: rooms.officials,
      admins: rooms.admins,
    },
    bot: { user: identifiers.bot, device: identifiers.device(identifiers.bot) },
    clock: systemClock,
    log,
    metrics,
    startedAt: systemClock.now(),
    isRecorded: ledger !== undefined,
  };
  const ways = await puppetWaysOf(config, metrics);
  const ffmpeg = await ffmpegOf(config);
  if (ffmpeg === undefined) log.info('there is no ffmpeg: pictures and voice messages go in the types that they have');
  const bridge = new Bridge(context, {
    registrationId: registration.id,
    version,
    puppetWays: ways,
    ffmpeg,
    logout: (account, act) => accounts.logout(account, act),
    commands: (services) => new Bot({ admins: rooms.admins, officials: rooms.officials, services }),
  });
  const accounts: Accounts = await connectAccounts(context, bridge, config.networks);
  const listener = new HttpListener(
    transactionRoutes({ homeserverToken: registration.hs_token, accept: (batch) => bridge.accept(batch) }),
    log,
    { onPeerGone: () => bridge.homeserverGone() },
  );
  let isRunning = false;
  const watched = new Monitoring({
    metrics,
    log,
    missing: () => [...(isRunning ? [] : ['the bridge is starting or stopping']), ...bridge.health.missing()],
    readDatabase: () => bridge.health.readDatabase(),
    measure: () => bridge.health.measure(),
  });
  return {
    bridge,
    accounts,
    log,
    ...(ledger === undefined
      ? {}
      : { records: recordsTarget(ledger, { ...ledger.parts, homeserver, identifiers, bot: context.bot }) }),
    async start() {
      if (monitoring.port !== undefined) {
        metrics.measureProcess(version);
        await watched.start({ host: monitoring.host, port: monitoring.port });
      }
      await listener.start({ host: appservice.host, port: appservice.port });
      await accounts.start();
      bridge.start();
      ledger?.start();
      isRunning = true;
      log.info({ version, listening: `${appservice.host}:${appservice.port}` }, 'chancery runs');
    },
    async stop() {
      isRunning = false;
      await Promise.all([listener.stop(), accounts.stop()]);
      await bridge.stop();
      await accounts.close();
      await Promise.all([homeserver.close(), ways.http.close(), ways.registered?.close()]);
      await watched.stop();
      await ledger?.stop();
      await store.close();
      log.info('chancery has stopped');
    },
  };
}

/** Throws `CH-REGISTRATION-INVALID` when a second registration is configured and cannot be used. */
async function puppetWaysOf({ homeserver, double_puppets: puppets }: Config, metrics: Metrics): Promise<PuppetWays> {
  const hosts = [homeserver.url, ...puppets.homeservers];
  const http = new HttpClient(hosts, { unreachable: 'CH-HOMESERVER-UNREACHABLE' });
  if (puppets.registration_file === undefined) return { http, registered: undefined };
  const { as_token: token } = await readRegistration(puppets.registration_file);
  const onRequest: OnRequest = (method, route, call) => metrics.homeserverCall(method, route, call);
  return {
    http,
    registered: new Homeserver({ url: homeserver.url, serverName: homeserver.server_name, token, onRequest }),
  };
}

/** Sealed files that a crash left behind are removed before the first is made. */
async function openFiles(store: Store, directory: string): Promise<SealedFiles> {
  const files = new SealedFiles(join(directory, 'media'), await store.write((unit) => unit.secrets.ensure('media')));
  const inUse = await store.read.parts.filesInUse();
  await files.sweep((name) => inUse.has(name));
  return files;
}
