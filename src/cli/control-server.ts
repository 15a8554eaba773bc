/**
 * Where the running bridge takes orders from the command line: one socket for who administers it, and one for records
 * officers. What belongs to the other role is refused at each.
 */
import { z } from 'zod';
import { ChanceryError } from '../base/errors.ts';
import type { Route } from '../base/http-listener.ts';
import type { Log } from '../base/logging.ts';
import { userId } from '../config/formats.ts';
import type { Config } from '../config/schema.ts';
import { bodyOf } from './control-body.ts';
import { recordsRoutes, type RecordsTarget } from './records-routes.ts';
import { SocketServer } from './socket-server.ts';
import { controlSocketIn, notFor, recordsSocketOf } from './sockets.ts';
import type { AccountExaminations, ControlStep, OpenLogin } from './control-step.ts';

/** How the bridge is. `live` decides the exit code of `chancery status`, and with it the health of a container. */
export interface ControlStatus {
  readonly live: boolean;
  /** Anything else worth showing, as JSON. */
  readonly [detail: string]: unknown;
}

/** What the bridge does when it is asked; `PendingLogins` offers the two about logins. */
export interface ControlTarget {
  status(): Promise<ControlStatus>;
  examine(): Promise<AccountExaminations>;
  beginLogin(network: string): Promise<OpenLogin>;
  answerLogin(id: string, answers: Readonly<Record<string, string>>): Promise<ControlStep>;
  loginMatrix(puppet: z.output<typeof puppetBody>): Promise<void>;
  /** False when nobody stood for the account. */
  logoutMatrix(account: string): Promise<boolean>;
  /** Absent where no ledger is kept. */
  readonly records?: RecordsTarget;
}

const beginBody = z.strictObject({ network: z.string().max(64) });
const puppetBody = z.strictObject({
  account: z.string().max(256),
  user: userId(),
  own: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }).max(1_024), token: z.string().min(1).max(16_384) })
    .optional(),
});
const puppetOf = z.strictObject({ account: z.string().max(256) });
const answerBody = z.strictObject({ answers: z.record(z.string().max(256), z.string().max(16_384)) });

export class ControlServer {
  readonly #control: SocketServer;
  readonly #records: SocketServer;

  constructor(config: Pick<Config, 'data' | 'records'>, target: ControlTarget, log: Log) {
    const [administering, keeping] = [administratorsRoutes(target), recordsRoutes(target.records)];
    this.#control = new SocketServer(
      controlSocketIn(config.data.directory),
      [...administering, ...notFor('administrators', keeping)],
      log,
    );
    this.#records = new SocketServer(
      recordsSocketOf(config),
      [...keeping, ...notFor('records officers', administering)],
      log,
    );
  }

  /** Throws `CH-DATABASE-IN-USE` when another bridge answers here, `CH-LISTEN-FAILED`, `CH-STORE-FAILED`. */
  async start(): Promise<void> {
    await this.#control.start();
    await this.#records.start();
  }

  /** Answers what is in hand, then removes the sockets. */
  async stop(): Promise<void> {
    await Promise.all([this.#control.stop(), this.#records.stop()]);
  }
}

function administratorsRoutes(target: ControlTarget): Route[] {
  return [
    {
      method: 'GET',
      path: '/status',
      maxBodyBytes: 0,
      handle: async () => ({ status: 200, body: await target.status() }),
    },
    {
      method: 'GET',
      path: '/examination',
      maxBodyBytes: 0,
      handle: async () => ({ status: 200, body: await target.examine() }),
    },
    {
      method: 'POST',
      path: '/logins',
      maxBodyBytes: 1_024,
      handle: async (request) => {
        const { network } = bodyOf(request, beginBody);
        return { status: 201, body: await target.beginLogin(network) };
      },
    },
    {
      method: 'POST',
      path: '/puppets',
      maxBodyBytes: 65_536,
      handle: async (request) => {
        await target.loginMatrix(bodyOf(request, puppetBody));
        return { status: 200, body: {} };
      },
    },
    {
      method: 'POST',
      path: '/puppets/remove',
      maxBodyBytes: 1_024,
      handle: async (request) => {
        const { account } = bodyOf(request, puppetOf);
        if (await target.logoutMatrix(account)) return { status: 200, body: {} };
        throw new ChanceryError('CH-ACCOUNT-UNKNOWN', { place: account, detail: 'Nobody stands for this account.' });
      },
    },
    {
      method: 'POST',
      path: '/logins/:id',
      maxBodyBytes: 65_536,
      handle: async (request) => {
        const { answers } = bodyOf(request, answerBody);
        return { status: 200, body: await target.answerLogin(request.params['id'] ?? '', answers) };
      },
    },
  ];
}
