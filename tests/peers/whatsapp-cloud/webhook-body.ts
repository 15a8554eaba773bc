/** The bytes of a webhook and their signature, as Meta makes them: plain ASCII, everything else escaped. */
import { createHmac } from 'node:crypto';
import type { SignatureKind } from './log-entry.ts';

/** From DEL up; both halves of a surrogate pair are escaped on their own. */
const beyondPlain = /[^\0-~]/g;

export function asciiJson(value: unknown): Buffer {
  const escaped = JSON.stringify(value)
    .replace(beyondPlain, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll('/', '\\/');
  return Buffer.from(escaped, 'ascii');
}

/** The headers of one POST. A wrong signature has the right form and is made with another secret. */
export function webhookHeaders(body: Buffer, appSecret: string, signature: SignatureKind): Record<string, string> {
  const headers = { 'content-type': 'application/json', 'user-agent': 'facebookexternalua', accept: '*/*' };
  if (signature === 'missing') return headers;
  const secret = signature === 'right' ? appSecret : `not ${appSecret}`;
  const mac = createHmac('sha256', secret).update(body).digest('hex');
  return { ...headers, 'x-hub-signature-256': `sha256=${mac}` };
}
