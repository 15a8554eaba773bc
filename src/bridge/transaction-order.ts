/**
 * Homeservers count their transactions. A number that does not follow the one before is a sign that a transaction was
 * left behind: Synapse can set one aside at the moment in which it finds us back, and go on with the next.
 */
export class TransactionOrder {
  #last: number | undefined;

  /** Whether this is the one after the last, or that one again. Ids that are no numbers say nothing. */
  follows(transaction: string): boolean {
    if (!/^\d{1,15}$/.test(transaction)) return true;
    const number = Number(transaction);
    const last = this.#last ?? number;
    this.#last = number;
    return number === last || number === last + 1;
  }
}
