/**
 * Paths with strangers' ids in them. Every value becomes exactly one segment: one that would climb out of its place is
 * refused, because the request carries the bridge's token.
 */
export interface UrlPath {
  /** As it is requested. */
  readonly text: string;
  /** With `*` in the place of each value: the same for all requests of a kind. */
  readonly route: string;
}

export function path(texts: TemplateStringsArray, ...values: readonly string[]): UrlPath {
  return {
    text: texts.reduce((whole, text, index) => `${whole}${segment(values[index - 1] ?? '')}${text}`),
    route: texts.join('*'),
  };
}

export const joined = (start: UrlPath, end: UrlPath): UrlPath => ({
  text: `${start.text}${end.text}`,
  route: `${start.route}${end.route}`,
});

function segment(value: string): string {
  if (/^\.{0,2}$/.test(value)) throw new RangeError(`"${value}" cannot be a segment of a path`);
  return encodeURIComponent(value);
}
