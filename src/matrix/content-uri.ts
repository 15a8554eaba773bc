/** `mxc://server/id` (client-server API, "Matrix Content URIs"), checked before it becomes part of a path. */
import { asId, type ContentUri } from '../model/ids.ts';

export interface ContentUriParts {
  readonly server: string;
  readonly id: string;
}

const shape = /^mxc:\/\/([A-Za-z0-9[][A-Za-z0-9.:\-\]]{0,254})\/([A-Za-z0-9_-]{1,255})$/;

export function readContentUri(text: unknown): ContentUri | undefined {
  return typeof text === 'string' && shape.test(text) ? asId<ContentUri>(text) : undefined;
}

/** Throws a RangeError for what `readContentUri` would not have let in. */
export function contentUriParts(uri: ContentUri): ContentUriParts {
  const [, server, id] = shape.exec(uri) ?? [];
  if (server === undefined || id === undefined) throw new RangeError('not a content URI');
  return { server, id };
}
