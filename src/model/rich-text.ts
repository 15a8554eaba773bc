/**
 * Text with styled ranges: neither HTML nor a network's own marks. Offsets and lengths count UTF-16 code units, as
 * JavaScript strings, Signal and Telegram do.
 */
export const textStyles = ['bold', 'italic', 'strikethrough', 'monospace', 'code-block', 'quote'] as const;
export type TextStyle = (typeof textStyles)[number];

export interface StyledRange {
  readonly start: number;
  readonly length: number;
  readonly style: TextStyle;
}

export interface RichText {
  readonly text: string;
  readonly ranges: readonly StyledRange[];
}

export const plainText = (text: string): RichText => ({ text, ranges: [] });

/**
 * Cuts a text into pieces of at most `limit` code units, at a paragraph, line or word where one is near, never inside
 * a surrogate pair; the styles go along with their words.
 */
export function splitText(rich: RichText, limit: number): RichText[] {
  const pieces: RichText[] = [];
  let from = 0;
  while (rich.text.length - from > limit) {
    const to = from + cutPoint(rich.text.slice(from, from + limit), rich.text.charCodeAt(from + limit));
    pieces.push(slice(rich, from, to));
    from = to;
  }
  pieces.push(slice(rich, from, rich.text.length));
  return pieces;
}

function cutPoint(window: string, following: number): number {
  for (const separator of ['\n\n', '\n', ' ']) {
    const at = window.lastIndexOf(separator);
    if (at >= window.length / 2) return at + separator.length;
  }
  const splitsPair = following >= 0xdc00 && following <= 0xdfff;
  return splitsPair && window.length > 1 ? window.length - 1 : window.length;
}

function slice({ text, ranges }: RichText, from: number, to: number): RichText {
  return {
    text: text.slice(from, to),
    ranges: ranges.flatMap(({ start, length, style }) => {
      const first = Math.max(start, from);
      const last = Math.min(start + length, to);
      return first < last ? [{ start: first - from, length: last - first, style }] : [];
    }),
  };
}
