/**
 * Loaded into the bridge before anything else (`node --import`), in fault tests only. Kills the process, without any
 * warning, when it passes a named point for the n-th time: FAULT_POINT is `name` or `name:n`. Sets the clock one hour
 * back, or right again, at each SIGUSR2; FAULT_CLOCK_BACK begins with the wrong one.
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

const hourMs = 3_600_000;
const rightTime = Date.now;
let isBack = process.env['FAULT_CLOCK_BACK'] === 'yes';
Date.now = () => rightTime() - (isBack ? hourMs : 0);
process.on('SIGUSR2', () => {
  isBack = !isBack;
});
