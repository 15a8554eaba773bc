/** The configured networks at work, and the accounts connected to them, those of this moment's login included. */
import { ChanceryError } from '../base/errors.ts';
import type { AccountStates } from '../bridge/account-states.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { BridgeContext } from '../bridge/context.ts';
import { type AccountId, asId, type NetworkId } from '../model/ids.ts';
import type { Account, Network, NetworkRuntime } from '../networks/contract.ts';
import type { LoginFlow, NewAccount } from '../networks/login.ts';
import type { Act } from '../store/acts.ts';
import type { AccountExaminations } from './control-step.ts';
import { networks } from './networks.ts';
import { recordAct } from '../bridge/recording.ts';

const examinationMs = 60_000;

interface Running {
  readonly network: Network;
  readonly runtime: NetworkRuntime;
}

export class Accounts {
  readonly #context: BridgeContext;
  readonly #states: AccountStates;
  readonly #running: ReadonlyMap<NetworkId, Running>;

  constructor(context: BridgeContext, states: AccountStates, running: readonly Running[]) {
    this.#context = context;
    this.#states = states;
    this.#running = new Map(running.map((each) => [each.network.id, each]));
  }

  /** A login that begins. Throws `CH-LOGIN-INVALID` for a network that is not configured. */
  login(network: string): LoginFlow {
    return this.#get(network).runtime.login();
  }

  /** Keeps an account that a login found good, and connects it. The same account again gets its new credentials. */
  async add(network: string, { key, displayName, credentials }: NewAccount): Promise<void> {
    const { store, clock } = this.#context;
    const account = {
      id: asId<AccountId>(`${network}/${key}`),
      network: this.#get(network).network.id,
      displayName,
      credentials,
    };
    await store.write((unit) => unit.accounts.put({ ...account, createdAt: clock.now() }));
    this.connect(account);
    await this.#states.loggedIn(account.id);
  }

  connect(account: Account): void {
    const { network, runtime } = this.#get(account.network);
    this.#context.sessions.set(account.id, { session: runtime.connect(account), networkName: network.displayName });
  }

  /** Forgets the credentials and ends the session; chats stay. False when no account of this id is connected. */
  async logout(id: AccountId, act: Act): Promise<boolean> {
    const { store, sessions } = this.#context;
    const network = sessions.networkOf(id);
    if (network === undefined) return false;
    await store.write(async (unit) => {
      await unit.accounts.logOut(id);
      await recordAct(unit, act);
    });
    this.#get(network).runtime.disconnect(id);
    return sessions.delete(id);
  }

  /** How each account is set up at its network. */
  async examine(): Promise<AccountExaminations> {
    const accounts = this.#context.sessions.all().map(async ({ session }) => ({
      id: session.account.id,
      findings: [...((await session.examine?.(AbortSignal.timeout(examinationMs))) ?? [])],
    }));
    return { accounts: await Promise.all(accounts) };
  }

  async start(): Promise<void> {
    for (const { runtime } of this.#running.values()) await runtime.start();
  }

  async stop(): Promise<void> {
    for (const { runtime } of this.#running.values()) await runtime.stop();
  }

  /** Once nothing is sent any more. */
  async close(): Promise<void> {
    for (const { runtime } of this.#running.values()) await runtime.close();
  }

  #get(network: string): Running {
    const running = this.#running.get(asId<NetworkId>(network));
    if (running !== undefined) return running;
    const configured = [...this.#running.keys()].join(', ') || 'none';
    throw new ChanceryError('CH-LOGIN-INVALID', {
      place: network,
      detail: `Networks in the configuration: ${configured}.`,
    });
  }
}

/** Makes every configured network and connects the accounts that are kept. */
export async function connectAccounts(
  context: BridgeContext,
  { sink, states }: Pick<Bridge, 'sink' | 'states'>,
  sections: Readonly<Record<string, unknown>>,
): Promise<Accounts> {
  const { store, files, clock, log, metrics } = context;
  const running = networks
    .filter(({ id }) => sections[id] !== undefined)
    .map((network) => ({
      network,
      runtime: network.create(sections[network.id], {
        sink,
        clock,
        log: log.child({ network: network.id }),
        onCall: (operation, call) => metrics.networkCall(network.id, operation, call),
        onAccount: (account, news) => void states.changed(account, news),
        stateOf: (account) => ({ get: (key) => store.read.accounts.stateOf(account, key) }),
        openFile: (file) => files.open(file),
      }),
    }));
  for (const { network } of running) metrics.introduce(network.id);
  const accounts = new Accounts(context, states, running);
  for (const account of await store.read.accounts.all()) {
    if (sections[account.network] === undefined)
      log.warn({ account: account.id }, 'the network of this account is not configured: it stays disconnected');
    else accounts.connect(account);
  }
  return accounts;
}
