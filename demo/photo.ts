/**
 * A real photo without a camera: a street lamp at dusk as a valid PNG, drawn here. Each title makes other bytes, so a
 * photo of this conversation is never taken for one of an earlier conversation.
 */
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

export interface Photo {
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
}

type Colour = readonly [red: number, green: number, blue: number];

const width = 240;
const height = 160;
const lampX = 120;
const lampY = 52;
const bulb = 22;
const glow = 70;

/** Portable Network Graphics (W3C), 8 bits per channel, no filter. The title goes along as a tEXt chunk. */
export function photoOfLamp(title: string, shines: boolean): Photo {
  const rows = Array.from({ length: height }, (_, y) => {
    const pixels = Array.from({ length: width }, (__, x) => colourAt(x, y, shines)).flat();
    return Buffer.from([0, ...pixels]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const bytes = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`Title\0${title}`, 'latin1')),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function colourAt(x: number, y: number, shines: boolean): Colour {
  const away = Math.hypot(x - lampX, y - lampY);
  if (away < bulb) return shines ? [255, 236, 160] : [92, 96, 104];
  if (Math.abs(x - lampX) < 4 && y > lampY) return [38, 40, 46];
  const dusk = y / height;
  const sky: Colour = [24 + 90 * dusk, 32 + 60 * dusk, 78 + 50 * dusk];
  const light = shines ? 130 * Math.max(0, 1 - away / glow) : 0;
  return [sky[0] + light, sky[1] + light * 0.85, sky[2] + light * 0.4];
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
