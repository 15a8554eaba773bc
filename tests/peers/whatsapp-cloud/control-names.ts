/** What the names in calls of the control API stand for; a name that stands for nothing is answered 404. */
import { NoSuchThing } from './citizen-side.ts';
import type { Citizen } from './citizens.ts';
import type { Group } from './groups.ts';
import type { AccountConfig } from './options.ts';
import type { Simulation } from './simulation.ts';

export function accountOf(world: Simulation, id: string | undefined): AccountConfig {
  const account =
    id === undefined ? world.accounts[0] : world.accounts.find(({ phoneNumberId }) => phoneNumberId === id);
  if (account === undefined) throw new NoSuchThing(`There is no account ${id ?? ''}`);
  return account;
}

export function citizenOf(world: Simulation, alias: string): Citizen {
  const citizen = world.citizens.find(alias);
  if (citizen === undefined) throw new NoSuchThing(`There is no citizen ${alias}; POST /_simulator/citizens first`);
  return citizen;
}

/** By its id or by the invite link that it has now. */
export function groupOf(world: Simulation, idOrLink: string): Group {
  const group = world.groups.find(idOrLink);
  if (group === undefined) throw new NoSuchThing(`There is no group ${idOrLink}`);
  return group;
}
