/**
 * Checks a bag of records by itself: `node records-verify.mjs BAG [--key VERIFIER-KEY]`. One file, nothing else needed,
 * no network; Node.js 18 or newer. What is checked is written down in docs/record-format.md, from which anybody may write
 * another one. Exit code 0: everything fits; 1: the first thing that does not is named; 2: wrong usage.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

class Fault extends Error {}
const fault = (words) => {
  throw new Fault(words);
};

const maxTextBytes = 16 * 1024 * 1024;
const maxListBytes = 256 * 1024 * 1024;
const maxLineBytes = 32 * 1024 * 1024;
/** Read in one piece, which is quicker. */
const smallBytes = 1024 * 1024;
const lists = new Set(['manifest-sha512.txt', 'tagmanifest-sha512.txt', 'data/finding-aid.csv']);
const known = new Set([
  ...lists,
  'bagit.txt',
  'bag-info.txt',
  'data/checkpoint',
  'data/records.jsonl',
  'data/statement.json',
  'export/checkpoint',
  'export/proof.tlog-proof',
  'export/record.json',
]);
/** Every entry has them. */
const always = ['kind', 'seq', 'at', 'recorded', 'provenance'];
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), createHash('sha256')).digest();

/** Resolves to what was checked; throws a `Fault` with the first thing that is wrong. */
export async function checkBag(directory, givenKey) {
  const files = filesBelow(directory);
  const declaration = textOf(directory, files, 'bagit.txt');
  if (declaration !== 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n')
    fault('bagit.txt is not that of a bag');
  const payload = await checkListing(directory, files, 'manifest-sha512.txt', (path) => path.startsWith('data/'));
  await checkListing(
    directory,
    files,
    'tagmanifest-sha512.txt',
    (path) => !path.startsWith('data/') && path !== 'tagmanifest-sha512.txt',
  );
  const statement = statementOf(textOf(directory, files, 'data/statement.json'));
  if (givenKey !== undefined && statement.verifierKey !== givenKey) fault('data/statement.json names another key');
  const key = statement.verifierKey;
  const head = openHead(textOf(directory, files, 'data/checkpoint'), key, 'data/checkpoint');
  checkFindingAid(textOf(directory, files, 'data/finding-aid.csv'), files, payload.paths);
  const tally = await checkRecords(directory, files, head, key, statement.redacted);
  checkStatement(statement, tally, head);
  await checkMedia(directory, files, statement, tally.media);
  checkInfo(textOf(directory, files, 'bag-info.txt'), payload, statement);
  const given = checkGiven(directory, files, key, head, statement);
  return {
    ...tally.counts,
    ...given,
    size: head.size,
    origin: head.origin,
    root: head.root,
    key,
    payload: payload.size,
  };
}

// ---------------------------------------------------------------- files

function filesBelow(directory) {
  const found = new Map();
  const walk = (folder, prefix) => {
    const names = readdirSync(folder);
    if (names.length === 0) fault(`the folder ${prefix} is empty`);
    for (const name of names) {
      const about = lstatSync(join(folder, name));
      if (about.isDirectory()) walk(join(folder, name), `${prefix}${name}/`);
      else if (about.isFile()) found.set(prefix + name, about.size);
      else fault(`${prefix}${name} is neither a file nor a folder`);
    }
  };
  walk(directory, '');
  for (const path of found.keys())
    if (!known.has(path) && !/^data\/(?:proofs\/(?:0|[1-9]\d{0,15})\.tlog-proof|media\/[0-9a-f]{64})$/.test(path))
      fault(`${path} is none of its files`);
  return found;
}

function textOf(directory, files, path) {
  const size = files.get(path) ?? fault(`${path} is missing`);
  if (size > (lists.has(path) ? maxListBytes : maxTextBytes)) fault(`${path} is too large`);
  return decoded(readFileSync(join(directory, path)), path);
}

function decoded(bytes, place) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fault(`${place} is not UTF-8 text`);
  }
}

function jsonOf(text, place) {
  try {
    const json = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  } catch {
    // Said below.
  }
  return fault(`${place} is no JSON object`);
}

