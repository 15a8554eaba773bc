/** A server at the other end of our clients, which answers each request with what it was last told: bytes if need be. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateJson } from '../mutate/json.ts';

export interface HostileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** In the place of everything else: these bytes, and then the end. */
  readonly raw?: Buffer;
}

export class HostilePeer {
  /** Given one after the other, the last one again and again. */
  answers: readonly HostileAnswer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #given = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(where: ListenOptions): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(where, resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  say(answers: readonly HostileAnswer[]): void {
    this.answers = answers;
    this.#given = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => undefined);
    request.resume();
    await new Promise((resolve) => request.once('close', resolve));
    const answer = this.answers[Math.min(this.#given, this.answers.length - 1)];
    this.#given += 1;
    if (answer === undefined) response.destroy();
    else if (answer.raw !== undefined) response.socket?.end(answer.raw);
    else
      response.writeHead(answer.status, { ...answer.headers, 'Content-Length': answer.body.length }).end(answer.body);
  }
}

const statuses: readonly [number, ...number[]] = [
  200, 200, 200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 408, 410, 413, 429, 500, 502, 503, 504, 599,
];
const waits: readonly [string, ...string[]] = [
  '0',
  '1',
  '1.5',
  '0.0001',
  '-5',
  '1e3',
  '1e308',
  '1e999',
  '99999999999',
  'NaN',
  'soon',
  '',
  'Wed, 21 Oct 2099 07:28:00 GMT',
  '0x10',
  '5.0005',
];
const types: readonly [string, ...string[]] = [
  'application/json',
  'text/html',
  '',
  'image/png; a="b',
  '\u00ff',
  'x'.repeat(3_000),
];

/** An answer to a request that expects `value`. */
export function hostileAnswer(dice: Dice, value: unknown): HostileAnswer {
  const whole = Buffer.from(JSON.stringify(value));
  const body = dice.chance(10)
    ? whole
    : dice.chance(25)
      ? mutateBytes(dice, whole, whole)
      : Buffer.from(mutateJson(dice, value));
  const status = dice.pick(statuses);
  const headers = {
    'Content-Type': dice.pick(types),
    ...(dice.chance(25) ? { 'Retry-After': dice.pick(waits) } : {}),
    ...(status === 301 ? { Location: 'http://127.0.0.1:9/elsewhere' } : {}),
  };
  if (!dice.chance(12)) return { status, headers, body: status === 204 ? Buffer.alloc(0) : body };
  const head = `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n`;
  const raws: readonly [Buffer, ...Buffer[]] = [
    Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length + 7}\r\n\r\n`), body]),
    Buffer.concat([Buffer.from(`${head}Content-Length: ${Math.max(0, body.length - 7)}\r\n\r\n`), body]),
    Buffer.concat([Buffer.from(`${head}Connection: close\r\n\r\n`), body]),
    Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), body]),
    mutateBytes(dice, Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]), body),
    Buffer.alloc(0),
  ];
  return { status, headers, body, raw: dice.pick(raws) };
}
