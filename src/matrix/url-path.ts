/**
 * Paths with strangers' ids in them. Every value becomes exactly one segment: one that would climb out of its place is
 * refused, because the request carries the bridge's token.
 */
export function path(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce((whole, text, index) => `${whole}${segment(values[index - 1] ?? '')}${text}`);
}

function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new RangeError(`"${value}" cannot be a segment of a path`);
  return encodeURIComponent(value);
}