async function checkListing(directory, files, name, belongs) {
  const listed = new Map();
  for (const line of textOf(directory, files, name).split('\n').slice(0, -1)) {
    const [, hash, path] =
      /^([0-9a-f]{128}) {2}([^\r\n]+)$/.exec(line) ?? fault(`${name} has a line that lists no file`);
    if (listed.has(path)) fault(`${name} lists ${path} twice`);
    if (!files.has(path) || !belongs(path)) fault(`${name} lists ${path}, which is not there`);
    listed.set(path, hash);
  }
  if (!textOf(directory, files, name).endsWith('\n')) fault(`${name} does not end with a line`);
  for (const path of files.keys()) if (belongs(path) && !listed.has(path)) fault(`${path} is not listed in ${name}`);
  let bytes = 0;
  for (const [path, hash] of listed) {
    bytes += files.get(path);
    const found = createHash('sha512');
    if (files.get(path) <= smallBytes) found.update(readFileSync(join(directory, path)));
    else for await (const piece of createReadStream(join(directory, path))) found.update(piece);
    if (found.digest('hex') !== hash) fault(`${path} is not what ${name} says`);
  }
  return { bytes, size: listed.size, paths: listed };
}

/** Nothing signs it, so everything in it must follow from what is signed. */
function checkInfo(info, { bytes, size }, { made, records }) {
  const expected =
    `Bagging-Date: ${made.slice(0, 10)}\nBag-Software-Agent: Chancery\n` +
    `External-Description: ${records} records of a ledger, see data/statement.json\nPayload-Oxum: ${bytes}.${size}\n`;
  if (info !== expected) fault('bag-info.txt does not fit the payload and data/statement.json');
}

/** RFC 4180. It lists every other file of the payload. */
function checkFindingAid(text, files, hashes) {
  const [title, ...rows] = text.split('\r\n').slice(0, -1);
  if (title !== 'path,bytes,sha512,what' || !text.endsWith('\r\n')) fault('data/finding-aid.csv is none');
  const open = new Set([...hashes.keys()].filter((path) => path !== 'data/finding-aid.csv'));
  for (const row of rows) {
    const [, path, bytes, hash] =
      /^([^",\r\n]+),(\d+),([0-9a-f]{128}),(?:[^",\r\n]*|"(?:[^"\r\n]|"")*")$/.exec(row) ??
      fault('data/finding-aid.csv has a row that lists no file');
    if (!open.delete(path) || hashes.get(path) !== hash || String(files.get(path)) !== bytes)
      fault(`data/finding-aid.csv tells something else of ${path}`);
  }
  for (const path of open) fault(`${path} is not listed in data/finding-aid.csv`);
}

// ---------------------------------------------------------------- records

async function checkRecords(directory, files, head, key, redacted) {
  const tally = { last: -1, ranges: new Map(), gaps: [], media: new Map(), counts: { records: 0, fields: 0 } };
  const unclaimed = new Set([...files.keys()].filter((path) => path.startsWith('data/proofs/')));
  if (!files.has('data/records.jsonl')) fault('data/records.jsonl is missing');
  for await (const line of linesOf(join(directory, 'data/records.jsonl'))) {
    const place = `line ${tally.counts.records + 1} of data/records.jsonl`;
    const { record, fields } = openRecord(line, place);
    if (record.number <= tally.last) fault(`${place} is out of order`);
    const path = `data/proofs/${record.number}.tlog-proof`;
    const proven = checkProof(textOf(directory, files, path), record, key, path);
    if (proven.size !== head.size || proven.root !== head.root) fault(`${path} leads to another head`);
    unclaimed.delete(path);
    tally.last = record.number;
    tally.counts.records += 1;
    tally.counts.fields += fields.size;
    for (const name of redacted) if (fields.has(name)) fault(`${place} shows ${name}, which was to be left out`);
    for (const name of always) if (!fields.has(name) && !redacted.includes(name)) fault(`${place} has no ${name}`);
    checkFields(fields, place);
    if (fields.get('kind') === 'gap') tally.gaps.push(record.number);
    noteSequence(tally, fields);
    noteMedia(tally.media, fields, place);
  }
  for (const path of unclaimed) fault(`${path} proves no record of this bag`);
  return tally;
}

/** Each ends with a line feed. */
async function* linesOf(path) {
  let [pieces, length] = [[], 0];
  for await (const piece of createReadStream(path)) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      yield decoded(Buffer.concat([...pieces, piece.subarray(from, end)]), 'data/records.jsonl');
      [pieces, length, from] = [[], 0, end + 1];
    }
    length += piece.length - from;
    if (length > maxLineBytes) fault('data/records.jsonl has a line that is too long');
    if (from < piece.length) pieces.push(piece.subarray(from));
  }
  if (length > 0) fault('data/records.jsonl does not end with a line feed');
}

