/** Both ends of a listener's wire, for as many requests as there are: what is said is bytes, what is heard is statuses. */
import { connect, type Socket } from 'node:net';
import { Fault } from './target.ts';
import type { RawRequest } from './mutate/request.ts';

export type Place = { readonly port: number; readonly host: string } | { readonly path: string };

export interface Heard {
  /** In the order in which they came; without the interim ones. */
  readonly statuses: readonly number[];
  /** Everything, heads included. */
  readonly text: string;
}

const turnsToAnswer = 40;
const headEnd = '\r\n\r\n';

export class Wire {
  readonly #place: Place;
  #kept: Socket | undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  /** An orderly request is answered on a connection that is kept; any other gets its own, and is heard to the end. */
  ask(request: RawRequest): Promise<Heard> {
    return request.orderly ? this.#exchange(request.bytes) : this.#outburst(request.bytes);
  }

  close(): void {
    this.#kept?.destroy();
    this.#kept = undefined;
  }

  #exchange(bytes: Buffer): Promise<Heard> {
    this.#kept ??= connect(this.#place).setNoDelay(true);
    const socket = this.#kept;
    return new Promise((resolve) => {
      let text = '';
      const finish = (): void => {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        resolve({ statuses: statusesIn(text), text });
      };
      const forget = (): void => {
        if (this.#kept === socket) this.#kept = undefined;
        finish();
      };
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (!isWhole(text)) return;
        if (/\r\nconnection: close\r\n/i.test(text)) this.#kept = undefined;
        finish();
      });
      socket.on('close', forget).on('error', () => undefined);
      socket.write(bytes);
    });
  }

  #outburst(bytes: Buffer): Promise<Heard> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(this.#place).setNoDelay(true);
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve({ statuses: statusesIn(text), text }));
      socket.write(bytes);
      // Whoever hangs up at once hears nothing; whoever announced more than came would wait for a minute.
      hangUpAfter(socket, turnsToAnswer);
    });
  }
}

/** The listener is in this process, so that its turns of the event loop are ours. */
function hangUpAfter(socket: Socket, turns: number): void {
  if (turns === 0) socket.end();
  else setImmediate(() => hangUpAfter(socket, turns - 1));
}

/** One answer, with the length that it announces or to its last chunk. */
function isWhole(text: string): boolean {
  const end = text.indexOf(headEnd);
  if (end < 0) return false;
  const head = text.slice(0, end + 2);
  if (/^HTTP\/1\.1 1/.test(head)) return isWhole(text.slice(end + headEnd.length));
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  if (length !== undefined) return text.length >= end + headEnd.length + Number(length);
  return text.endsWith('\r\n0\r\n\r\n');
}

const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 ([2-9]\d\d) /g)].map(([, status]) => Number(status));

/**
 * Whether the listener said no to all that it heard. Node.js itself answers what is no HTTP, at once and without a word;
 * then a request before it on the same connection may have been taken, and its answer lost.
 */
export const isRefused = ({ statuses, text }: Heard): boolean => text.includes('"errcode"') && !statuses.includes(200);

/** Every listener's promises about its answers, whatever was asked. */
export function judge({ statuses, text }: Heard, orderly: boolean): void {
  const worst = Math.max(0, ...statuses);
  if (worst >= 500) throw new Fault('server_error', `answered with ${worst}: ${text.slice(0, 400)}`);
  if (orderly && statuses.length !== 1)
    throw new Fault('broken_promise', `answered ${statuses.length} times: ${text.slice(0, 400)}`);
  if (/\.ts:\d+|node:internal|\n {4}at /.test(text))
    throw new Fault('broken_promise', `told a stack trace: ${text.slice(0, 400)}`);
}
