/**
 * Small values sealed inside the database, so that nobody who looks through an opened database, a query log or an
 * export of it reads a token. AES-256-GCM with a random nonce; the name of the value is authenticated with it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { ChanceryError } from '../base/errors.ts';
import { deriveKey } from './derive-key.ts';

const nonceBytes = 12;
const tagBytes = 16;

export class SealedValues {
  readonly #key: Uint8Array;

  /** `secret` is 32 bytes; `purpose` separates these values from others under the same secret. */
  constructor(secret: Uint8Array, purpose: string) {
    this.#key = deriveKey(secret, `sealed values: ${purpose}`);
  }

  seal(name: string, value: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(name));
    return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** Throws `CH-SECRET-INVALID` when this is not what was sealed under this name. */
  open(name: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes)).setAAD(
        Buffer.from(name),
      );
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new ChanceryError('CH-SECRET-INVALID', { place: name, detail: 'It was not sealed with this key.', cause });
    }
  }
}
