/**
 * YAML with places: reads one document into plain values and tells at which line and column each key and value stands.
 * What would surprise a reader (a key twice, an unknown tag, a tab, a bomb of aliases) is a problem, not a guess.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { messageOf } from '../base/errors.ts';

/** Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface TextProblem extends Position {
  readonly message: string;
}

export interface YamlText {
  /** Undefined when the text is broken or holds nothing but comments. */
  readonly value: unknown;
  readonly problems: readonly TextProblem[];
  /** Where the value at this path stands, or the nearest thing around it that exists. */
  positionOf(path: readonly PropertyKey[]): Position;
  /** Where the key at the end of this path stands. */
  keyPositionOf(path: readonly PropertyKey[]): Position;
}

const maxAliases = 100;

export function readYaml(text: string): YamlText {
  try {
    return read(text);
  } catch (thrown) {
    // The library recurses, and does not always notice by itself where that ends.
    if (!(thrown instanceof RangeError)) throw thrown;
    const start = { line: 1, column: 1 };
    const problems = [{ ...start, message: 'It nests too deeply' }];
    return { value: undefined, problems, positionOf: () => start, keyPositionOf: () => start };
  }
}

function read(text: string): YamlText {
  const lines = new LineCounter();
  // The library compares each key with every other; `duplicateKeys` does not need minutes for a megabyte.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    message: advised(message),
    ...at(pos[0]),
  }));
  const unusable = broken.length > 0 ? broken : [...tooManyAliases(document, at), ...keysThatAreNoWords(document, at)];
  let value: unknown;
  const problems = [...unusable, ...(unusable.length === 0 ? duplicateKeys(document, at) : [])];
  if (unusable.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: maxAliases }) ?? undefined;
    } catch (thrown) {
      problems.push({ message: messageOf(thrown), ...at(0) });
    }
  }
  return {
    value,
    problems,
    positionOf: (path) => at(find(document, path).value),
    keyPositionOf: (path) => at(find(document, path).key),
  };
}

/** User ids begin with a character that YAML reserves: the mistake that nearly everybody makes once. */
const advised = (message: string): string =>
  message.includes('reserved character') ? `${message}; put the value in quotation marks` : message;

type At = (offset: number) => Position;

function tooManyAliases(document: Document, at: At): TextProblem[] {
  let count = 0;
  let offset = 0;
  visit(document, {
    Alias: (_, alias) => {
      count += 1;
      offset = alias.range?.[0] ?? 0;
      return count > maxAliases ? visit.BREAK : undefined;
    },
  });
  return count > maxAliases
    ? [{ message: `More than ${maxAliases} aliases (*name) are not taken`, ...at(offset) }]
    : [];
}

/** The library would write out each list or section that stands as a key, again and again where they nest. */
function keysThatAreNoWords(document: Document, at: At): TextProblem[] {
  const problems: TextProblem[] = [];
  visit(document, {
    Map: (_, map) => {
      for (const { key } of map.items)
        if (!isScalar(key)) problems.push({ message: 'A key is expected to be a word', ...at(startOf(key)) });
    },
  });
  return problems;
}

function duplicateKeys(document: Document, at: At): TextProblem[] {
  const problems: TextProblem[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) problems.push({ message: `The key ${name} stands here twice`, ...at(key.range?.[0] ?? 0) });
        seen.add(name);
      }
    },
  });
  return problems;
}

/** Offsets of the value at the path and of its key; of what surrounds them where they do not exist. */
function find(document: Document, path: readonly PropertyKey[]): { key: number; value: number } {
  let node: unknown = document.contents;
  let found = { key: startOf(node), value: startOf(node) };
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) return { key: found.key, value: found.key };
      const key = startOf(pair.key, found.key);
      found = { key, value: isNode(pair.value) ? startOf(pair.value, key) : key };
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      found = { key: startOf(node, found.key), value: startOf(node, found.value) };
    } else return found;
  }
  return found;
}

const startOf = (node: unknown, otherwise = 0): number =>
  isNode(node) ? ((node as Node).range?.[0] ?? otherwise) : otherwise;
