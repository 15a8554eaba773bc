/** Files on their way: sealed ones that somebody changed, and everything that is claimed about a file in a header. */
import { validateHeaderValue } from 'node:http';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { retryAfterMs } from '../../../src/base/answer-body.ts';
import { ChanceryError } from '../../../src/base/errors.ts';
import { type ContentUriParts, contentUriParts, readContentUri } from '../../../src/matrix/content-uri.ts';
import { path } from '../../../src/matrix/url-path.ts';
import { linkSuffix } from '../../../src/matrix/link-words.ts';
import type { SealedFile } from '../../../src/model/content.ts';
import { asId } from '../../../src/model/ids.ts';
import { mimeTypeOf } from '../../../src/networks/whatsapp/mime-type.ts';
import { uploadForm } from '../../../src/networks/whatsapp/multipart.ts';
import { timeOf } from '../../../src/networks/whatsapp/timestamps.ts';
import { SealedFiles } from '../../../src/vault/sealed-files.ts';
import { SealedValues } from '../../../src/vault/sealed-values.ts';
import { readForm } from '../../peers/whatsapp-cloud/multipart.ts';
import { seededBytes } from '../../peers/whatsapp-cloud/seeded-random.ts';
import type { Dice } from '../dice.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { hostileText, mutateText } from '../mutate/text.ts';
import { promise, type Stand, type Target } from '../target.ts';
import { parserTarget } from './parser-stand.ts';

const secret = new Uint8Array(32).fill(9);
/** Around the bounds of a chunk; the small ones more often, because they are faster. */
const sizes = [0, 1, 100, 100, 1_000, 1_000, 1_000, 5_000, 65_536, 65_537];

interface Kept {
  readonly file: SealedFile;
  readonly plain: Buffer;
  readonly sealed: Buffer;
}

export const sealedFiles: Target = {
  name: 'sealed-files',
  async open(directory) {
    const files = new SealedFiles(directory, secret);
    const kept: Kept[] = [];
    for (const [seed, size] of sizes.entries()) {
      const plain = Buffer.concat([...seededBytes(size, seed)]);
      const file = await files.seal(Readable.from([plain]), { maxBytes: 1_000_000 });
      kept.push({ file, plain, sealed: readFileSync(join(directory, file.name)) });
    }
    return new SealedStand(directory, files, kept);
  },
};

class SealedStand implements Stand {
  readonly #directory: string;
  readonly #files: SealedFiles;
  readonly #kept: readonly Kept[];
  readonly #values = new SealedValues(secret, 'fuzz');

  constructor(directory: string, files: SealedFiles, kept: readonly Kept[]) {
    this.#directory = directory;
    this.#files = files;
    this.#kept = kept;
  }

