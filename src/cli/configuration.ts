/** The configuration as every command reads it: the whole schema, the networks' own sections included. */
import { loadConfig } from '../config/loader.ts';
import { type Config, composeSchema } from '../config/schema.ts';
import { networks } from './networks.ts';

export const configSchema = composeSchema(networks);

/** Throws `CH-CONFIG-UNREADABLE` and `CH-CONFIG-INVALID`. */
export const readConfiguration = (path: string): Promise<Config> => loadConfig(path, configSchema);
