// Verifies what a guarantee ledger hands out: receipts, bundles, exports. Written from the public formats alone, without
// any code of the ledger and without dependencies; runs in Node 20 and in browsers. docs/bundle.md is the contract.
//
// Everything ends in one of three ways: it returns what is proven, it throws Invalid (something is proven to be false),
// or it throws Undecided (nothing can be said: no key to believe, or none that this machine can check).
// `trust` is whom to believe: {vkeys: [text], origin: text, policy: text, anchor: hex}, each optional, at least one.

export class Invalid extends Error {}
export class Undecided extends Error {}

const fail = (expected, got) => { throw new Invalid(`expected ${expected}; got ${got}`); };
const need = (holds, expected, got = "something else") => { if (!holds) fail(expected, got); };
const shown = (text) => JSON.stringify(String(text).slice(0, 80)).replace(/[^ -~]/g, (c) => `\\u{${c.codePointAt().toString(16)}}`);

// ---- bytes ----
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
export const utf8 = (text) => new TextEncoder().encode(text);
export const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);
const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
};
const tried = (read) => { try { return read(); } catch { return null; } };
const text = (bytes) => tried(() => utf8Decoder.decode(bytes)) ?? fail("UTF-8");
export function base64(encoded) {
  const binary = tried(() => atob(encoded));
  // Only the one text that encoding would write.
  need(binary !== null && btoa(binary) === encoded, "padded base64", shown(encoded));
  return Uint8Array.from(binary, (one) => one.charCodeAt());
}
function decimal(digits, most = 2n ** 63n - 1n) {
  need(/^(0|[1-9][0-9]{0,18})$/.test(digits) && BigInt(digits) <= most, `a decimal of 0 to ${most}`, shown(digits));
  return BigInt(digits);
}
const hashOf = (encoded) => (base64(encoded).length === 32 ? base64(encoded) : fail("a hash of 32 bytes", shown(encoded)));

// ---- SHA-256 and the Merkle tree (RFC 6962 hashes; verified as RFC 9162 §2.1.3.2 and §2.1.4.2 say); sizes are BigInt ----
const subtle = globalThis.crypto?.subtle, fast = globalThis.process?.getBuiltinModule?.("node:crypto");
export async function sha256(...parts) {
  if (fast) return new Uint8Array(fast.createHash("sha256").update(joined(...parts)).digest());
  if (!subtle) throw new Undecided("no WebCrypto here: open the page by https or from localhost");
  return new Uint8Array(await subtle.digest("SHA-256", joined(...parts)));
}
export const leafHash = (data) => sha256([0], data);
export const nodeHash = (left, right) => sha256([1], left, right);
// Walks from a leaf (fn) to the root of a tree whose last leaf is sn; `join` is told each hash, and whether it is the left one.
async function climb(fn, sn, proof, join) {
  for (const one of proof) {
    need(sn > 0n, "fewer hashes", proof.length);
    const isLeft = (fn & 1n) === 1n || fn === sn;
    await join(one, isLeft);
    while (isLeft && fn > 0n && !(fn & 1n)) { fn >>= 1n; sn >>= 1n; }
    fn >>= 1n; sn >>= 1n;
  }
  need(sn === 0n, "more hashes", proof.length);
}
export async function verifyInclusion(index, size, leaf, proof, root) {
  need(index >= 0n && index < size, "an index below the tree size", `${index} of ${size}`);
  need([leaf, root, ...proof].every((one) => one.length === 32), "hashes of 32 bytes");
  let hash = leaf;
  await climb(index, size - 1n, proof, async (one, isLeft) => { hash = await (isLeft ? nodeHash(one, hash) : nodeHash(hash, one)); });
  need(same(hash, root), `root ${hex(root)} of the tree of size ${size}`, hex(hash));
}
export async function verifyConsistency(oldSize, newSize, oldRoot, newRoot, proof) {
  need(oldSize >= 0n && oldSize <= newSize, "an old size up to the new one", `${oldSize} and ${newSize}`);
  need([oldRoot, newRoot, ...proof].every((one) => one.length === 32), "hashes of 32 bytes");
  for (const [size, root] of [[oldSize, oldRoot], [newSize, newRoot]]) need(size || same(root, await sha256()), "the root of no leaves");
  need(proof.length > 0 === (oldSize > 0n && oldSize < newSize), "hashes only for a tree that grew", proof.length);
  if (proof.length === 0) return need(oldSize === 0n || same(oldRoot, newRoot), `root ${hex(oldRoot)}`, hex(newRoot));
  const [first, ...rest] = (oldSize & (oldSize - 1n)) === 0n ? [oldRoot, ...proof] : proof;
  let fn = oldSize - 1n, sn = newSize - 1n, before = first, after = first;
  while (fn & 1n) { fn >>= 1n; sn >>= 1n; }
  await climb(fn, sn, rest, async (one, isLeft) => {
    if (isLeft) before = await nodeHash(one, before);
    after = await (isLeft ? nodeHash(one, after) : nodeHash(after, one));
  });
  need(same(before, oldRoot) && same(after, newRoot), `roots ${hex(oldRoot)}, ${hex(newRoot)}`, `${hex(before)}, ${hex(after)}`);
}

