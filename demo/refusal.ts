/** The demo cannot go on, and its message tells the user why and what to do. */
export class Refusal extends Error {}
