/**
 * Where the running bridge takes orders from the command line: a socket in the data directory that only the user of the
 * bridge can open. A socket that a crash left behind is replaced; one that somebody answers is not.
 */
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { HttpListener, type Route } from '../base/http-listener.ts';
import type { Log } from '../base/logging.ts';
import { userId } from '../config/formats.ts';
import { ensurePrivateDirectory } from '../vault/private-directory.ts';
import { bodyOf } from './control-body.ts';
import { recordsRoutes, type RecordsTarget } from './records-routes.ts';
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

/** The socket of the bridge that uses this data directory. */
export const controlSocketIn = (dataDirectory: string): string => join(dataDirectory, 'control.sock');

/** Of sockaddr_un on Linux, without the final zero. */
const maxPathBytes = 107;
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
  readonly #path: string;
  readonly #directory: string;
  readonly #listener: HttpListener;

  constructor(dataDirectory: string, target: ControlTarget, log: Log) {
    this.#directory = dataDirectory;
    this.#path = controlSocketIn(dataDirectory);
    this.#listener = new HttpListener(routes(target), log);
  }

  /** Throws `CH-DATABASE-IN-USE` when another bridge answers here, `CH-LISTEN-FAILED`, `CH-STORE-FAILED`. */
  async start(): Promise<void> {
    ensurePrivateDirectory(this.#directory);
    if (Buffer.byteLength(this.#path) > maxPathBytes) {
      const detail = `The path of a socket has at most ${maxPathBytes} bytes; choose a shorter data.directory.`;
      throw new ChanceryError('CH-LISTEN-FAILED', { place: this.#path, detail });
    }
    await clearStale(this.#path);
    await this.#listener.start({ socketPath: this.#path });
    await chmod(this.#path, 0o600);
  }

  /** Answers what is in hand, then removes the socket. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }
}

function routes(target: ControlTarget): Route[] {
  return [
    ...recordsRoutes(target.records),
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

async function clearStale(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket()) {
      throw new ChanceryError('CH-LISTEN-FAILED', { place: path, detail: 'There is a file here that is no socket.' });
    }
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return;
    throw thrown;
  }
  const refused = await connectionError(path);
  if (refused === undefined) {
    throw new ChanceryError('CH-DATABASE-IN-USE', { place: path, detail: 'Somebody answers at this socket.' });
  }
  if (systemCodeOf(refused) !== 'ECONNREFUSED') {
    throw new ChanceryError('CH-LISTEN-FAILED', { place: path, detail: `${messageOf(refused)}.`, cause: refused });
  }
  await rm(path, { force: true });
}

/** Undefined when somebody answers. */
function connectionError(path: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', resolve);
  });
}
