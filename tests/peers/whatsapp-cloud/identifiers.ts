/** Identifiers that look like Meta's, so that nobody builds on a shape that is only the simulator's. */
import { randomBytes, randomInt } from 'node:crypto';

const inboundMark = 0x12;
const outboundMark = 0x11;

/** `wamid.` and base64 of the partner's number or user id, the direction and a random id. */
export function messageIdentifier(partner: string, direction: 'from-citizen' | 'from-business'): string {
  const inbound = direction === 'from-citizen';
  const name = Buffer.from(partner.slice(0, 127), 'ascii');
  const random = Buffer.from(`${inbound ? '3A' : ''}${randomBytes(9).toString('hex').toUpperCase()}`, 'ascii');
  const bytes = Buffer.concat([
    Buffer.from([0x1c, 0x18, name.length]),
    name,
    Buffer.from([0x15, 0x02, 0x00, inbound ? inboundMark : outboundMark, 0x18, random.length]),
    random,
    Buffer.from([0]),
  ]);
  return `wamid.${bytes.toString('base64')}`;
}

export function mediaIdentifier(): string {
  return `1${String(randomInt(1e14)).padStart(14, '0')}${randomInt(10)}`;
}

export function traceIdentifier(): string {
  return `A${randomBytes(16).toString('base64url').replaceAll('-', 'x')}`;
}

/** Base64 of a name with the number in it, and a tail that is no base64: nobody can take it apart by accident. */
export function groupIdentifier(displayPhoneNumber: string): string {
  const name = `capi_group:${displayPhoneNumber}:1203634${String(randomInt(1e11)).padStart(11, '0')}`;
  return `${Buffer.from(name).toString('base64').replaceAll('=', '')}ZD`;
}

/** The same for every request of one person to join one group. */
export function joinRequestIdentifier(person: string, groupId: string): string {
  return Buffer.from(`${person}:${groupId.slice(-16)}`).toString('base64url');
}

export function requestIdentifier(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}