/** The leaf commits to each disclosure (RFC 9901, section 4). */
function openRecord(line, place) {
  const { number, leaf, disclosures } = jsonOf(line, place);
  if (!Number.isSafeInteger(number) || number < 0 || typeof leaf !== 'string' || !Array.isArray(disclosures))
    fault(`${place} is no record`);
  // One text for one record: nothing may be there twice, or besides.
  if (line !== JSON.stringify({ number, leaf, disclosures })) fault(`${place} is written otherwise`);
  const { _sd: digests, _sd_alg: algorithm, v: version } = jsonOf(leaf, `the leaf in ${place}`);
  const isList =
    Array.isArray(digests) && digests.every((digest) => typeof digest === 'string' && /^[\w-]{43}$/.test(digest));
  if (!isList || digests.length % 8 !== 0 || algorithm !== 'sha-256' || version !== 1)
    fault(`the leaf in ${place} is none`);
  if (leaf !== JSON.stringify({ _sd: digests, _sd_alg: 'sha-256', v: 1 }))
    fault(`the leaf in ${place} is written otherwise`);
  if (digests.some((digest, at) => at > 0 && digest <= digests[at - 1])) fault(`the leaf in ${place} is not sorted`);
  const committed = new Set(digests);
  const fields = new Map();
  for (const disclosure of disclosures) {
    if (typeof disclosure !== 'string' || !/^[\w-]+$/.test(disclosure)) fault(`a disclosure in ${place} is none`);
    if (!committed.delete(sha256(disclosure).toString('base64url')))
      fault(`the leaf in ${place} does not commit to one of its disclosures`);
    const [name, value] = disclosed(disclosure, place);
    if (fields.has(name)) fault(`${place} has the field ${name} twice`);
    fields.set(name, value);
  }
  return { record: { number, leaf }, fields };
}

function disclosed(disclosure, place) {
  const text = Buffer.from(disclosure, 'base64url').toString();
  let parts;
  try {
    parts = JSON.parse(text);
  } catch {
    fault(`a disclosure in ${place} is no JSON`);
  }
  const isOne = Array.isArray(parts) && parts.length === 3 && typeof parts[1] === 'string';
  if (!isOne || typeof parts[0] !== 'string' || !/^[\w-]{22}$/.test(parts[0]))
    fault(`a disclosure in ${place} is none`);
  if (Buffer.from(JSON.stringify(parts)).toString('base64url') !== disclosure)
    fault(`a disclosure in ${place} is written otherwise`);
  return [parts[1], parts[2]];
}

/** Those fields that are counted by, or shown to people, are what they should be. */
function checkFields(fields, place) {
  for (const name of ['kind', 'at', 'recorded', 'provenance'])
    if (fields.has(name) && typeof fields.get(name) !== 'string') fault(`the field ${name} in ${place} is no text`);
  if (fields.has('seq') && (!isCount(fields.get('seq')) || fields.get('seq') === 0))
    fault(`the field seq in ${place} is no number`);
  const { network, account, id } = fields.get('chat') ?? {};
  if (fields.has('chat') && ![network ?? '', account, id].every((part) => typeof part === 'string'))
    fault(`the field chat in ${place} is no chat`);
}

function noteSequence({ ranges }, fields) {
  if (!fields.has('seq')) return;
  const { network, account, id } = fields.get('chat') ?? {};
  const chat = JSON.stringify(fields.has('chat') ? { network, account, id } : 'the house');
  const list = ranges.get(chat) ?? [];
  const seq = fields.get('seq');
  if (list.length > 0 && list.at(-1)[1] === seq - 1) list.at(-1)[1] = seq;
  else list.push([seq, seq]);
  ranges.set(chat, list);
}

function statementOf(text) {
  const statement = jsonOf(text, 'data/statement.json');
  const { asked, redacted, made, records, destroyed, chats, gaps, media, missingMedia, size, verifierKey } = statement;
  if (
    text !==
    `${JSON.stringify({ asked, redacted, made, records, destroyed, chats, gaps, media, missingMedia, size, verifierKey }, null, 2)}\n`
  )
    fault('data/statement.json is written otherwise');
  const isNamed = Array.isArray(redacted) && redacted.every((name) => typeof name === 'string');
  if (!isNamed || typeof asked !== 'object' || asked === null)
    fault('data/statement.json does not tell what was asked');
  if (typeof made !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(made))
    fault('data/statement.json does not tell when it was made');
  if (![records, destroyed, size].every(isCount) || typeof verifierKey !== 'string')
    fault('data/statement.json lacks a number or the key');
  return statement;
}