// ---- strict JSON (RFC 8785, and what the ledger forbids in text): one text for each value, no key twice ----
const FORBIDDEN = new RegExp("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
  + "\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]|[\\p{Cs}]|"
  + Array.from({ length: 17 }, (_, plane) => `[\\u{${plane.toString(16)}fffe}\\u{${plane.toString(16)}ffff}]`).join("|"), "u");
function canonical(value, levels) {
  if (typeof value === "string") {
    need(!FORBIDDEN.test(value) && value.normalize("NFC") === value, "visible text in NFC", shown(value));
    return JSON.stringify(value);
  }
  if (typeof value === "number") need(Number.isSafeInteger(value), "an integer up to 2^53 - 1", value);
  if (value === null || typeof value !== "object") return String(value);
  need(levels > 0, "at most 12 levels", "more");
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, levels - 1))}]`;
  return `{${Object.keys(value).sort().map((key) => `${canonical(key)}:${canonical(value[key], levels - 1)}`)}}`;
}
export function parseCanonical(bytes, bytesMax = 65535) {
  need(bytes.length <= bytesMax, `at most ${bytesMax} bytes`, bytes.length);
  const json = text(bytes), value = tried(() => JSON.parse(json));
  // A key that stands twice is read once, so what is written again is shorter.
  need(json[0] === "{" && value !== null && canonical(value, 12) === json, "canonical JSON (RFC 8785)", shown(json));
  return value;
}
const members = (object, ...names) => object !== null && typeof object === "object" && !Array.isArray(object)
  && Object.keys(object).sort().join() === names.sort().join();
function micros(instant) {
  const found = typeof instant === "string" && /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|[+-]00:00)$/.exec(instant);
  const ms = found ? Date.parse(`${found[1]}T${found[2]}Z`) : NaN;
  const holds = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${found[1]}T${found[2]}.`) && !instant.startsWith("0000");
  need(holds, "an instant in UTC", shown(instant));
  return BigInt(ms) * 1000n + BigInt(Math.round(Number(`0.${found[3] ?? 0}`) * 1e6));
}

