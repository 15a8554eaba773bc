/**
 * Files pass through the bridge as a stream of buffers, each garbage the moment it has been written. V8 lets some 30 MB
 * of such garbage lie before it looks; told that its young generation is small, it looks after every few, at no
 * measurable cost to a process that mostly waits for others.
 */
import { setFlagsFromString } from 'node:v8';

/** For the start of the process, before anything large is allocated. */
export function keepGarbageSmall(): void {
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=1');
}
