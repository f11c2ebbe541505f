#!/usr/bin/env node
// node cli.mjs receipt RECEIPT ENTRY | bundle FILE | export DIR    --vkey KEY… --origin O --policy FILE --anchor SHA256
// node cli.mjs proofs FILE                                          inclusion and consistency alone, no keys
// Ends with 0 valid, 1 proven invalid, 2 usage, 3 cannot decide; what is proven goes to stdout as JSON.
//
// FILE of proofs: a JSON array of claims, {"kind":"inclusion","index","size","leaf","root","proof"} or
// {"kind":"consistency","old_size","new_size","old_root","new_root","proof"}, numbers as text and hashes in base64; the
// answer says for each whether it holds. Or, for many of one tree, binary, big-endian: "GLPROOFS", size (8), root (32),
// then for each claim its kind (1: 0 inclusion, 1 consistency), index or old size (8), leaf hash or old root (32), the
// number of hashes (1), the hashes.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as verifier from "./verify.mjs";

const { Invalid, Undecided } = verifier;
class Usage extends Error {}
const VALID = 0, INVALID = 1, USAGE = 2, UNDECIDED = 3;
const MAGIC = "GLPROOFS";
const OPTIONS = {
  vkey: { type: "string", multiple: true }, origin: { type: "string" },
  policy: { type: "string" }, anchor: { type: "string" },
};

async function read(path) {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new Undecided(`${path}: ${error.code}`);
  }
}

async function trustOf({ vkey, origin, policy, anchor }) {
  const trust = { vkeys: vkey ?? [], origin, anchor };
  if (policy !== undefined) trust.policy = new TextDecoder().decode(await read(policy));
  if (!trust.vkeys.length && !trust.policy && !anchor) throw new Usage("somebody to believe: --vkey, --policy or --anchor");
  // What the caller gives is the caller's own: a mistake in it says nothing about the file.
  try {
    for (const one of trust.vkeys) await verifier.parseVkey(one);
    if (trust.policy) await verifier.parsePolicy(verifier.utf8(trust.policy));
  } catch (error) {
    throw new Usage(error.message);
  }
  return trust;
}

async function holds(check) {
  try {
    await check();
    return true;
  } catch (error) {
    if (error instanceof Invalid) return false;
    throw error;
  }
}

function claimOf(claim) {
  const hash = verifier.base64, proof = (claim.proof ?? []).map(hash);
  if (claim.kind === "inclusion") {
    return verifier.verifyInclusion(BigInt(claim.index), BigInt(claim.size), hash(claim.leaf), proof, hash(claim.root));
  }
  return verifier.verifyConsistency(
    BigInt(claim.old_size), BigInt(claim.new_size), hash(claim.old_root), hash(claim.new_root), proof,
  );
}

async function verifyMany(raw) {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const size = view.getBigUint64(8), root = raw.subarray(16, 48), count = [0, 0];
  for (let at = 48; at < raw.length;) {
    const kind = raw[at], number = view.getBigUint64(at + 1), hash = raw.subarray(at + 9, at + 41);
    const proof = Array.from({ length: raw[at + 41] }, (_, i) => raw.subarray(at + 42 + 32 * i, at + 74 + 32 * i));
    at += 42 + 32 * proof.length;
    if (kind === 0) await verifier.verifyInclusion(number, size, hash, proof, root);
    else await verifier.verifyConsistency(number, size, hash, root, proof);
    count[kind] += 1;
  }
  return { size: Number(size), inclusion: count[0], consistency: count[1] };
}

async function verifyProofs(raw) {
  if (new TextDecoder().decode(raw.subarray(0, MAGIC.length)) === MAGIC) return verifyMany(raw);
  const answers = [];
  for (const claim of JSON.parse(new TextDecoder().decode(raw))) answers.push(await holds(async () => claimOf(claim)));
  return answers;
}

async function run(command, files, options) {
  const counts = { receipt: 2, bundle: 1, export: 1, proofs: 1 };
  if (files.length !== counts[command]) throw new Usage("receipt RECEIPT ENTRY, bundle FILE, export DIR or proofs FILE");
  if (command === "proofs") return verifyProofs(await read(files[0]));
  const trust = await trustOf(options);
  if (command === "receipt") return verifier.verifyReceipt(await read(files[0]), await read(files[1]), trust);
  if (command === "bundle") return verifier.verifyBundle(await read(files[0]), trust);
  return verifier.verifyExport(await read(join(files[0], "entries.ndjson")), await read(join(files[0], "checkpoint")), trust);
}

function writable(name, value) {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Uint8Array ? verifier.hex(value) : value;
}

async function main() {
  try {
    const { values, positionals: [command, ...files] } = parseArgs({ allowPositionals: true, options: OPTIONS });
    const proven = await run(command, files, values);
    console.log(JSON.stringify(proven, writable));
    return Array.isArray(proven) && !proven.every(Boolean) ? INVALID : VALID;
  } catch (error) {
    const isUsage = error instanceof Usage || error.code?.startsWith("ERR_PARSE_ARGS");
    const kind = error instanceof Invalid ? INVALID : error instanceof Undecided ? UNDECIDED : isUsage ? USAGE : null;
    if (kind === null) throw error;
    console.error(`${["", "invalid", "usage", "undecided"][kind]}: ${error.message}`);
    return kind;
  }
}

process.exitCode = await main();
