/** A client that says exactly what it is told, as no HTTP library would, and hears everything until the end. */
import { connect, type Socket } from 'node:net';

export class RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #heard = '';

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString();
    });
    // A reset by the other side is one way of ending; what was heard before it counts.
    this.#socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** Resolves when the operating system has taken it, or never will. */
  async say(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
  }

  /** Everything that was said to us, once the other side has ended the connection. */
  async untilClosed(): Promise<string> {
    await this.#closed;
    return this.#heard;
  }

  /** Goes away without a word. */
  async vanish(): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }
}

/** The head of a request, with the empty line that ends it. */
export const head = (method: string, path: string, headers: Readonly<Record<string, string | number>> = {}): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]
    .concat('', '')
    .join('\r\n');

export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
