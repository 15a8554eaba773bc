/** Who is in a chat, as far as it was told: kept with its portal, so that the record says it of each moment. */
import type { Person } from '../model/happening.ts';
import type { Portal } from '../store/portals.ts';
import type { UnitOfWork } from '../store/store.ts';

/** A room may have more; of those beyond, the record says nothing here. */
const maxPeople = 500;

const isSame = (one: Person, other: Person): boolean =>
  one.user === undefined ? one.id !== undefined && one.id === other.id : one.user === other.user;

// What lies there was written by `withPerson`.
const peopleIn = ({ people }: Pick<Portal, 'people'>): readonly Person[] => JSON.parse(people) as readonly Person[];

/** As they are known there; who is not known is as they are given. */
export function asKnown(portal: Pick<Portal, 'people'>, person: Person): Person {
  const known = peopleIn(portal).find((each) => isSame(each, person));
  return known === undefined ? person : { ...known, ...person };
}

/** The portal with this person in it, or no longer; the same one where nothing changes. */
async function changed(unit: UnitOfWork, portal: Portal, people: readonly Person[]): Promise<Portal> {
  const written = JSON.stringify(people);
  if (written === portal.people) return portal;
  await unit.portals.change(portal.id, { people: written });
  return { ...portal, people: written };
}

export async function withPerson(unit: UnitOfWork, portal: Portal, person: Person): Promise<Portal> {
  const people = peopleIn(portal);
  const known = people.find((each) => isSame(each, person));
  if (known === undefined) {
    await unit.portals.noteIn(portal.id, person.user ?? person.id ?? '');
    return people.length >= maxPeople ? portal : changed(unit, portal, [...people, person]);
  }
  return changed(
    unit,
    portal,
    people.map((each) => (each === known ? { ...known, ...person } : each)),
  );
}

export async function withoutPerson(unit: UnitOfWork, portal: Portal, person: Person): Promise<Portal> {
  return changed(
    unit,
    portal,
    peopleIn(portal).filter((each) => !isSame(each, person)),
  );
}
