/** Reads multipart/form-data as a stream: small fields in memory, the one file through a sink, never the whole of it at once. */
import { parameter } from './graph-error.ts';

export interface FileHead {
  readonly filename: string | undefined;
  readonly mime: string;
}

export interface FileSink {
  begin(head: FileHead): Promise<void>;
  /** Called in order; the next chunk comes when this has resolved. */
  write(chunk: Buffer): Promise<void>;
}

interface PartHead extends FileHead {
  readonly name: string;
}

const headBytes = 8 * 1024;
const fieldBytes = 4 * 1024;
const mostDrainedBytes = 128 * 1024 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

/** The fields that are not the file. Throws a Graph error when the form is not one. */
export async function readForm(
  contentType: string | undefined,
  body: AsyncIterable<Buffer>,
  sink: FileSink,
): Promise<ReadonlyMap<string, string>> {
  const boundary = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) throw parameter('The parameter file is required.');
  const form = new FormReader(mark, sink);
  let failure: { readonly thrown: unknown } | undefined;
  let drained = 0;
  for await (const chunk of body) {
    // After a failure it reads on: leaving the loop would cut the connection before the client hears the answer.
    if (failure !== undefined) drained += chunk.length;
    else
      failure = await form.take(chunk).then(
        () => undefined,
        (thrown: unknown) => ({ thrown }),
      );
    if (drained > mostDrainedBytes) break;
  }
  if (failure !== undefined) throw failure.thrown;
  if (!form.finished) throw parameter('The form ended before its last boundary.');
  return form.fields;
}

class FormReader {
  readonly fields = new Map<string, string>();
  finished = false;
  readonly #delimiter: Buffer;
  readonly #sink: FileSink;
  /** A first CR LF makes the first boundary look like every other. */
  #rest: Buffer = Buffer.from('\r\n');
  #part: PartHead | 'none' | 'head' = 'none';
  #field: Buffer[] = [];
  #fieldSize = 0;

  constructor(boundary: string, sink: FileSink) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#sink = sink;
  }

  async take(chunk: Buffer): Promise<void> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (!this.finished && (await this.#step()));
    if (this.finished) this.#rest = Buffer.alloc(0);
  }

  /** True when it got further and may go on with what is left. */
  async #step(): Promise<boolean> {
    return this.#part === 'head' ? await this.#readHead() : await this.#readBody(this.#part);
  }

  async #readHead(): Promise<boolean> {
    if (this.#rest.length < 2) return false;
    if (this.#rest.subarray(0, 2).toString('latin1') === '--') {
      this.finished = true;
      return false;
    }
    const end = this.#rest.indexOf(headEnd);
    if (end > headBytes || (end < 0 && this.#rest.length > headBytes)) throw parameter('A part has too long a head.');
    if (end < 0) return false;
    const head = partHead(this.#rest.subarray(0, end).toString('utf8'));
    this.#rest = this.#rest.subarray(end + headEnd.length);
    this.#part = head;
    if (head.name === 'file') await this.#sink.begin(head);
    return true;
  }

  async #readBody(part: PartHead | 'none'): Promise<boolean> {
    const end = this.#rest.indexOf(this.#delimiter);
    const known = end < 0 ? Math.max(0, this.#rest.length - this.#delimiter.length + 1) : end;
    await this.#keep(part, this.#rest.subarray(0, known));
    if (end < 0) {
      this.#rest = this.#rest.subarray(known);
      return false;
    }
    this.#rest = this.#rest.subarray(end + this.#delimiter.length);
    if (part !== 'none' && part.name !== 'file')
      this.fields.set(part.name, Buffer.concat(this.#field).toString('utf8'));
    this.#field = [];
    this.#fieldSize = 0;
    this.#part = 'head';
    return true;
  }

  async #keep(part: PartHead | 'none', bytes: Buffer): Promise<void> {
    if (bytes.length === 0 || part === 'none') return;
    if (part.name === 'file') {
      await this.#sink.write(bytes);
      return;
    }
    this.#fieldSize += bytes.length;
    if (this.#fieldSize > fieldBytes) throw parameter(`Param ${part.name} is too long.`);
    this.#field.push(Buffer.from(bytes));
  }
}

function partHead(text: string): PartHead {
  const value = (pattern: RegExp): string | undefined => pattern.exec(text)?.[1];
  return {
    name: value(/content-disposition:[^\r\n]*?[;\s]name="([^"]*)"/i) ?? '',
    filename: value(/content-disposition:[^\r\n]*?filename="([^"]*)"/i),
    mime: value(/content-type:\s*([^\r\n]+)/i)?.trim() ?? 'application/octet-stream',
  };
}
