/** Takes one uploaded file with Meta's checks; what is refused leaves nothing on the disk. */
import type { IncomingMessage } from 'node:http';
import { parameter } from './graph-error.ts';
import type { MediaFiles, MediaWriter, StoredMedia } from './media-files.ts';
import { everyType, kindOf, largestUpload, sizeLimit } from './media-rules.ts';
import { type FileHead, readForm } from './multipart.ts';
import type { AccountConfig } from './options.ts';

/** Throws a Graph error naming what is wrong with the form or the file. */
export async function takeUpload(
  request: IncomingMessage,
  query: URLSearchParams,
  account: AccountConfig,
  files: MediaFiles,
  anyType: boolean,
): Promise<StoredMedia> {
  const writer = await files.writer(account);
  try {
    const { head, fields, total } = await spool(request, writer);
    if ((fields.get('messaging_product') ?? query.get('messaging_product')) !== 'whatsapp')
      throw parameter('The parameter messaging_product is required.');
    if (head === undefined) throw parameter('The parameter file is required.');
    if (kindOf(head.mime) === undefined && !anyType)
      throw parameter(
        `Param file must be a file with one of the following types: ${everyType}. Received file of type '${head.mime}'.`,
      );
    const limit = sizeLimit(head.mime);
    if (total > limit)
      throw parameter('Invalid parameter', `File is larger than the ${limit} bytes allowed for ${head.mime}.`);
    if (total === 0) throw parameter('Invalid parameter', 'File is empty.');
    return await writer.finish(head.mime, head.filename);
  } catch (thrown) {
    await writer.discard();
    throw thrown;
  }
}

/** Reads to the end even when the file is too large, since a client that still writes would not hear the answer. */
async function spool(
  request: IncomingMessage,
  writer: MediaWriter,
): Promise<{ head: FileHead | undefined; fields: ReadonlyMap<string, string>; total: number }> {
  let head: FileHead | undefined;
  let total = 0;
  const fields = await readForm(request.headers['content-type'], request as AsyncIterable<Buffer>, {
    begin: async (begun) => {
      if (head !== undefined) throw parameter('Param file was given twice.');
      head = begun;
    },
    write: async (chunk) => {
      total += chunk.length;
      if (total > 4 * largestUpload) throw parameter('Invalid parameter', 'File is far too large.');
      if (total <= largestUpload) await writer.write(chunk);
    },
  });
  return { head, fields, total };
}
