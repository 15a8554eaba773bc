/** Where the roles ask the running bridge: those who administer it at one socket, records officers at another. */
import { join } from 'node:path';
import { ChanceryError } from '../base/errors.ts';
import type { Route } from '../base/http-listener.ts';
import type { Config } from '../config/schema.ts';
import type { SocketPlace } from './socket-server.ts';

export const controlSocketIn = (dataDirectory: string): SocketPlace => ({
  path: join(dataDirectory, 'control.sock'),
  setting: 'data.directory',
  isForGroup: false,
});

/** In the data directory, unless the configuration puts it where a group of officers reaches it. */
export const recordsSocketOf = ({ data, records }: Pick<Config, 'data' | 'records'>): SocketPlace =>
  records.socket === undefined
    ? { ...controlSocketIn(data.directory), path: join(data.directory, 'records.sock') }
    : { path: records.socket, setting: 'records.socket', isForGroup: true };

/** These, refused before a byte of body is read: with `CH-ROLE-REFUSED`, which says who is asked for them. */
export const notFor = (role: 'administrators' | 'records officers', routes: readonly Route[]): Route[] =>
  routes.map((route) => ({
    ...route,
    authorise: () => {
      throw new ChanceryError('CH-ROLE-REFUSED', { place: route.path, detail: `This socket is for ${role}.` });
    },
  }));
