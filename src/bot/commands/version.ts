import type { Command } from '../command.ts';

export const version: Command = {
  name: 'version',
  usage: '',
  summary: 'which version of Chancery this is',
  example: 'version',
  role: 'official',
  run: async ({ operations }) => `Chancery ${operations.version}, Node.js ${process.version}`,
};
