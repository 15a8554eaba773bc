/** Bytes to and from a place in a file, all of them, with trouble told as ours. */
import { type FileHandle, open } from 'node:fs/promises';
import { ChanceryError, messageOf } from '../base/errors.ts';

/** Resolves to the number of bytes written, which is all of them. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
  return bytes.length;
}

/** Fills the buffer; what it returns is a part of it, and shorter at the end of the file. */
export async function readAt(file: FileHandle, position: number, buffer: Uint8Array): Promise<Uint8Array> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Makes durable that a file of this folder has come, gone or changed its name. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Tells trouble with the disk apart from other trouble: what the system throws becomes `CH-STORE-FAILED`. */
export async function onDisk<Result>(place: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ChanceryError) throw thrown;
    throw new ChanceryError('CH-STORE-FAILED', { place, detail: messageOf(thrown), cause: thrown });
  }
}
