/**
 * The forms that a setting's value can have. Each names what it expects, with an example, in the words that the person
 * who edits the file reads.
 */
import { z } from 'zod';

/** Server names as in the Matrix specification, appendix "Server Name": a host name or address, and maybe a port. */
const server = String.raw`(?:\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z](?:[0-9A-Za-z.\-]{0,228}[0-9A-Za-z])?)(?::[0-9]{1,5})?`;
/** User ids as in the appendix "User Identifiers", with the historical characters. */
const user = String.raw`@[\x21-\x39\x3b-\x7e]{1,200}:${server}`;

export const serverNameExpected = 'expected the name of a Matrix server, for example agency.example';

function text(pattern: string, expected: string, examples: string[]) {
  return z
    .string({ error: expected })
    .regex(new RegExp(`^(?:${pattern})$`, 'u'), expected)
    .meta({ examples });
}

export const serverName = () => text(server, serverNameExpected, ['agency.example']);

export const userId = () =>
  text(user, 'expected a Matrix user id, for example @ana:agency.example', ['@ana:agency.example']);

export const userOrServer = () =>
  text(
    `${user}|${server}`,
    'expected a Matrix user id or the name of a server, for example @ana:agency.example or agency.example',
    ['@ana:agency.example', 'agency.example'],
  );

export const userOrServerOrAll = () =>
  text(
    String.raw`\*|${user}|${server}`,
    "expected a Matrix user id, the name of a server or '*', for example @ana:agency.example or agency.example",
    ['@ana:agency.example', 'agency.example'],
  );

/** The part of a user id before the colon (appendix "User Identifiers", the characters that are allowed today). */
export const localpart = (example: string) =>
  text(
    String.raw`[a-z0-9._=/+\-]{1,200}`,
    `expected lower-case letters, digits and . _ = - / + only, for example ${example}`,
    [example],
  );

/** A recipient of age, X25519 or with a post-quantum part; whether it is a real one is found out when it is used. */
export const recipient = () =>
  text(String.raw`age1[0-9a-z]{20,4000}`, 'expected a public key, written by `chancery records keygen`', [
    'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  ]);

/** C2SP tlog-checkpoint: "a schema-less URL", unique to the log. */
export const ledgerOrigin = () =>
  text(String.raw`[a-z0-9.\-]{1,200}(?:/[a-z0-9.\-]{1,50}){0,4}`, 'expected a name such as agency.example/chancery', [
    'agency.example/chancery',
  ]);

export const registrationId = () =>
  text(String.raw`[0-9A-Za-z._\-]{1,64}`, 'expected letters, digits and . _ - only, for example chancery', [
    'chancery',
  ]);

export const hostToListenOn = () =>
  text(String.raw`[0-9A-Za-z:.\-]{1,253}`, 'expected an address to listen on, for example 127.0.0.1 or ::', [
    '127.0.0.1',
  ]);

export const port = (example = 29_330) => {
  const expected = `expected a port, a whole number from 1 to 65535, for example ${example}`;
  return z
    .int({ error: expected })
    .min(1, expected)
    .max(65_535, expected)
    .meta({ examples: [example] });
};

/** An origin: scheme, host, maybe a port. A slash at the end is taken off. */
export const httpOrigin = (example: string) => {
  const expected = `expected an http:// or https:// URL without user, path, query or fragment, for example ${example}`;
  return z
    .string({ error: expected })
    .refine(isHttpOrigin, expected)
    .overwrite((value) => value.replace(/\/$/u, ''))
    .meta({ examples: [example], format: 'uri' });
};

function isHttpOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, origin } = new URL(value);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  // Compared with what was written, so that `?`, `#`, `/x/..` and white space are noticed too.
  const written = value.toLowerCase().replace(/\/$/u, '');
  const standardPort = protocol === 'http:' ? ':80' : ':443';
  return username === '' && password === '' && (written === origin || written === `${origin}${standardPort}`);
}

/** A URL of one thing, such as `https://host/path`. Without encryption it may be on this machine only. */
export const guardedUrl = (example: string) => {
  const expected = `expected an https:// URL without user and fragment (http:// on this machine only), for example ${example}`;
  return z
    .string({ error: expected })
    .max(2_048, expected)
    .refine(isGuardedUrl, expected)
    .meta({ examples: [example], format: 'uri' });
};

function isGuardedUrl(value: string): boolean {
  if (!URL.canParse(value) || /\s/u.test(value)) return false;
  const { protocol, username, password, hash, hostname } = new URL(value);
  if (username !== '' || password !== '' || hash !== '') return false;
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isHere);
}

/** A path in the file system; the loader resolves it against the folder of the configuration file. */
export const path = (example: string) => {
  const expected = `expected a path, for example ${example}`;
  return z
    .string({ error: expected })
    .min(1, expected)
    .max(1_024, expected)
    .refine((value) => !value.includes('\0'), expected)
    .refine((value) => !/^[0-9a-f]{64}$/iu.test(value), `${expected}; this looks like the key itself`)
    .meta({ examples: [example] });
};