function checkStatement(statement, { counts, ranges, gaps }, head) {
  const { redacted } = statement;
  if (statement.records !== counts.records) fault('data/statement.json counts other records than there are');
  if (statement.size !== head.size) fault('data/statement.json tells another size of the ledger');
  // Where the chat or the number in it was left out, nobody can count again, and nothing is told.
  const isBlind = redacted.includes('chat') || redacted.includes('seq');
  const found = isBlind ? [] : [...ranges].map(([chat, sequences]) => ({ chat: JSON.parse(chat), sequences }));
  if (JSON.stringify(statement.chats) !== JSON.stringify(found))
    fault('data/statement.json tells other sequences than there are');
  if (JSON.stringify(statement.gaps) !== JSON.stringify(gaps))
    fault('data/statement.json tells other gaps than there are');
}

// ---------------------------------------------------------------- files of the records

/** Which files the records name, and how long each is. */
function noteMedia(named, fields, place) {
  if (!fields.has('media')) return;
  const list = fields.get('media');
  if (!Array.isArray(list)) fault(`the field media in ${place} is no list`);
  for (const each of list) {
    const { sha256: name, bytes } = each ?? {};
    if (typeof name !== 'string' || !/^[0-9a-f]{64}$/.test(name) || !isCount(bytes))
      fault(`the field media in ${place} names no file`);
    if ((named.get(name) ?? bytes) !== bytes) fault(`${place} tells another length of the file ${name}`);
    named.set(name, bytes);
  }
}

/** Each file that a record names is in the bag or told to be missing, and nothing else is either. */
async function checkMedia(directory, files, { media, missingMedia }, named) {
  const reasons = new Set(['gone', 'different', 'too large', 'unknown place']);
  const open = new Set(named.keys());
  const present = [...files.keys()].filter((path) => path.startsWith('data/media/'));
  if (media !== present.length) fault('data/statement.json counts other files of records than there are');
  for (const path of present) {
    const name = path.slice('data/media/'.length);
    if (!open.delete(name)) fault(`${path} is named by no record`);
    if (files.get(path) !== named.get(name)) fault(`${path} is not as long as on record`);
    const hash = createHash('sha256');
    for await (const piece of createReadStream(join(directory, path))) hash.update(piece);
    if (hash.digest('hex') !== name) fault(`${path} is not what its name says`);
  }
  if (!Array.isArray(missingMedia)) fault('data/statement.json does not tell which files are missing');
  for (const [at, { sha256: name, why, ...rest }] of missingMedia.map((each) => each ?? {}).entries()) {
    if (typeof name !== 'string' || !reasons.has(why) || Object.keys(rest).length > 0)
      fault('data/statement.json tells no reason for a file that is missing');
    if (files.has(`data/media/${name}`)) fault(`the file ${name} is there, and data/statement.json has it as missing`);
    if (!open.delete(name)) fault(`data/statement.json has a file as missing that no record names: ${name}`);
    if (at > 0 && name < missingMedia[at - 1].sha256) fault('data/statement.json does not sort what is missing');
  }
  for (const name of open) fault(`the file ${name} is neither there nor told to be missing`);
}

// ---------------------------------------------------------------- what was given, and its statement

/** With the names in one order. */
const ordered = (value) =>
  Array.isArray(value)
    ? value.map(ordered)
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([name, each]) => [name, ordered(each)])
          .sort(([one], [other]) => (one < other ? -1 : 1))
      : value;
const isSame = (one, other) => JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));

/** That the bag was given is an entry itself, and that entry names the list of the payload. */
function checkGiven(directory, files, key, head, { asked, redacted, records }) {
  const line = textOf(directory, files, 'export/record.json');
  if (!line.endsWith('\n')) fault('export/record.json does not end with a line feed');
  const { record, fields } = openRecord(line.slice(0, -1), 'export/record.json');
  const proof = textOf(directory, files, 'export/proof.tlog-proof');
  const proven = checkProof(proof, record, key, 'export/proof.tlog-proof');
  const later = openHead(textOf(directory, files, 'export/checkpoint'), key, 'export/checkpoint');
  if (later.size !== proven.size || later.root !== proven.root) fault('export/checkpoint is not that of its proof');
  if (later.size < head.size || (later.size === head.size && later.root !== head.root))
    fault('the two heads contradict each other');
  if (fields.get('kind') !== 'export') fault('export/record.json is no entry of an export');
  const manifest = createHash('sha512')
    .update(readFileSync(join(directory, 'manifest-sha512.txt')))
    .digest('hex');
  if (fields.get('manifest') !== manifest) fault('the export that is on record had another payload');
  if (!isSame(fields.get('content'), { asked, redacted, records }))
    fault('the export that is on record tells something else than data/statement.json');
  if (record.number < head.size) fault('the export is on record before what was given');
  return { given: record.number };
}

