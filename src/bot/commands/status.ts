import type { Command } from '../command.ts';

/** How the bridge is: accounts, portals, and what waits or needs attention. */
export const status: Command = {
  name: 'status',
  usage: '',
  summary: 'accounts, portals, and what waits or needs attention',
  example: 'status',
  role: 'admin',
  run: async ({ operations }) => {
    const { accounts, portals, journal, messages, homeserver } = await operations.status();
    return [
      `homeserver: ${homeserver}`,
      accounts.length === 0
        ? 'accounts: none; add one on the command line with `chancery login whatsapp`'
        : `accounts: ${accounts.map(({ id, name, state }) => `${name} (${id})${state === 'refused' ? ', refused: see `accounts`' : ''}`).join(', ')}`,
      `portals: ${portals.total}, of which ${portals.withoutRoom} wait for their room`,
      `journal: ${journal.waiting} waiting, ${journal.parked} parked, ${journal.quarantined} in quarantine`,
      `messages that need a decision: ${messages.uncertain} uncertain, ${messages.failed} failed`,
      ...(journal.parked + messages.uncertain + messages.failed > 0 ? ['see `retry`'] : []),
    ].join('\n');
  },
};
