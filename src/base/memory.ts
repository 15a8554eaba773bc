/**
 * Messages and files pass through the bridge as objects and buffers that are garbage a moment later. On a large machine
 * V8 lets a hundred megabytes and more of it lie before it looks. Told to keep its young generation small, and to look at
 * the old one each time that it has grown by a third, it stays small at little cost to a process that mostly waits.
 */
import { setFlagsFromString } from 'node:v8';

/** For the start of the process, before anything large is allocated. */
export function keepGarbageSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=1');
  setFlagsFromString('--heap-growing-percent=30');
}
