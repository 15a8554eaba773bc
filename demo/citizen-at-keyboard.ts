/** Lines typed in the terminal are what the citizen writes. Who writes has read what came before. */
import { fstatSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SimulatedWhatsApp } from '../tests/peers/whatsapp-cloud/simulated-whatsapp.ts';
import { photoOfLamp } from './photo.ts';

/**
 * Whether anybody can type. Nobody can where standard input is closed or /dev/null, and a terminal must not be read
 * from in the background: the system would stop the demo.
 */
export function canType(): boolean {
  if (process.stdin.isTTY) return isInForeground();
  try {
    return !fstatSync(process.stdin.fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** proc_pid_stat(5): the process group is the third field after the name, the terminal's foreground group the sixth. */
function isInForeground(): boolean {
  const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1) ?? '';
  const [, , group, , , foreground] = afterName.split(' ');
  return group === foreground;
}

/** Resolves when standard input ends. `say` hears why a line could not be written. */
export async function typeAsCitizen(
  whatsapp: SimulatedWhatsApp,
  phone: string,
  say: (line: string) => void,
): Promise<void> {
  let photos = 0;
  // Not as a terminal of its own: Ctrl-C has to stay a signal.
  for await (const line of createInterface({ input: process.stdin, terminal: false })) {
    try {
      await whatsapp.read(phone);
      if (line.trim() === '/photo') {
        photos += 1;
        const photo = photoOfLamp(`Photo ${photos} of ${new Date().toISOString()}`, photos % 2 === 0);
        const source = { base64: photo.bytes.toString('base64') };
        await whatsapp.sendMedia(phone, { kind: 'image', mime: 'image/png', source });
      } else if (line.trim() !== '') await whatsapp.writeText(phone, line);
    } catch (thrown) {
      say(`The citizen could not write that: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
  }
}
