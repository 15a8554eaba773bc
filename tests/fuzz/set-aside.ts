/** What lies in quarantine, piece by piece: things with the same trouble lie together in one list. */
export function piecesOf(raw: string): string[] {
  try {
    const json: unknown = JSON.parse(raw);
    return [raw, ...(Array.isArray(json) ? json.map((item: unknown) => JSON.stringify(item)) : [])];
  } catch {
    return [raw];
  }
}
