// node many.mjs FILE TRUST: the verdict on each of many bundles, each preceded by its length (4 bytes, big-endian).

import { readFileSync } from "node:fs";
import { Invalid, Undecided, verifyBundle } from "../../docs/verifier/verify.mjs";

const [file, trust] = process.argv.slice(2);
const raw = new Uint8Array(readFileSync(file));
const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
const codes = [];
for (let at = 0; at < raw.length;) {
  const end = at + 4 + view.getUint32(at);
  try {
    await verifyBundle(raw.slice(at + 4, end), JSON.parse(trust));
    codes.push(0);
  } catch (error) {
    if (!(error instanceof Invalid || error instanceof Undecided)) throw error;
    codes.push(error instanceof Invalid ? 1 : 3);
  }
  at = end;
}
console.log(JSON.stringify(codes));
