// Events appended by @event-driven-io/emmett-postgresql: unsigned, each stream new.
//
//   node emmett.mjs CONNECTION FILE FIRST COUNT BATCH   prints events appended in a second
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";

const [connectionString, file, ...numbers] = process.argv.slice(2);
const [first, count, batch] = numbers.map(Number);
const events = [];
let at = 0;
for await (const envelope of createInterface({ input: createReadStream(file) })) {
  if (at >= first + count) break;
  if (at++ >= first) events.push({ type: "ActSubmitted", data: { envelope } });
}
const store = getPostgreSQLEventStore(connectionString);
const run = `${process.pid}-${Date.now()}`;
await store.appendToStream(`warm-${run}`, [events[0]]);
const began = performance.now();
for (let done = 0; done < events.length; done += batch) {
  await store.appendToStream(`stream-${run}-${done}`, events.slice(done, done + batch));
}
console.log(events.length / ((performance.now() - began) / 1000));
await store.close();
