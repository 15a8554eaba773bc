/** Reading and answering JSON over plain HTTP, with a bound on what is read. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const mostDrainedBytes = 64 * 1024 * 1024;

export class BodyTooLarge extends Error {}
export class BodyNotJson extends Error {}

export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read on: leaving the loop would cut the connection before the client hears the answer.
    if (size <= maxBytes) chunks.push(chunk);
    else if (size > maxBytes + mostDrainedBytes) break;
  }
  if (size > maxBytes) throw new BodyTooLarge(`The body is larger than ${maxBytes} bytes`);
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new BodyNotJson('The body is not JSON');
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const payload = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', 'content-length': payload.length });
  response.end(payload);
}
