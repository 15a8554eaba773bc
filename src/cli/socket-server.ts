/**
 * A socket of the running bridge. One in its own data directory is for its user alone; one elsewhere is for the group of
 * the folder in which it lies. A socket that a crash left behind is replaced; one that somebody answers is not.
 */
import { chmod, chown, lstat, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { HttpListener, type Route } from '../base/http-listener.ts';
import type { Log } from '../base/logging.ts';
import { ensurePrivateDirectory } from '../vault/private-directory.ts';

export interface SocketPlace {
  readonly path: string;
  /** The setting that names its folder, for people. */
  readonly setting: string;
  /** Whether the group of its folder may open it as well. Such a folder must be there already. */
  readonly isForGroup: boolean;
}

/** Of sockaddr_un on Linux, without the final zero. */
const maxPathBytes = 107;
const othersMayWrite = 0o002;

export class SocketServer {
  readonly #place: SocketPlace;
  readonly #listener: HttpListener;

  constructor(place: SocketPlace, routes: readonly Route[], log: Log) {
    this.#place = place;
    this.#listener = new HttpListener(routes, log);
  }

  /** Throws `CH-DATABASE-IN-USE` when another bridge answers here, `CH-LISTEN-FAILED`, `CH-STORE-FAILED`. */
  async start(): Promise<void> {
    const { path, setting, isForGroup } = this.#place;
    if (Buffer.byteLength(path) > maxPathBytes)
      throw failed(path, `The path of a socket has at most ${maxPathBytes} bytes; choose a shorter ${setting}.`);
    if (!isForGroup) ensurePrivateDirectory(dirname(path));
    const group = isForGroup ? await groupOf(path) : undefined;
    await clearStale(path);
    await this.#listener.start({ socketPath: path });
    if (group === undefined) await chmod(path, 0o600);
    else await giveTo(path, group);
  }

  /** Answers what is in hand, then removes the socket. */
  async stop(): Promise<void> {
    await this.#listener.stop();
  }
}

/** Where others may write, they could put a socket of their own in its place. */
async function groupOf(path: string): Promise<number> {
  const folder = dirname(path);
  try {
    const { gid, mode } = await stat(folder);
    if ((mode & othersMayWrite) === 0) return gid;
  } catch (thrown) {
    throw failed(folder, `${messageOf(thrown)}.`, thrown);
  }
  throw failed(folder, 'Everybody may write into this folder; expected one of the bridge and of one group.');
}

async function giveTo(path: string, group: number): Promise<void> {
  try {
    if ((await stat(path)).gid !== group) await chown(path, -1, group);
    await chmod(path, 0o660);
  } catch (thrown) {
    throw failed(path, `It could not be given to the group of its folder: ${messageOf(thrown)}.`, thrown);
  }
}

async function clearStale(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket()) throw failed(path, 'There is a file here that is no socket.');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return;
    throw thrown;
  }
  const refused = await connectionError(path);
  if (refused === undefined)
    throw new ChanceryError('CH-DATABASE-IN-USE', { place: path, detail: 'Somebody answers at this socket.' });
  if (systemCodeOf(refused) !== 'ECONNREFUSED') throw failed(path, `${messageOf(refused)}.`, refused);
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

const failed = (place: string, detail: string, cause?: unknown): ChanceryError =>
  new ChanceryError('CH-LISTEN-FAILED', { place, detail, cause });