// ---- keys: Ed25519 of the prime-order subgroup, and ECDSA P-256 ----
const P = 2n ** 255n - 19n, ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a) => ((a % P) + P) % P;
const power = (base, exponent) => {
  let result = 1n;
  for (let square = base; exponent; exponent >>= 1n, square = mod(square * square)) if (exponent & 1n) result = mod(result * square);
  return result;
};
const D = mod(-121665n * power(121666n, P - 2n));
function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2)), c = mod(2n * t1 * t2 * D), d = mod(2n * z1 * z2);
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}
const points = new Map();
export function isSoundPoint(key) {
  if (!points.has(hex(key))) points.set(hex(key), isOfPrimeOrder(key));
  return points.get(hex(key));
}
function isOfPrimeOrder(key) {
  const y = BigInt(`0x${hex(key.slice().reverse())}`) & (2n ** 255n - 1n), sign = BigInt(key[31] >> 7);
  const square = mod((y * y - 1n) * power(mod(D * y * y + 1n), P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * power(2n, (P - 1n) / 4n));
  if (y >= P || mod(x * x) !== square || x === 0n) return false;
  if ((x & 1n) !== sign) x = P - x;
  let sum = [0n, 1n, 1n, 0n];
  for (let point = [x, y, 1n, mod(x * y)], k = ORDER; k; k >>= 1n, point = added(point, point)) if (k & 1n) sum = added(sum, point);
  return sum[0] === 0n && sum[1] === sum[2];
}
async function imported(format, key, algorithm) {
  try { return await subtle.importKey(format, key, algorithm, false, ["verify"]); } catch (error) {
    if (error?.name === "DataError") return null;
    throw new Undecided(`this machine cannot check ${algorithm.name}: ${subtle ? error : "no WebCrypto (use https or localhost)"}`);
  }
}
async function verifiesEd25519(key, message, signature) {
  // The identity as R is refused by strict libraries and accepted by others.
  if (signature.length !== 64 || (signature[0] === 1 && signature.slice(1, 32).every((one) => one === 0))) return false;
  const usable = await imported("raw", key, { name: "Ed25519" });
  return usable !== null && subtle.verify("Ed25519", usable, signature, message);
}
function joinedIntegers(der) {
  const pair = [der.subarray(4, 4 + der[3]), der.subarray(6 + der[3])], [r, s] = pair;
  const isPadded = (one) => one[0] === 0 && one[1] > 127, isPositive = (one) => isPadded(one) || (one[0] > 0 && one[0] < 128);
  const bare = pair.map((one) => (isPadded(one) ? one.subarray(1) : one));
  const isStrict = pair.every(isPositive) && bare.every((one) => one.length <= 32)
    && same(der, joined([0x30, r.length + s.length + 4, 2, r.length], r, [2, s.length], s));
  return isStrict ? joined(...bare.flatMap((one) => [new Uint8Array(32 - one.length), one])) : null;
}
const ED25519_SPKI = "302a300506032b6570032100", P256_SPKI = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
async function keyOf(record) {
  need(members(record, "algorithm", "proof", "public_key"), "a key record");
  const spki = base64(record.public_key), id = hex(await sha256(spki));
  if (record.algorithm === "ed25519") {
    need(spki.length === 44 && hex(spki).startsWith(ED25519_SPKI) && isSoundPoint(spki.slice(12)), "a sound Ed25519 key", hex(spki));
    return { id, verifies: (message, signature) => verifiesEd25519(spki.slice(12), message, signature) };
  }
  need(record.algorithm === "ecdsa-p256" && spki.length === 91 && hex(spki).startsWith(P256_SPKI), "a key of P-256", hex(spki));
  const usable = await imported("spki", spki, { name: "ECDSA", namedCurve: "P-256" });
  need(usable !== null, "a point of P-256", hex(spki));
  return { id, async verifies(message, signature) {
    const raw = joinedIntegers(signature);
    return raw !== null && subtle.verify({ name: "ECDSA", hash: "SHA-256" }, usable, raw, message);
  } };
}

// ---- signed notes, verifier keys, checkpoints and policies (C2SP) ----
const NO_NAME = /^$|[+\x00-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
export async function parseVkey(line) {
  const [, name, id, encoded] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(line) ?? fail("<name>+<key id>+<base64>", shown(line));
  const blob = base64(encoded), kind = blob[0], key = blob.slice(1);
  need({ 1: 32, 4: 32, 6: 1312 }[kind] === key.length && !NO_NAME.test(name), "a key of type 01, 04 or 06", shown(line));
  need(kind === 6 || isSoundPoint(key), "a sound Ed25519 key", shown(line));
  const own = hex(await sha256(utf8(name), [10], blob)).slice(0, 8);
  need(own === id, `key id ${own}`, id);
  return { name, id, kind, key };
}
export function parseNote(bytes) {
  need(bytes.length <= 131072 && !bytes.some((one) => one < 32 && one !== 10), "a note without controls, at most 128 KiB");
  const [, signed, rest] = /^(.*\n)\n((?:[^\n]+\n)+)$/s.exec(text(bytes)) ?? fail("a text, an empty line and signatures");
  const lines = rest.slice(0, -1).split("\n").map((line) => {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? fail("a signature line", shown(line)), blob = base64(encoded);
    need(!NO_NAME.test(name) && blob.length > 4, "a name, and a signature after the key id", shown(line));
    return { name, id: hex(blob.slice(0, 4)), value: blob.slice(4) };
  });
  need(lines.length <= 100, "at most 100 signature lines", lines.length);
  return { text: utf8(signed), lines };
}
const named = ({ name, id }) => `${name}+${id}`;
// Returns who signed and when, and whose kind WebCrypto does not have (ML-DSA-44). Of two keys of one name and id the first counts.
async function signersOf(note, keys) {
  const signed = new Map(), unchecked = new Set();
  for (const line of note.lines) {
    const key = keys.find((one) => named(one) === named(line));
    if (key?.kind === 6) unchecked.add(named(key));
    if (!key || key.kind === 6) continue;
    const isTimed = key.kind === 4, time = isTimed && line.value.length === 72 ? new DataView(line.value.buffer).getBigUint64(0) : 0n;
    const message = isTimed ? joined(utf8(`cosignature/v1\ntime ${time}\n`), note.text) : note.text;
    const holds = time < 2n ** 63n && await verifiesEd25519(key.key, message, line.value.subarray(isTimed ? 8 : 0));
    need(holds, `a signature by ${named(key)}`, "one that does not verify");
    signed.set(named(key), Number(time));
  }
  return { signed, unchecked };
}
async function parseCheckpoint(bytes) {
  const [origin, size, encoded, end, ...more] = text(bytes).split("\n");
  need(end === "" && more.length === 0, "three lines of a checkpoint", shown(text(bytes)));
  need(/^(?:[^\p{C}\p{Z}]| )+$/u.test(origin) && utf8(origin).length <= 255, "an origin of printable text", shown(origin));
  const checkpoint = { origin, size: decimal(size), root: hashOf(encoded) };
  need(checkpoint.size > 0n || same(checkpoint.root, await sha256()), "the root of a tree without leaves", encoded);
  return checkpoint;
}
export async function parsePolicy(bytes) {
  need(bytes.length <= 262144 && bytes.every((one) => one === 9 || one === 10 || (one > 31 && one !== 127)), "a policy without controls");
  let quorum = null, logs = [], defined = new Map(), grouped = new Set();
  const keyFrom = async (word, kinds, others) => {
    const key = await parseVkey(text(Uint8Array.from(word, (one) => one.charCodeAt())));
    const isNew = others.every((one) => !same(one.key, key.key) && named(one) !== named(key));
    need(kinds.includes(key.kind) && isNew, `a key of type ${kinds} with an id of its own, once`, shown(word));
    return key;
  };
  const witnesses = () => [...defined.values()].flatMap((one) => one.key ?? []); // Names are opaque bytes, as they stand.
  for (const line of Array.from(bytes, (one) => String.fromCharCode(one)).join("").split("\n")) {
    const [verb, name, ...words] = line.split(/[\t ]+/).filter((word) => word !== ""), count = words.length;
    if (verb === undefined || verb.startsWith("#")) continue;
    if (verb === "log" && name && count <= 1) logs.push(await keyFrom(name, [1, 6], logs));
    else if (verb === "quorum" && name && !count && quorum === null && (name === "none" || defined.has(name))) quorum = name;
    else {
      need(name && !["none", "any", "all"].includes(name) && !defined.has(name), "a line of a policy (C2SP tlog-policy)", shown(line));
      if (verb === "witness" && (count === 1 || count === 2)) defined.set(name, { key: await keyFrom(words[0], [4, 6], witnesses()) });
      else {
        const [wanted, ...parts] = words, most = { any: 1, all: parts.length }[wanted] ?? (/^[1-9][0-9]{0,5}$/.test(wanted) ? Number(wanted) : 0);
        need(verb === "group" && most > 0 && most <= parts.length, "a line of a policy (C2SP tlog-policy)", shown(line));
        for (const part of parts) need(defined.has(part) && !grouped.has(part) && grouped.add(part), "members defined before, each once", shown(part));
        defined.set(name, { parts, least: most });
      }
    }
  }
  need(quorum !== null, "a line 'quorum'", "none");
  const met = ({ key, parts, least }, has) => (key ? has(key) : parts.filter((part) => met(defined.get(part), has)).length >= least);
  return { logs, keys: [...logs, ...witnesses()], isMet: (has) => quorum === "none" || met(defined.get(quorum), has) };
}
// Returns the checkpoint, once those who are believed signed it. `ledgerKeys`: those that the ledger names, or null;
// `own`: the policy of a bundle, which must name every other line, and is believed by nobody.
async function openCheckpoint(raw, trust, ledgerKeys = null, own = null) {
  const vkeys = await Promise.all((trust.vkeys ?? []).map(parseVkey)), policy = trust.policy ? await parsePolicy(utf8(trust.policy)) : null;
  if (!vkeys.length && !policy && !(trust.anchor && ledgerKeys)) throw new Undecided("no key to believe: give the log's");
  const note = parseNote(raw), checkpoint = await parseCheckpoint(note.text);
  const origin = trust.origin ?? vkeys[0]?.name ?? checkpoint.origin;
  need(checkpoint.origin === origin, `origin ${origin}`, shown(checkpoint.origin));
  const ofLog = (keys) => keys.filter((key) => key.name === origin);
  const known = [...vkeys, ...(policy?.keys ?? []), ...(ledgerKeys ?? []), ...(own?.keys ?? [])];
  const { signed, unchecked } = await signersOf(note, known);
  const isOneOf = (keys, line) => keys.some((key) => named(key) === named(line));
  for (const line of note.lines) {
    if (own) need(isOneOf(known, line), "lines by keys that the bundle or you name", shown(named(line)));
    if (ledgerKeys && line.name === origin) need(isOneOf(ledgerKeys, line), "keys that the ledger names", named(line));
  }
  const hasSigned = (key) => signed.has(named(key)), maybe = (key) => hasSigned(key) || unchecked.has(named(key));
  const judge = (keys, whose) => {
    if (ofLog(keys).some(hasSigned)) return;
    if (ofLog(keys).some(maybe)) throw new Undecided(`only ML-DSA-44 keys that ${whose}, which cannot be checked here`);
    fail(`a signature of ${origin} by a key that ${whose}`, shown(note.lines.map(named).join(", ")));
  };
  if (vkeys.length) judge(vkeys, "you gave");
  if (own) judge(own.logs, "the policy of the bundle names");
  if (ledgerKeys) judge(ledgerKeys, "the ledger names");
  for (const key of ledgerKeys ?? []) {
    need(key.name === origin && [1, 6].includes(key.kind) && maybe(key), `a signature by each key that the ledger names, ${named(key)} too`);
  }
  const isKnown = policy && ofLog(policy.logs.length ? policy.logs : vkeys).some(hasSigned);
  if (policy && !(isKnown && policy.isMet(hasSigned))) throw new Undecided(`your policy is not met by ${[...signed.keys()].join(", ")}; not checked: ${[...unchecked].join(", ") || "none"}`);
  return { ...checkpoint, signers: Object.fromEntries(signed), unchecked: [...unchecked], ownPolicyMet: own && own.isMet(hasSigned) };
}

// ---- entries and acts (DSSE) ----
const PAYLOAD_TYPE = "application/vnd.guarantee-ledger.event+json", ZEROS = "0".repeat(64);
const isDigest = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value), isCount = (value) => Number.isInteger(value) && value > 0;
export async function parseEntry(raw) {
  const entry = parseCanonical(raw);
  need(members(entry, "envelope", "position", "previous", "recorded_at"), "an entry");
  need(isCount(entry.position) && isDigest(entry.previous), "a position and the SHA-256 of the entry before");
  need(/^.{19}\.[0-9]{6}Z$/.test(entry.recorded_at), "an instant to the microsecond", shown(entry.recorded_at));
  const { envelope } = entry;
  need(members(envelope, "payload", "payloadType", "signatures") && envelope.payloadType === PAYLOAD_TYPE, "an envelope");
  const tail = `{"envelope":,"position":${entry.position},"previous":"${entry.previous}","recorded_at":"${entry.recorded_at}"}`;
  need(raw.length - tail.length <= 49152, "an envelope of at most 48 KiB");
  const payload = base64(envelope.payload), event = parseCanonical(payload, 49152);
  need(Array.isArray(envelope.signatures) && envelope.signatures.length > 0 && envelope.signatures.length <= 16, "1 to 16 signatures");
  const signatures = envelope.signatures.map((one, i, all) => {
    need(members(one, "keyid", "sig") && isDigest(one.keyid) && (i === 0 || all[i - 1].keyid < one.keyid), "signatures sorted by keyid");
    return { id: one.keyid, value: base64(one.sig) };
  });
  const words = ["type", "ledger", "id", "party", "authority"].every((name) => typeof event[name] === "string");
  need(words && event.version === 1 && isCount(event.sequence) && isDigest(event.previous), "an act of a known version");
  return { ...entry, raw, sha256: hex(await sha256(raw)), leaf: await leafHash(raw), at: micros(entry.recorded_at), payload, signatures, event };
}
async function checkSigned(message, signatures, { keys, threshold }, whose) {
  need(keys.length <= 16 && isCount(threshold) && threshold <= keys.length, "a set of keys");
  const known = new Map((await Promise.all(keys.map(keyOf))).map((key) => [key.id, key]));
  need(known.size === keys.length, "every key once");
  for (const { id, value } of signatures) {
    need(known.has(id), `keys of ${whose}`, id);
    need(await known.get(id).verifies(message, value), `a signature by ${id} of ${whose}`, "one that does not verify");
  }
  need(signatures.length >= threshold, `${threshold} signatures of ${whose}`, signatures.length);
}
const pae = (payload) => joined(utf8(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `), payload);

// ---- whose keys those are, and whether they stood: a fold over the entries of a bundle, in the order of the log ----
const FORCED = ["consultation.opened", "measure.reinstated"], WORDS = ["act.confirmed", "act.repudiated"],
  MANDATES = ["authority.granted", "authority.revoked"];
const OF_AUTHORITIES = ["ledger.opened", "party.admitted", "log_keys.adopted", ...MANDATES, ...WORDS];
const covers = (one, type) => one === "*" || one === type || (one.endsWith(".*") && type.startsWith(one.slice(0, -1)));
const scaled = (amount) => BigInt(amount.replace(/\.(.*)/, "") + (amount.split(".")[1] ?? "").padEnd(6, "0"));
const isWithin = (own, given) => given.events.every((type) => own.events.some((one) => covers(one, type)))
  && (!own.categories || (given.categories ?? [null]).every((one) => own.categories.includes(one)))
  && (!own.cap || (given.cap?.currency === own.cap.currency && scaled(given.cap.amount) <= scaled(own.cap.amount)));
function registered({ event: e, position: at }) {
  const first = ({ authority, keys }, party, standing) => ({ id: authority, keys, party, standing, at, scope: { events: ["*"] }, from: e.issued_at });
  if (e.type === "ledger.opened") return [first(e.root, e.party, "principal"),
    first({ authority: `${e.party}/service`, keys: { keys: [e.service_key], threshold: 1 } }, e.party, "service")];
  if (e.type === "party.admitted") return [first(e.principal, e.subject, "principal"), ...(e.recovery ? [first(e.recovery, e.subject, "recovery")] : [])];
  if (e.type !== "authority.granted") return [];
  return [{ id: e.granted, keys: e.keys, party: e.party, standing: e.standing, at, scope: e.scope, from: e.valid_from, until: e.valid_until }];
}
function checkStanding(signer, { event: e, at }) {
  need(signer.revoked === undefined && !signer.contested, `${signer.id} in force`, signer.revoked ? `revoked at ${signer.revoked}` : "contested");
  if (signer.standing === "service") return need(FORCED.includes(e.type), `one of ${FORCED}`, e.type);
  need(at >= micros(signer.from) && (signer.until == null || at < micros(signer.until)), `${signer.id} at this time`);
  need(micros(e.issued_at) <= at + 300_000_000n, "an act that is not of the future", e.issued_at);
  const isOfMandates = MANDATES.includes(e.type), mayGrant = signer.standing !== "delegated", isPrincipal = signer.standing === "principal";
  need(isOfMandates ? mayGrant : signer.standing !== "recovery" && (isPrincipal || !WORDS.includes(e.type)), `an act for ${signer.id}`, e.type);
  return need(signer.scope.events.some((one) => covers(one, e.type)), `one of ${signer.scope.events}`, e.type);
}
async function foldAuthorities(entries, act, origin) {
  const known = new Map(), acts = new Map(), opening = entries[0].event;
  let ledgerKeys = opening.log_keys;
  const contest = (by, authority, since) => {
    for (const one of acts.values()) if (one.event.authority === authority && one.at >= since) for (const { id } of registered(one)) {
      const granted = known.get(id), isAbove = granted.standing === "recovery" && !(by.standing === "recovery" && by.at < granted.at);
      if (one.event.type === "party.admitted" || (one.event.type === "authority.granted" && !isAbove)) granted.contested = true;
    }
  };
  const change = (entry, signer) => {
    const e = entry.event, ofOther = (party) => { if (party !== e.party) throw new Undecided(`entry ${entry.position}: only an audit shows a successor`); };
    if (e.type === "party.admitted") need(e.party === opening.party, "an admission by the depositary", e.party);
    if (e.type === "authority.granted") need(signer.standing === "recovery" ? e.standing === "principal"
      : isWithin(signer.scope, e.scope) && ["principal", "delegated", "recovery"].includes(e.standing), "a mandate that the signer may grant");
    if (e.type === "log_keys.adopted") ledgerKeys = e.party === opening.party ? e.log_keys : fail("keys adopted by the depositary", e.party);
    if (e.type === "authority.revoked") {
      const target = known.get(e.revoked) ?? fail("an authority of this bundle", e.revoked);
      ofOther(target.party);
      const isDated = e.reason !== "compromised" || e.contested_since != null;
      need(target.standing !== "service" && target.revoked === undefined && isDated, "an authority in force, and since when", e.revoked);
      need(target.standing !== "recovery" || (signer.standing === "recovery" && signer.at <= target.at), "an older recovery authority", signer.id);
      Object.assign(target, { revoked: entry.position, why: e.reason, since: e.contested_since == null ? undefined : micros(e.contested_since) });
      if (target.since !== undefined) contest(signer, e.revoked, target.since);
    }
    if (WORDS.includes(e.type) && (entry !== act || acts.has(e.act))) {
      const target = (acts.get(e.act) ?? fail("an act of this bundle", e.act)).event, granted = known.get(target.granted);
      if (target.type !== "authority.granted") throw new Undecided(`entry ${entry.position}: only an audit weighs a word on ${target.type}`);
      ofOther(target.party);
      need(granted.contested, "a contested act", e.act);
      granted.contested = false;
      if (e.type === "act.repudiated") {
        const since = micros(granted.from);
        if (granted.revoked === undefined) Object.assign(granted, { revoked: entry.position, why: "repudiated", since });
        contest(signer, granted.id, since);
      }
    }
  };
  for (const entry of entries) {
    const e = entry.event, opens = entry.position === 1, fresh = registered(entry);
    need(e.ledger === origin && opens === (e.type === "ledger.opened") && !acts.has(e.id), "each act once, for this ledger, first its opening", e.type);
    need(entry === act || OF_AUTHORITIES.includes(e.type), "nothing beside the act but what is about authorities", e.type);
    const signer = (opens ? fresh[0] : known.get(e.authority)) ?? fail("an authority that the bundle registers", e.authority);
    need(signer.id === e.authority && signer.party === e.party, `an authority of ${e.party}`, e.authority);
    await checkSigned(pae(entry.payload), entry.signatures, signer.keys, signer.id);
    for (const { id, keys, party } of fresh) {
      need(id.startsWith(`${party}/`) && !known.has(id) && new Set(fresh.map((one) => one.id)).size === fresh.length, "a new authority of its party", id);
      for (const record of keys.keys) {
        const key = await keyOf(record), message = utf8(`guarantee-ledger/possession/v1\n${origin}\n${id}\n${key.id}\n`);
        await checkSigned(message, [{ id: key.id, value: base64(record.proof) }], { keys: keys.keys, threshold: 1 }, id);
      }
    }
    if (!opens) checkStanding(signer, entry);
    const { sequence: done, payload: last } = signer.last ?? { sequence: 0, payload: null };
    need(e.sequence > done && (e.sequence > 1 || e.previous === ZEROS), `an act after number ${done} of ${signer.id}`, e.sequence);
    need(!last || e.sequence > done + 1 || e.previous === hex(await sha256(last)), `act ${done} of ${signer.id} before`, e.previous);
    signer.last = { sequence: e.sequence, payload: entry.payload };
    change(entry, signer);
    acts.set(e.id, entry);
    for (const one of fresh) known.set(one.id, one);
  }
  const { revoked, why, since } = known.get(act.event.authority), isDoubted = since !== undefined && revoked > act.position && since <= act.at;
  const doubt = isDoubted ? `its authority was later revoked (${why}), and this act put in doubt` : null;
  return { ledgerKeys: await Promise.all(ledgerKeys.map(parseVkey)), doubt, revokedLater: revoked ?? null };
}

// ---- receipts, bundles, exports ----
const told = ({ position, recorded_at, sha256: digest, event }, rest) => ({ position, recorded_at, entry_sha256: digest,
  event: event.id, type: event.type, party: event.party, authority: event.authority, ...rest });
export async function verifyReceipt(receipt, raw, trust) {
  const cut = receipt.findIndex((one, at) => one === 10 && receipt[at + 1] === 10);
  const [header, ...lines] = text(receipt.subarray(0, Math.max(cut, 0))).split("\n");
  need(header === "c2sp.org/tlog-proof@v1", "a tlog-proof", shown(header));
  if (lines[0]?.startsWith("extra ")) need(base64(lines.shift().slice(6)).length > 0, "something extra", "nothing");
  const index = decimal((/^index (.*)$/.exec(lines.shift() ?? "") ?? fail("a line 'index'"))[1]), proof = lines.map(hashOf);
  const entry = await parseEntry(raw.at(-1) === 10 ? raw.slice(0, -1) : raw);
  need(BigInt(entry.position) === index + 1n && proof.length <= 63, `index ${entry.position - 1}`, index);
  const checkpoint = await openCheckpoint(receipt.slice(cut + 2), trust);
  await verifyInclusion(index, checkpoint.size, entry.leaf, proof, checkpoint.root);
  return told(entry, { checkpoint });
}
export async function parseBundle(raw) {
  let at = 0;
  const line = () => {
    const end = raw.indexOf(10, at);
    need(end >= 0, "another line", "the end");
    return raw.slice(at, (at = end + 1) - 1);
  };
  const words = (name, count) => {
    const [first, ...rest] = text(line()).split(" ");
    need(first === name && rest.length === count, `a line of '${name}' and ${count} more`, shown(first));
    return rest;
  };
  const number = (name, most) => decimal(words(name, 1)[0], most);
  need(raw.length <= 20971520 && text(line()) === "guarantee-ledger bundle v1", "a bundle of at most 20 MiB");
  const [stated] = words("sha256", 1), own = hex(await sha256(raw.subarray(at)));
  need(stated === own, `SHA-256 ${own} of what follows`, shown(stated));
  const act = number("act"), entries = Array.from({ length: Number(number("entries", 256n)) }, () => {
    const [index, hashes] = words("entry", 2), entry = line();
    return { index: decimal(index), raw: entry, proof: Array.from({ length: Number(decimal(hashes, 63n)) }, () => hashOf(text(line()))) };
  });
  need(entries.every((one, i) => i === 0 || entries[i - 1].index < one.index), "entries in the order of the tree");
  need(entries.some((one) => one.index === act), `the entry of index ${act}`);
  const count = Number(number("policy", 262144n)), from = at;
  for (let nth = 0; nth < count; nth++) line();
  const policy = raw.slice(from, at);
  need(count > 0 && text(line()) === "checkpoint", "a policy, and a line 'checkpoint'");
  return { act, entries, policy, note: raw.slice(at) };
}
export async function verifyBundle(raw, trust) {
  const bundle = await parseBundle(raw), own = await parsePolicy(bundle.policy);
  const entries = await Promise.all(bundle.entries.map((one) => parseEntry(one.raw))), act = entries[bundle.entries.findIndex((one) => one.index === bundle.act)];
  need(entries[0].event.type === "ledger.opened", "the opening of the ledger first", entries[0].event.type);
  need(!trust.anchor || entries[0].sha256 === trust.anchor, `a first entry with SHA-256 ${trust.anchor}`, entries[0].sha256);
  const { origin } = await parseCheckpoint(parseNote(bundle.note).text);
  const folded = await foldAuthorities(entries, act, origin).catch((error) => {
    // A member that is missing or of another kind: what was signed is no act.
    throw error instanceof TypeError ? new Invalid(`expected acts of the documented form; got ${error.message}`) : error;
  });
  const checkpoint = await openCheckpoint(bundle.note, trust, folded.ledgerKeys, own);
  for (const [i, entry] of entries.entries()) {
    const { index, proof } = bundle.entries[i], before = entries[i - 1];
    need(BigInt(entry.position) === index + 1n, `position ${index + 1n}`, entry.position);
    need(i === 0 || before.at <= entry.at, "times that never go back", entry.recorded_at);
    need(before?.position + 1 !== entry.position || entry.previous === before.sha256, "the entry before", entry.previous);
    await verifyInclusion(index, checkpoint.size, entry.leaf, proof, checkpoint.root);
  }
  return told(act, { checkpoint, signed_with: act.signatures.map((one) => one.id), doubt: folded.doubt, revoked_later: folded.revokedLater, anchor: entries[0].sha256 });
}
export async function verifyExport(raw, note, trust) {
  let size = 0n, before = null, first = null, peaks = [];
  for (let at = 0, end; at < raw.length; at = end + 1) {
    end = raw.indexOf(10, at);
    need(end >= 0, "a line feed after the last entry");
    const entry = await parseEntry(raw.slice(at, end));
    need(BigInt(entry.position) === size + 1n && entry.previous === (before?.sha256 ?? ZEROS), `entry ${size + 1n}, which names the one before`);
    need(before === null || before.at <= entry.at, "times that never go back", entry.recorded_at);
    first ??= entry;
    before = entry;
    let hash = entry.leaf;
    for (let ends = size; ends & 1n; ends >>= 1n) hash = await nodeHash(peaks.pop(), hash);
    peaks.push(hash);
    size += 1n;
  }
  if (first === null) throw new Undecided("an export without entries");
  need(first.event.type === "ledger.opened" && (trust.anchor ?? first.sha256) === first.sha256, "the opening of the ledger that you pinned", first.sha256);
  const checkpoint = await openCheckpoint(note, trust, await Promise.all(first.event.log_keys.map(parseVkey)));
  let root = peaks.pop();
  while (peaks.length) root = await nodeHash(peaks.pop(), root);
  need(size === checkpoint.size && same(root, checkpoint.root), `the ${checkpoint.size} entries of the signed root`, `${size} entries`);
  return { checkpoint, entries: Number(size), anchor: first.sha256, last: before.sha256 };
}
