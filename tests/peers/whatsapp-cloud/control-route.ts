/** One thing that the control API can be asked. */
import type { Simulation } from './simulation.ts';

export interface ControlCall {
  /** The variable segment of the path, or empty. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: RegExp;
  readonly run: (world: Simulation, call: ControlCall) => unknown;
}
