/**
 * Reads the configuration: the file, then the environment over it. Every problem is reported at once, each with file,
 * line, column and key, or with the variable; nothing starts with a configuration that is only partly understood.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { applyOverrides, type Environment, type Override, overridesFrom } from './environment.ts';
import { type Problem, problemsOf } from './problems.ts';
import type { Config, ConfigSchema } from './schema.ts';
import { type Setting, settingsOf } from './settings.ts';
import { type Position, readYaml, type YamlText } from './yaml-text.ts';

const maxFileBytes = 1_000_000;
const maxShown = 50;

/**
 * The valid configuration, its paths made absolute against the folder of the file.
 * Throws `CH-CONFIG-UNREADABLE` (no such file, no text) and `CH-CONFIG-INVALID` with one line for each problem.
 */
export async function loadConfig(
  path: string,
  schema: ConfigSchema,
  environment: Environment = process.env,
): Promise<Config> {
  const text = await readText(path);
  const settings = settingsOf(schema);
  const yaml = readYaml(text);
  const { overrides, problems } = overridesFrom(environment, settings);
  if (yaml.value === undefined) {
    const nothing = [{ line: 1, column: 1, message: 'The file holds no settings; start from the sample' }];
    throw invalid(path, [...inText(path, yaml.problems.length > 0 ? yaml.problems : nothing), ...problems]);
  }
  const input = applyOverrides(withoutEmptySections(yaml.value, settings), overrides);
  const parsed = schema.safeParse(input);
  const wrong = parsed.success ? [] : problemsOf(parsed.error.issues, input, settings);
  if (parsed.success && yaml.problems.length === 0 && problems.length === 0)
    return withPaths(parsed.data, dirname(path));
  const shown = located(path, wrong.slice(0, maxShown), yaml, overrides);
  const lines = [...inText(path, yaml.problems), ...shown, ...problems];
  throw invalid(path, lines, lines.length + wrong.length - shown.length);
}

async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    const about = await stat(path);
    if (!about.isFile()) throw unreadable(path, about.isDirectory() ? 'This is a folder.' : 'This is not a file.');
    if (about.size > maxFileBytes) throw unreadable(path, `It is larger than ${maxFileBytes} bytes.`);
    bytes = await readFile(path);
  } catch (thrown) {
    if (thrown instanceof ChanceryError) throw thrown;
    throw unreadable(
      path,
      systemCodeOf(thrown) === 'ENOENT' ? 'There is no such file.' : `${messageOf(thrown)}.`,
      thrown,
    );
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw unreadable(path, 'It is not UTF-8 text.', thrown);
  }
}

/** `rooms:` with nothing under it, as it stays when its keys are commented out, means its defaults. */
function withoutEmptySections(value: unknown, { kind, children }: Setting): unknown {
  if (kind !== 'section') return value;
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const setting = children.find((child) => child.key === key);
      return [key, setting === undefined ? inner : withoutEmptySections(inner, setting)];
    }),
  );
}

function withPaths(config: Config, folder: string): Config {
  const { appservice, data, double_puppets: puppets, media, records } = config;
  return {
    ...config,
    appservice: { ...appservice, registration_file: resolve(folder, appservice.registration_file) },
    double_puppets: {
      ...puppets,
      ...(puppets.registration_file === undefined
        ? {}
        : { registration_file: resolve(folder, puppets.registration_file) }),
    },
    records: {
      ...records,
      ...(records.heads_directory === undefined ? {} : { heads_directory: resolve(folder, records.heads_directory) }),
      ...(records.socket === undefined ? {} : { socket: resolve(folder, records.socket) }),
      ...(records.heads_token_file === undefined
        ? {}
        : { heads_token_file: resolve(folder, records.heads_token_file) }),
    },
    media: media.ffmpeg === undefined || media.ffmpeg === 'off' ? media : { ffmpeg: resolve(folder, media.ffmpeg) },
    data: {
      directory: resolve(folder, data.directory),
      ...(data.key_file === undefined ? {} : { key_file: resolve(folder, data.key_file) }),
    },
  };
}

const inText = (path: string, problems: readonly (Position & { message: string })[]): string[] =>
  problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);

/** One line for each, in the order of the file; those of the environment follow. */
function located(path: string, problems: readonly Problem[], yaml: YamlText, overrides: readonly Override[]): string[] {
  const fromFile: (Position & { text: string })[] = [];
  const fromEnvironment: string[] = [];
  for (const problem of problems) {
    const key = problem.path.map(String).join('.');
    const text = `${key === '' ? '' : `${key}: `}${problem.message}`;
    const override = overrides.find((candidate) => candidate.path.every((part, at) => problem.path[at] === part));
    if (override !== undefined) fromEnvironment.push(`${override.variable} ${text}`);
    else {
      const position = problem.atKey ? yaml.keyPositionOf(problem.path) : yaml.positionOf(problem.path);
      fromFile.push({ ...position, text });
    }
  }
  fromFile.sort((one, other) => one.line - other.line || one.column - other.column);
  return [...fromFile.map(({ line, column, text }) => `${path}:${line}:${column} ${text}`), ...fromEnvironment];
}

const unreadable = (place: string, detail: string, cause?: unknown): ChanceryError =>
  new ChanceryError('CH-CONFIG-UNREADABLE', { place, detail, cause });

function invalid(place: string, lines: readonly string[], count = lines.length): ChanceryError {
  const rest = count > maxShown ? [`and ${count - maxShown} more`] : [];
  const shown = [...lines.slice(0, maxShown), ...rest].map((line) => `\n  ${line}`).join('');
  return new ChanceryError('CH-CONFIG-INVALID', {
    place,
    detail: `${count} ${count === 1 ? 'problem' : 'problems'}:${shown}`,
  });
}
