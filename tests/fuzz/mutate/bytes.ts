/** Damage to bytes: what a broken line, a broken sender or a stranger with a hex editor makes of a body. */
import type { Dice } from '../dice.ts';

const hostileBytes: readonly [Buffer, ...Buffer[]] = [
  Buffer.from([0]),
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  Buffer.from('\r\n\r\n'),
  Buffer.from('\u202e\u2066\u0000\u2028'),
  Buffer.from('"}],\\'),
];

type Damage = (dice: Dice, body: Buffer, other: Buffer) => Buffer;

const replaced = (body: Buffer, from: number, to: number, by: Uint8Array): Buffer =>
  Buffer.concat([body.subarray(0, from), by, body.subarray(to)]);

const damages: readonly [Damage, ...Damage[]] = [
  function flipBit(dice, body) {
    const changed = Buffer.from(body);
    const at = dice.below(body.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
    return changed;
  },
  function setByte(dice, body) {
    const changed = Buffer.from(body);
    changed[dice.below(body.length)] = dice.below(256);
    return changed;
  },
  function insert(dice, body) {
    const at = dice.below(body.length + 1);
    return replaced(body, at, at, dice.pick(hostileBytes));
  },
  function remove(dice, body) {
    const from = dice.below(body.length);
    return replaced(body, from, Math.min(body.length, from + 1 + dice.below(16)), Buffer.alloc(0));
  },
  function repeat(dice, body) {
    const from = dice.below(body.length);
    const piece = body.subarray(from, from + 1 + dice.below(64));
    const times = dice.chance(10) ? 200 : 1 + dice.below(4);
    return replaced(body, from, from, Buffer.concat(Array.from({ length: times }, () => piece)));
  },
  function truncate(dice, body) {
    return body.subarray(0, dice.below(body.length));
  },
  function splice(dice, body, other) {
    return Buffer.concat([body.subarray(0, dice.below(body.length)), other.subarray(dice.below(other.length + 1))]);
  },
];

/** `other` is another body of the same corpus, for splicing. */
export function mutateBytes(dice: Dice, body: Buffer, other: Buffer): Buffer {
  let changed = body;
  for (let rounds = 1 + dice.below(3); rounds > 0 && changed.length > 0; rounds -= 1)
    changed = dice.pick(damages)(dice, changed, other);
  return changed;
}