  attack(dice: Dice) {
    const one = this.#pick(dice);
    const changed = mutateBytes(dice, one.sealed, this.#pick(dice).sealed);
    const name = dice.chance(3) ? hostileText(dice) : one.file.name;
    const value = mutateText(dice, this.#values.seal('name', 'a secret'), ['=', '+', '/', 'A', '\0'], 'AAAA');
    return { body: changed, run: () => this.#run(one, changed, name, value) };
  }

  async stillWorks(): Promise<void> {
    for (const { file, plain, sealed } of this.#kept) {
      writeFileSync(join(this.#directory, file.name), sealed);
      promise((await buffer(this.#files.open(file))).equals(plain), 'a whole file does not open any more');
    }
  }

  close(): void {
    promise(
      readdirSync(this.#directory).every((name) => /^[0-9a-f]{64}$/.test(name)),
      'there are files of other names',
    );
  }

  #pick(dice: Dice): Kept {
    const kept = this.#kept[dice.below(this.#kept.length)];
    if (kept === undefined) throw new Error('nothing is kept');
    return kept;
  }

  /** What comes out is what went in, or a refusal; a piece of it may have come out before. */
  async #run({ file, plain }: Kept, changed: Buffer, name: string, value: string): Promise<void> {
    writeFileSync(join(this.#directory, file.name), changed);
    let read = Buffer.alloc(0);
    const refusal = await refused(['CH-MEDIA-DAMAGED', 'CH-MEDIA-GONE', 'CH-STORE-FAILED'], async () => {
      for await (const chunk of this.#files.open({ ...file, name: asId(name) }))
        read = Buffer.concat([read, chunk as Buffer]);
    });
    promise(plain.subarray(0, read.length).equals(read), 'other bytes come out than went in');
    promise(refusal || read.length === plain.length, 'a file ends early without a word');
    let opened: string | undefined;
    const closed = await refused(['CH-SECRET-INVALID'], async () => {
      opened = this.#values.open('name', value);
    });
    promise(closed || opened === 'a secret', 'a sealed value opens to something else');
  }
}

/** True when it threw one of these. */
async function refused(codes: readonly string[], work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (thrown) {
    if (!(thrown instanceof ChanceryError) || !codes.includes(thrown.code)) throw thrown;
    return true;
  }
}

interface Claims {
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly wait: string;
}

const claim = (dice: Dice, text: string, words: readonly [string, ...string[]]): string =>
  mutateText(dice, text, words, text);

const isNameable = ({ server, id }: ContentUriParts): boolean => path`/${server}/${id}`.text.length > 2;

/** Bytes; the reader at the other end bounds the head of a part. */
const longestName = 7_000;

/** The name is compared as far as a form can carry it. */
const carried = (name: string): string =>
  name.toWellFormed().replace(/["\r\n]/g, (letter) => encodeURIComponent(letter));

export const mediaHeaders = parserTarget<Claims>({
  name: 'media-headers',
  make: (dice) => ({
    name: claim(dice, 'the claim.pdf', [
      '"',
      '\r\n',
      '\r\n\r\n',
      '--',
      ';',
      '\\',
      '../',
      '\0',
      '.exe',
      '\u202e',
      'name="x"',
    ]),
    type: claim(dice, 'audio/ogg; codecs=opus', ['/', ';', ' ', '\r\n', '\t', '*', '+', '.', '\0', 'ü']),
    address: claim(dice, 'mxc://agency.example/AbCd', ['/', '..', '%2f', ':', '[', ']', '?', '#', '@', '\\', 'mxc://']),
    wait: claim(dice, dice.pick(['5', 'Wed, 21 Oct 2099 07:28:00 GMT']), [
      'e9',
      '.',
      '-',
      '0x',
      '9',
      ' ',
      ',',
      'GMT',
      '0.0001',
    ]),
  }),
  async read({ name, type, address, wait }) {
    const content = Buffer.from('the bytes');
    const form = uploadForm(
      { messaging_product: 'whatsapp' },
      { name, mimeType: type, sizeBytes: content.length, content: Readable.from([content]) },
    );
    for (const value of [...Object.values(form.headers), mimeTypeOf(type)]) validateHeaderValue('X', value);
    promise(/^[a-z0-9_.+-]+\/[a-z0-9_.+-]+$/.test(mimeTypeOf(type)), 'the type is none');
    const bytes = await buffer(form.body);
    promise(String(bytes.length) === form.headers['Content-Length'], 'the form is longer than it says');
    if (Buffer.byteLength(carried(name)) < longestName) await judgeForm(form.headers['Content-Type'], bytes, name);
    const uri = readContentUri(address);
    if (uri !== undefined) promise(isNameable(contentUriParts(uri)), 'a content URI is let in that no path can name');
    const asked = retryAfterMs(wait);
    promise(asked === undefined || (Number.isSafeInteger(asked) && asked >= 0), `a wait is none: ${String(asked)}`);
    promise(Number.isSafeInteger(timeOf(wait, 1_780_000_000_000)), 'a time is none');
    promise(!/javascript:/i.test(linkSuffix(`javascript:${address}`, '')), 'a link that runs something');
  },
  ordinary: { name: 'a.txt', type: 'text/plain', address: 'mxc://a/b', wait: '1' },
});

/** The reader at the other end finds our fields and one file, and nothing that the name smuggled in. */
async function judgeForm(type: string | undefined, bytes: Buffer, name: string): Promise<void> {
  const files: string[] = [];
  let content = '';
  const fields = await readForm(type, Readable.from([bytes]), {
    begin: async ({ filename = '' }) => void files.push(filename),
    write: async (chunk) => void (content += String(chunk)),
  });
  promise(files.length === 1 && files[0] === carried(name), 'the file has another name');
  promise(
    content === 'the bytes' && [...fields.keys()].join() === 'messaging_product,type',
    'the form says something else',
  );
}
