/**
 * The disposals beside the database, here and outside: whoever puts an older database back finds here what was destroyed
 * since. Lines are only ever added. Each is signed with the key of the heads, so that nobody who can write to the file
 * can have anything destroyed.
 *
 *   {"id":"...","at":ms,"entry":n,"ranges":[[from,to],...]} TAB base64 of the Ed25519 signature LF
 */
import { createPublicKey, sign, verify } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { systemCodeOf } from '../base/errors.ts';
import { areRanges } from '../model/number-ranges.ts';
import type { Disposal } from '../store/disposals.ts';
import { onDisk, syncDirectory } from '../vault/file-bytes.ts';
import type { Signer } from './checkpoint.ts';

const maxFileBytes = 256 * 1024 * 1024;

const shape = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/u),
  at: z.int(),
  entry: z.int().min(0),
  ranges: z.array(z.tuple([z.int(), z.int()])).refine(areRanges),
});

export interface DisposalsRead {
  readonly disposals: readonly Disposal[];
  /** Lines that are none of this ledger, or were half written. */
  readonly others: number;
}

export class DisposalFile {
  readonly path: string;
  readonly #signer: Signer;

  constructor(path: string, signer: Signer) {
    this.path = path;
    this.#signer = signer;
  }

  /** What stands there, each once. Throws `CH-STORE-FAILED`. */
  async read(): Promise<DisposalsRead> {
    return this.#parse(await this.#text());
  }

  /** Adds those that are not there yet; resolves when they are on disk. Throws `CH-STORE-FAILED`. */
  async complete(disposals: readonly Disposal[]): Promise<void> {
    const text = await this.#text();
    const there = new Set(this.#parse(text).disposals.map(({ id }) => id));
    const lines = disposals.filter(({ id }) => !there.has(id)).map((disposal) => this.#lineOf(disposal));
    if (lines.length === 0) return;
    await onDisk(this.path, async () => {
      const file = await open(this.path, 'a', 0o600);
      try {
        // A crash may have left half a line.
        await file.appendFile(`${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('')}`);
        await file.sync();
      } finally {
        await file.close();
      }
      await syncDirectory(dirname(this.path));
    });
  }

  #text(): Promise<string> {
    return onDisk(this.path, async () => {
      try {
        if ((await stat(this.path)).size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
        return await readFile(this.path, 'utf8');
      } catch (thrown) {
        if (systemCodeOf(thrown) === 'ENOENT') return '';
        throw thrown;
      }
    });
  }

  #parse(text: string): DisposalsRead {
    const found = new Map<string, Disposal>();
    const lines = text.split('\n').filter((line) => line !== '');
    let others = 0;
    for (const line of lines) {
      const disposal = this.#disposalIn(line);
      if (disposal === undefined) others += 1;
      else found.set(disposal.id, disposal);
    }
    return { disposals: [...found.values()], others };
  }

  #lineOf({ id, at, entry, ranges }: Disposal): string {
    const json = JSON.stringify({ id, at, entry, ranges });
    return `${json}\t${sign(null, this.#signed(json), this.#signer.key).toString('base64')}\n`;
  }

  #disposalIn(line: string): Disposal | undefined {
    const [json = '', signature = ''] = line.split('\t');
    const key = createPublicKey(this.#signer.key);
    if (!verify(null, this.#signed(json), key, Buffer.from(signature, 'base64'))) return undefined;
    const parsed = shape.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : undefined;
  }

  #signed(json: string): Uint8Array {
    return Buffer.from(`chancery disposal 1\n${this.#signer.name}\n${json}`);
  }
}
