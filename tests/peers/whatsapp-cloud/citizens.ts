/** The people on the other side: known by a phone number, by a business-scoped user id, or by both. */

export interface Citizen {
  /** How the log and the control API name this person, for good. */
  readonly key: string;
  phone: string | undefined;
  userId: string | undefined;
  name: string;
  username: string | undefined;
  /** WhatsApp cannot reach this person (131026). */
  undeliverable: boolean;
}

export interface CitizenFacts {
  readonly phone?: string | undefined;
  readonly userId?: string | undefined;
  readonly name?: string | undefined;
  readonly username?: string | undefined;
  readonly undeliverable?: boolean | undefined;
}

export class Citizens {
  readonly #byAlias = new Map<string, Citizen>();
  readonly #all = new Set<Citizen>();

  /** Adds a person, or changes the one who has the number or the id already. */
  put(facts: CitizenFacts): Citizen {
    const known = this.find(facts.phone ?? '') ?? this.find(facts.userId ?? '');
    if (known !== undefined) {
      known.name = facts.name ?? known.name;
      known.username = facts.username ?? known.username;
      known.undeliverable = facts.undeliverable ?? known.undeliverable;
      known.userId ??= facts.userId;
      if (known.userId !== undefined) this.#byAlias.set(known.userId, known);
      return known;
    }
    const key = facts.phone ?? facts.userId;
    if (key === undefined) throw new Error('A citizen needs a phone number or a user id');
    const citizen: Citizen = {
      key,
      phone: facts.phone,
      userId: facts.userId,
      name: facts.name ?? `Citizen ${key.slice(-4)}`,
      username: facts.username,
      undeliverable: facts.undeliverable ?? false,
    };
    this.#all.add(citizen);
    for (const alias of [citizen.phone, citizen.userId]) if (alias !== undefined) this.#byAlias.set(alias, citizen);
    return citizen;
  }

  find(alias: string): Citizen | undefined {
    return this.#byAlias.get(alias);
  }

  /** The old number belongs to nobody afterwards, but the control API still finds the person by the key. */
  changeNumber(citizen: Citizen, phone: string): void {
    if (citizen.phone !== undefined && citizen.phone !== citizen.key) this.#byAlias.delete(citizen.phone);
    citizen.phone = phone;
    this.#byAlias.set(phone, citizen);
  }

  all(): readonly Citizen[] {
    return [...this.#all];
  }
}
