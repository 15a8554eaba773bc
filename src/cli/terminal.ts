/** Questions on the terminal. What is secret is not shown while it is typed. */
import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { ChanceryError } from '../base/errors.ts';
import type { Question } from '../networks/login.ts';

export interface Terminal {
  say(text: string): void;
  /** Throws `CH-LOGIN-INVALID` when the person stops (Ctrl+C, Ctrl+D). */
  ask(question: Question): Promise<string>;
  close(): void;
}

export function openTerminal(input: Readable, screen: Writable): Terminal {
  let silent = false;
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!silent) screen.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output, terminal: true, historySize: 0 });
  const stopped = new AbortController();
  lines.once('close', () => stopped.abort());
  return {
    say: (text) => void screen.write(`${text}\n`),
    ask: async ({ prompt, secret, whenEmpty }) => {
      const hints = [secret ? 'not shown' : '', whenEmpty === undefined ? '' : `empty: ${whenEmpty}`].filter(Boolean);
      const asked = `${prompt}${hints.length === 0 ? '' : ` (${hints.join('; ')})`}: `;
      try {
        const answering = lines.question(asked, { signal: stopped.signal });
        silent = secret;
        return (await answering).trim();
      } catch {
        throw new ChanceryError('CH-LOGIN-INVALID', { detail: 'It was stopped; nothing was changed.' });
      } finally {
        silent = false;
        if (secret) screen.write('\n');
      }
    },
    close: () => lines.close(),
  };
}
