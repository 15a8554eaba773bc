/** Stands for the wrapped key of an entry: 60 bytes that only this number has. */
import { createHash } from 'node:crypto';

export const wrappedOf = (number: number): Uint8Array =>
  createHash('sha512').update(`wrapped ${number}`).digest().subarray(0, 60);
