/** The signed head of the tree: C2SP signed-note and tlog-checkpoint, with Ed25519. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { hashBytes } from './merkle.ts';

export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export interface Signer {
  /** The name of the key, which is the origin of the ledger. */
  readonly name: string;
  /** `name+hash+key`, for who verifies. */
  readonly verifierKey: string;
  readonly key: KeyObject;
}

const algorithm = 1;
const maxNoteBytes = 1_000_000;
const maxSignatures = 100;
/** RFC 8410: an Ed25519 key as PKCS #8 and as SubjectPublicKeyInfo, before its 32 bytes. */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** `seed` has 32 bytes. */
export function signerOf(name: string, seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
  const encoded = Buffer.concat([Uint8Array.of(algorithm), raw]);
  return { name, key, verifierKey: `${name}+${keyHash(name, encoded).toString('hex')}+${encoded.toString('base64')}` };
}

export function signHead({ size, root }: Pick<Head, 'size' | 'root'>, { name, key, verifierKey }: Signer): string {
  const text = `${name}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
  const hash = Buffer.from(verifierKey.split('+')[1] ?? '', 'hex');
  const signature = Buffer.concat([hash, sign(null, Buffer.from(text), key)]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/** The head, if this key has signed it. Signatures of others are passed over. Whatever it is given, it does not throw. */
export function openHead(note: string, verifierKey: string): Head | { readonly fault: string } {
  const trusted = readVerifierKey(verifierKey);
  if (trusted === undefined) return { fault: 'the verifier key is none' };
  if (note.length > maxNoteBytes) return { fault: 'the checkpoint is too long' };
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  if (end < 0 || lines.pop() !== '' || lines.length > maxSignatures)
    return { fault: 'the checkpoint is no signed note' };
  const mine = lines.flatMap((line) => signatureIn(line, trusted));
  if (!mine.some((signature) => verify(null, Buffer.from(text), trusted.key, signature)))
    return { fault: 'no signature of this key fits the checkpoint' };
  const [origin = '', digits = '', root = ''] = text.split('\n');
  const hash = Buffer.from(root, 'base64');
  const size = Number(digits);
  if (origin !== trusted.name || !/^(?:0|[1-9]\d{0,15})$/.test(digits) || !Number.isSafeInteger(size))
    return { fault: 'the checkpoint has no origin or size as it should' };
  if (hash.length !== hashBytes || hash.toString('base64') !== root) return { fault: 'the checkpoint has no root' };
  return { origin, size, root: hash };
}

interface TrustedKey {
  readonly name: string;
  readonly hash: Buffer;
  readonly key: KeyObject;
}

function readVerifierKey(text: string): TrustedKey | undefined {
  const [, name, hash, encoded] = /^([^+\s]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44,48})$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || bytes.length !== 33 || bytes[0] !== algorithm) return undefined;
  if (keyHash(name, bytes).toString('hex') !== hash) return undefined;
  const key = createPublicKey({ key: Buffer.concat([publicPrefix, bytes.subarray(1)]), format: 'der', type: 'spki' });
  return { name, hash: Buffer.from(hash, 'hex'), key };
}

function signatureIn(line: string, { name, hash }: TrustedKey): readonly Buffer[] {
  const [dash, by, encoded = ''] = line.split(' ');
  const bytes = Buffer.from(encoded, 'base64');
  const isMine = dash === '\u2014' && by === name && bytes.subarray(0, hash.length).equals(hash);
  return isMine ? [bytes.subarray(hash.length)] : [];
}

const keyHash = (name: string, encoded: Uint8Array): Buffer =>
  createHash('sha256').update(`${name}\n`).update(encoded).digest().subarray(0, 4);
