// node many.mjs FILE: the verdict on each of many bundles. Before each stand the length of what is believed of it, as
// JSON, and its own (4 bytes each, big-endian).

import { readFileSync } from "node:fs";
import { Invalid, Undecided, verifyBundle } from "../../docs/verifier/verify.mjs";

const raw = new Uint8Array(readFileSync(process.argv[2]));
const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
const codes = [];
for (let at = 0; at < raw.length;) {
  const begin = at + 8 + view.getUint32(at), end = begin + view.getUint32(at + 4);
  const trust = JSON.parse(new TextDecoder().decode(raw.subarray(at + 8, begin)));
  try {
    await verifyBundle(raw.slice(begin, end), trust);
    codes.push(0);
  } catch (error) {
    if (!(error instanceof Invalid || error instanceof Undecided)) throw error;
    codes.push(error instanceof Invalid ? 1 : 3);
  }
  at = end;
}
console.log(JSON.stringify(codes));
