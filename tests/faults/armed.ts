/**
 * Loaded into the bridge before anything else (`node --import`), in fault tests only: kills the process, without any
 * warning, when it passes a named point for the n-th time. FAULT_POINT is `name` or `name:n`.
 */
import { subscribe } from 'node:diagnostics_channel';
import { namedPointChannel } from '../../src/base/named-points.ts';

const [name, count = '1'] = (process.env['FAULT_POINT'] ?? '').split(':');
let left = Number(count);

subscribe(namedPointChannel, (point) => {
  if (point !== name) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
