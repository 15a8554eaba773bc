/** Measures one call to somebody else, from now until `over` is told its HTTP status, or that no answer came. */
import type { MeasuredCall } from './metrics.ts';

export function callTimer(report: (call: MeasuredCall) => void): { over(status: number | undefined): void } {
  const began = performance.now();
  return { over: (status) => report({ status, seconds: (performance.now() - began) / 1_000 }) };
}
