/**
 * Checks a bag of records by itself: `node records-verify.mjs BAG [--key VERIFIER-KEY]`. One file, nothing else needed,
 * no network; Node.js 18 or newer. What is checked is written down in docs/record-format.md, from which anybody may write
 * another one. Exit code 0: everything fits; 1: the first thing that does not is named; 2: wrong usage.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

class Fault extends Error {}
const fault = (words) => {
  throw new Fault(words);
};

const maxTextBytes = 16 * 1024 * 1024;
const maxLineBytes = 32 * 1024 * 1024;
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
  checkOxum(textOf(directory, files, 'bag-info.txt'), payload);
  const statement = jsonOf(textOf(directory, files, 'data/statement.json'), 'data/statement.json');
  const key = givenKey ?? String(statement.verifierKey);
  const head = openHead(textOf(directory, files, 'data/checkpoint'), key, 'data/checkpoint');
  const tally = await checkRecords(directory, files, head, key);
  checkStatement(statement, tally, head);
  const given = checkGiven(directory, files, key, head);
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
    for (const name of readdirSync(folder)) {
      const about = lstatSync(join(folder, name));
      if (about.isDirectory()) walk(join(folder, name), `${prefix}${name}/`);
      else if (about.isFile()) found.set(prefix + name, about.size);
      else fault(`${prefix}${name} is neither a file nor a folder`);
    }
  };
  walk(directory, '');
  return found;
}

function textOf(directory, files, path) {
  const size = files.get(path) ?? fault(`${path} is missing`);
  if (size > maxTextBytes && !path.endsWith('manifest-sha512.txt')) fault(`${path} is too large`);
  const text = new TextDecoder('utf-8', { fatal: true });
  try {
    return text.decode(readFileSync(join(directory, path)));
  } catch {
    return fault(`${path} is not UTF-8 text`);
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
    for await (const piece of createReadStream(join(directory, path))) found.update(piece);
    if (found.digest('hex') !== hash) fault(`${path} is not what ${name} says`);
  }
  return { bytes, size: listed.size, paths: listed };
}

function checkOxum(info, { bytes, size }) {
  const [, oxum] = /^Payload-Oxum: (\d+\.\d+)$/m.exec(info) ?? fault('bag-info.txt has no Payload-Oxum');
  if (oxum !== `${bytes}.${size}`) fault('Payload-Oxum is not that of the payload');
}

// ---------------------------------------------------------------- records

async function checkRecords(directory, files, head, key) {
  const tally = { numbers: [], ranges: new Map(), counts: { records: 0, fields: 0, withheld: 0 } };
  const unclaimed = new Set([...files.keys()].filter((path) => path.startsWith('data/proofs/')));
  if (!files.has('data/records.jsonl')) fault('data/records.jsonl is missing');
  const lines = createInterface({ input: createReadStream(join(directory, 'data/records.jsonl')), crlfDelay: 0 });
  for await (const line of lines) {
    if (line.length > maxLineBytes) fault('data/records.jsonl has a line that is too long');
    const place = `line ${tally.counts.records + 1} of data/records.jsonl`;
    const { record, fields } = openRecord(jsonOf(line, place), place);
    if (record.number <= (tally.numbers.at(-1) ?? -1)) fault(`${place} is out of order`);
    const path = `data/proofs/${record.number}.tlog-proof`;
    const proven = checkProof(textOf(directory, files, path), record, key, path);
    if (proven.size !== head.size || proven.root !== head.root) fault(`${path} leads to another head`);
    unclaimed.delete(path);
    tally.numbers.push(record.number);
    tally.counts.records += 1;
    tally.counts.fields += fields.size;
    noteSequence(tally, fields);
  }
  for (const path of unclaimed) fault(`${path} proves no record of this bag`);
  return tally;
}

/** The leaf commits to each disclosure (RFC 9901, section 4). */
function openRecord(record, place) {
  const { number, leaf, disclosures, ...rest } = record;
  if (!Number.isSafeInteger(number) || number < 0 || typeof leaf !== 'string' || !Array.isArray(disclosures))
    fault(`${place} is no record`);
  if (Object.keys(rest).length > 0) fault(`${place} has more in it than a record has`);
  const { _sd: digests, _sd_alg: algorithm, v: version } = jsonOf(leaf, `the leaf in ${place}`);
  const isList = Array.isArray(digests) && digests.every((digest) => /^[\w-]{43}$/.test(digest));
  if (!isList || algorithm !== 'sha-256' || version !== 1) fault(`the leaf in ${place} is none`);
  if (leaf !== JSON.stringify({ _sd: digests, _sd_alg: 'sha-256', v: 1 }))
    fault(`the leaf in ${place} is written otherwise`);
  if (digests.some((digest, at) => at > 0 && digest <= digests[at - 1])) fault(`the leaf in ${place} is not sorted`);
  const committed = new Set(digests);
  const fields = new Map();
  for (const disclosure of disclosures) {
    if (typeof disclosure !== 'string' || !/^[\w-]+$/.test(disclosure)) fault(`a disclosure in ${place} is none`);
    if (!committed.delete(sha256(disclosure).toString('base64url')))
      fault(`the leaf in ${place} does not commit to one of its disclosures`);
    const bytes = Buffer.from(disclosure, 'base64url');
    if (bytes.toString('base64url') !== disclosure) fault(`a disclosure in ${place} is written otherwise`);
    let parts;
    try {
      parts = JSON.parse(bytes.toString('utf8'));
    } catch {
      fault(`a disclosure in ${place} is no JSON`);
    }
    if (!Array.isArray(parts) || parts.length !== 3 || typeof parts[1] !== 'string' || fields.has(parts[1]))
      fault(`a disclosure in ${place} has no name of its own`);
    fields.set(parts[1], parts[2]);
  }
  return { record: { number, leaf }, fields };
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

function checkStatement(statement, { counts, ranges }, head) {
  if (statement.records !== counts.records) fault('data/statement.json counts other records than there are');
  if (statement.size !== head.size) fault('data/statement.json tells another size of the ledger');
  // Where the chat or the number in it was left out, nobody can count again.
  const redacted = Array.isArray(statement.redacted)
    ? statement.redacted
    : fault('data/statement.json lists no redactions');
  if (redacted.includes('chat') || redacted.includes('seq')) return;
  const told = Array.isArray(statement.chats) ? statement.chats : fault('data/statement.json lists no chats');
  const found = [...ranges].map(([chat, sequences]) => ({ chat: JSON.parse(chat), sequences }));
  if (JSON.stringify(told) !== JSON.stringify(found)) fault('data/statement.json tells other sequences than there are');
}

/** That the bag was given is an entry itself, and that entry names the list of the payload. */
function checkGiven(directory, files, key, head) {
  const { record, fields } = openRecord(
    jsonOf(textOf(directory, files, 'export/record.json'), 'export/record.json'),
    'export/record.json',
  );
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
  return { given: record.number };
}

// ---------------------------------------------------------------- tree and signatures

/** C2SP tlog-proof. */
function checkProof(text, { number, leaf }, key, place) {
  const end = text.indexOf('\n\n');
  const [title, index, ...hashes] = text
    .slice(0, end)
    .split('\n')
    .filter((line) => !line.startsWith('extra '));
  if (end < 0 || title !== 'c2sp.org/tlog-proof@v1' || index !== `index ${number}` || hashes.length > 64)
    fault(`${place} is no proof of this record`);
  const path = hashes.map((hash) => {
    const bytes = Buffer.from(hash, 'base64');
    return bytes.length === 32 && bytes.toString('base64') === hash ? bytes : fault(`${place} has no hashes`);
  });
  const head = openHead(text.slice(end + 2), key, place);
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
  if (origin !== name || !/^(?:0|[1-9]\d{0,15})$/.test(size) || rest.join('') !== '') fault(`${place} is no head`);
  return { origin, size: Number(size), root };
}

// ---------------------------------------------------------------- as a command

async function main([bag, option, key, ...rest]) {
  if (bag === undefined || rest.length > 0 || (option !== undefined && (option !== '--key' || key === undefined))) {
    process.stderr.write('Usage: node records-verify.mjs BAG [--key VERIFIER-KEY]\n');
    return 2;
  }
  try {
    const told = await checkBag(bag, key);
    process.stdout.write(
      `Everything fits: ${told.records} records with ${told.fields} fields, ${told.payload} files.\n` +
        `They are in the ledger ${told.origin}, whose first ${told.size} entries have the root ${told.root}.\n` +
        `That they were given is its entry ${told.given}.\n` +
        (key === undefined
          ? `The key ${told.key} is what the bag itself names: compare it with what the agency has published, or give it with --key.\n`
          : ''),
    );
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof Fault) && thrown?.code === undefined) throw thrown;
    process.stderr.write(`This bag is not what it claims to be: ${thrown.message}.\n`);
    return 1;
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url))
  process.exitCode = await main(process.argv.slice(2));
