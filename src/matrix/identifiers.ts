/**
 * The names that the bridge gives to things on the homeserver. They are made from a secret and from what they stand
 * for: the same thing always has the same name, and nobody who sees a name learns a number or a contact from it.
 */
import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import {
  type AccountId,
  asId,
  type ChatId,
  type ContactId,
  type NetworkId,
  type RoomId,
  type UserId,
} from '../model/ids.ts';

export interface IdentifierOptions {
  /** At least 16 random bytes, kept for the life of the bridge: with another secret everybody has another name. */
  readonly secret: Uint8Array;
  readonly serverName: string;
  /** What the registration's exclusive namespaces begin with. */
  readonly namespacePrefix: string;
  readonly botLocalpart: string;
}

/** What makes a send the same send. `remote` is the id of the remote event, `part` counts the message's pieces. */
export interface SendIdentity {
  readonly account: AccountId;
  readonly remote: string;
  readonly part: number | string;
  readonly sender: UserId;
}

const minSecretBytes = 16;
/** No name that is made of a hash has a hyphen in it. */
const adminMark = 'admin-';
/** 160 bits: 32 letters without padding. */
const nameBytes = 20;
const deviceBytes = 10;

export class Identifiers {
  readonly bot: UserId;
  readonly #secret: KeyObject;
  readonly #serverName: string;
  readonly #prefix: string;

  constructor({ secret, serverName, namespacePrefix, botLocalpart }: IdentifierOptions) {
    if (secret.length < minSecretBytes) throw new RangeError(`the secret needs at least ${minSecretBytes} bytes`);
    this.#secret = createSecretKey(secret);
    this.#serverName = serverName;
    this.#prefix = namespacePrefix;
    this.bot = asId<UserId>(`@${botLocalpart}:${serverName}`);
  }

  /** The ghost of a contact; one for all accounts of a network. It federates, hence opaque. */
  ghost(network: NetworkId, contact: ContactId): UserId {
    return asId<UserId>(`@${this.#prefix}${this.#name('ghost', network, contact)}:${this.#serverName}`);
  }

  /** Localpart of the alias of a portal: what makes creating its room repeatable. */
  portalAlias(network: NetworkId, account: AccountId, chat: ChatId): string {
    return `${this.#prefix}${this.#name('portal', network, account, chat)}`;
  }

  /** Localpart of the alias of the room in which an admin is told something. */
  adminAlias(admin: UserId): string {
    return `${this.#prefix}${adminMark}${this.#name('admin', admin)}`;
  }

  /** Whether this full alias is one that `portalAlias` makes. */
  isPortalAlias(alias: string): boolean {
    const isAdmins = alias.startsWith(`#${this.#prefix}${adminMark}`);
    return !isAdmins && alias.startsWith(`#${this.#prefix}`) && alias.endsWith(`:${this.#serverName}`);
  }

  /** Leads into a room in any client (appendix "matrix.to navigation"). */
  linkTo(room: RoomId): string {
    return `https://matrix.to/#/${encodeURIComponent(room)}?via=${encodeURIComponent(this.#serverName)}`;
  }

  /** The one device of one of our users. */
  device(user: UserId): string {
    return base32(this.#hmac('device', user).subarray(0, deviceBytes)).toUpperCase();
  }

  /** Whether the bridge speaks through this user: the bot, a ghost, or the registration's sender. */
  isOurs(user: UserId): boolean {
    return user === this.bot || this.isGhost(user);
  }

  isGhost(user: UserId): boolean {
    return user.startsWith(`@${this.#prefix}`) && user.endsWith(`:${this.#serverName}`) && user !== this.bot;
  }

  /** Whether this user lives on the bridge's own homeserver. */
  isLocal(user: UserId): boolean {
    return user.endsWith(`:${this.#serverName}`);
  }

  #name(...words: readonly string[]): string {
    return base32(this.#hmac(...words).subarray(0, nameBytes));
  }

  #hmac(...words: readonly string[]): Uint8Array {
    return createHmac('sha256', this.#secret).update(joined(words)).digest();
  }
}

/** The transaction id of a send; 43 letters that are safe in a path. */
export function transactionIdOf({ account, remote, part, sender }: SendIdentity): string {
  return createHash('sha256')
    .update(joined([account, remote, String(part), sender]))
    .digest('base64url');
}

/** Each word after its length in bytes: no two lists of words join to the same. */
function joined(words: readonly string[]): string {
  return words.map((word) => `${Buffer.byteLength(word)}:${word}`).join('');
}

/** RFC 4648, section 6, in lower case and without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += 'abcdefghijklmnopqrstuvwxyz234567'[(pending >> (bits - 5)) & 31] ?? '';
    pending &= (1 << bits) - 1;
  }
  if (bits > 0) text += 'abcdefghijklmnopqrstuvwxyz234567'[(pending << (5 - bits)) & 31] ?? '';
  return text;
}
