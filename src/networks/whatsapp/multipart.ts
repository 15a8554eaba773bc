/** A form with one file (RFC 7578), as a stream whose length is known beforehand: nothing is held in memory. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { mimeTypeOf } from './mime-type.ts';

export interface UploadForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export interface FormFile {
  readonly name: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly content: Readable;
}

/** The field `type` says the same as the file's own header. */
export function uploadForm(fields: Readonly<Record<string, string>>, file: FormFile): UploadForm {
  const boundary = `chancery-${randomUUID()}`;
  const type = mimeTypeOf(file.mimeType);
  const head = Object.entries({ ...fields, type })
    .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('');
  const disposition = `form-data; name="file"; filename="${quoted(file.name)}"`;
  const before = Buffer.from(
    `${head}--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${type}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: {
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': String(before.length + file.sizeBytes + after.length),
    },
    body: Readable.from(inOrder(before, file.content, after), { objectMode: false }),
  };
}

async function* inOrder(before: Uint8Array, content: Readable, after: Uint8Array): AsyncGenerator<Uint8Array> {
  yield before;
  yield* content as AsyncIterable<Uint8Array>;
  yield after;
}

/** As browsers write it (WHATWG, "multipart form data"). */
const quoted = (name: string): string => name.replace(/["\r\n]/g, (letter) => encodeURIComponent(letter));