// ---------------------------------------------------------------- tree and signatures

/** C2SP tlog-proof. */
function checkProof(text, { number, leaf }, key, place) {
  const end = text.indexOf('\n\n');
  const [title, second, ...more] = text.slice(0, Math.max(end, 0)).split('\n');
  const [index, ...hashes] = second?.startsWith('extra ') === true ? more : [second, ...more];
  if (end < 0 || title !== 'c2sp.org/tlog-proof@v1' || index !== `index ${number}` || hashes.length > 64)
    fault(`${place} is no proof of this record`);
  const path = hashes.map((hash) => {
    const bytes = Buffer.from(hash, 'base64');
    return bytes.length === 32 && bytes.toString('base64') === hash ? bytes : fault(`${place} has no hashes`);
  });
  const head = headOnce(text.slice(end + 2), key, place);
  if (rootFrom(number, head.size, sha256(Uint8Array.of(0), leaf), path) !== head.root)
    fault(`${place} does not lead from its record to its head`);
  return head;
}

/** RFC 9162, section 2.1.3.2. */
function rootFrom(index, size, leaf, path) {
  let [node, last, hash] = [index, size - 1, leaf];
  if (index > last) return undefined;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = sha256(Uint8Array.of(1), sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else hash = sha256(Uint8Array.of(1), hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash.toString('base64') : undefined;
}

let lastHead;

/** The proofs of one bag lead to one head: its signature is checked once. */
function headOnce(note, key, place) {
  if (lastHead?.note !== note || lastHead.key !== key) lastHead = { note, key, head: openHead(note, key, place) };
  return lastHead.head;
}

/** C2SP signed-note and tlog-checkpoint. */
function openHead(note, key, place) {
  const [, name, hash, encoded] =
    /^([^+\s]{1,512})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44,48})$/.exec(key) ?? fault('the verifier key is none');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== 33 || bytes[0] !== 1 || sha256(`${name}\n`, bytes).toString('hex', 0, 4) !== hash)
    fault('the verifier key is none');
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  if (end < 0 || lines.pop() !== '') fault(`${place} holds no signed note`);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const isSigned = lines.slice(0, 100).some((line) => {
    const [dash, by, signature = ''] = line.split(' ');
    const raw = Buffer.from(signature, 'base64');
    const isWritten = raw.toString('base64') === signature && line === `\u2014 ${by} ${signature}`;
    return (
      dash === '\u2014' &&
      by === name &&
      isWritten &&
      raw.toString('hex', 0, 4) === hash &&
      verify(null, Buffer.from(text), publicKey, raw.subarray(4))
    );
  });
  if (!isSigned) fault(`${place} is not signed with this key`);
  const [origin, size, root, ...rest] = text.split('\n');
  const isHead = origin === name && /^(?:0|[1-9]\d{0,15})$/.test(size) && rest.length === 1 && rest[0] === '';
  const hashed = Buffer.from(root ?? '', 'base64');
  if (!isHead || !Number.isSafeInteger(Number(size)) || hashed.length !== 32 || hashed.toString('base64') !== root)
    fault(`${place} is no head`);
  return { origin, size: Number(size), root };
}

// ---------------------------------------------------------------- as a command

/** A bag may not write to somebody's terminal. */
const shown = (text) => text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');

async function main([bag, option, key, ...rest]) {
  if (bag === undefined || rest.length > 0 || (option !== undefined && (option !== '--key' || key === undefined))) {
    process.stderr.write('Usage: node records-verify.mjs BAG [--key VERIFIER-KEY]\n');
    return 2;
  }
  try {
    const told = await checkBag(bag, key);
    process.stdout.write(
      shown(
        `Everything fits: ${told.records} records with ${told.fields} fields, ${told.payload} files.\n` +
          `They are in the ledger ${told.origin}, whose first ${told.size} entries have the root ${told.root}.\n` +
          `That they were given is its entry ${told.given}.\n` +
          (key === undefined
            ? `The key ${told.key} is what the bag itself names: compare it with what the agency has published, or give it with --key.\n`
            : ''),
      ),
    );
    return 0;
  } catch (thrown) {
    // Anything else is something that was not foreseen in what the bag holds, such as JSON of a hundred thousand levels.
    process.stderr.write(shown(`This bag is not what it claims to be: ${thrown.message}.\n`));
    return 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
