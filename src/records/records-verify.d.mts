/** Rejects with the first thing that is wrong. `key` is what the agency has published; else what the bag itself names. */
export function checkBag(
  directory: string,
  key?: string,
): Promise<{ readonly records: number; readonly given: number }>;
