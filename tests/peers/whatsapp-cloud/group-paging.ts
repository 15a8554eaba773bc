/** Pages of a list as Graph gives them: `limit`, and a cursor to go on after or back before. */
import { GraphError } from './graph-error.ts';
import { cursorInvalid } from './group-error.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Nothing for an empty list. */
  readonly paging: { readonly paging?: object };
}

const usual = 25;
const most = 1024;

/** `address` is that of the call, without a query. Throws 131059 for a cursor that was not given here. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams, address: string): Page<T> {
  const limit = Math.min(Math.max(Number(query.get('limit') ?? usual) || usual, 1), most);
  const before = placeOf(query.get('before'));
  const from = before === undefined ? (placeOf(query.get('after')) ?? 0) : Math.max(before - limit, 0);
  const to = Math.min(before ?? from + limit, all.length);
  const items = all.slice(from, to);
  if (items.length === 0) return { items, paging: {} };
  const link = (way: 'after' | 'before', place: number): string =>
    `${address}?limit=${limit}&${way}=${cursorAt(place)}`;
  return {
    items,
    paging: {
      paging: {
        cursors: { before: cursorAt(from), after: cursorAt(to) },
        ...(from > 0 ? { previous: link('before', from) } : {}),
        ...(to < all.length ? { next: link('after', to) } : {}),
      },
    },
  };
}

const cursorAt = (place: number): string => Buffer.from(`place:${place}`).toString('base64url');

function placeOf(cursor: string | null): number | undefined {
  if (cursor === null) return undefined;
  const place = /^place:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (place === undefined) throw new GraphError(cursorInvalid);
  return Number(place);
}
