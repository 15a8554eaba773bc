/** `chancery start`: runs the bridge until it is told to stop (SIGTERM, SIGINT). */
import { systemClock } from '../base/clock.ts';
import { type Composition, compose } from './compose.ts';
import { asId } from '../model/ids.ts';
import { readConfiguration } from './configuration.ts';
import { ControlServer, type ControlTarget } from './control-server.ts';
import { PendingLogins } from './pending-logins.ts';
import { versionOfBuild } from './version.ts';

/** What hangs while stopping is ended by force after this. */
const stopWithinMs = 10_000;

/** Resolves when the bridge has stopped. Throws before anything is started when configuration or secrets are wrong. */
export async function start({ config: path }: { readonly config: string }): Promise<void> {
  const config = await readConfiguration(path);
  const composition = await compose(config, await versionOfBuild());
  const control = new ControlServer(config, targetOf(composition), composition.log);
  const stopAsked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  try {
    await control.start();
    await composition.start();
    await stopAsked;
  } finally {
    const force = setTimeout(() => process.exit(1), stopWithinMs);
    await control.stop();
    await composition.stop();
    clearTimeout(force);
  }
}

function targetOf({ bridge, accounts, records }: Composition): ControlTarget {
  const logins = new PendingLogins(systemClock);
  return {
    // Who can answer is live; that the homeserver is away is no reason to restart the bridge.
    status: async () => ({ live: true, ...(await bridge.operations.status()) }),
    examine: () => accounts.examine(),
    beginLogin: (network) => logins.begin(accounts.login(network), (account) => accounts.add(network, account)),
    answerLogin: (id, answers) => logins.answer(id, answers),
    loginMatrix: ({ account, user, own }) =>
      bridge.puppets.login({ accountId: asId(account), userId: asId(user), ...(own === undefined ? {} : { own }) }),
    logoutMatrix: (account) => bridge.puppets.logout(asId(account)),
    ...(records === undefined ? {} : { records }),
  };
}
