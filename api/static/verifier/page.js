// The page around verify.mjs: takes a bundle and whom to believe, and says the verdict in plain words.

import { Invalid, Undecided, parsePolicy, parseVkey, utf8, verifyBundle } from "./verify.mjs";

const BYTES_MAX = 20971520;
const field = (id) => document.getElementById(id);
const WORDS = {
  valid: "Valid",
  invalid: "Proven invalid",
  undecided: "Cannot decide",
};

async function givenBundle() {
  const [file] = field("file").files;
  if (file && file.size > BYTES_MAX) throw new Invalid("expected a bundle of at most 20 MiB; got a larger file");
  if (file) return new Uint8Array(await file.arrayBuffer());
  // A text field has line feeds alone; what else a paste may have changed, the digest in the bundle tells.
  const pasted = field("text").value;
  if (pasted.trim() === "") throw new Undecided("no bundle: choose a file, or paste its text");
  return utf8(pasted.endsWith("\n") ? pasted : `${pasted}\n`);
}

async function believed() {
  const trimmed = (id) => field(id).value.trim();
  const trust = {
    vkeys: trimmed("vkeys").split(/\s*\n\s*/).filter((line) => line !== ""),
    anchor: trimmed("anchor").toLowerCase() || undefined,
    policy: trimmed("policy") === "" ? undefined : `${trimmed("policy")}\n`,
  };
  if (!trust.vkeys.length && !trust.anchor && !trust.policy) throw new Undecided("nobody to believe: give a key of the log");
  // A mistake in what you give says nothing about the bundle.
  try {
    for (const vkey of trust.vkeys) await parseVkey(vkey);
    if (trust.policy) await parsePolicy(utf8(trust.policy));
  } catch (error) {
    throw new Undecided(`what you believe cannot be read: ${error.message}`);
  }
  return trust;
}

function factsOf(proven) {
  const { checkpoint } = proven;
  return {
    "Act": `${proven.type} ${proven.event}`,
    "Signed for": `${proven.party}, as ${proven.authority}`,
    "Keys that signed": proven.signed_with.join(" "),
    "Recorded": `${proven.recorded_at}, as entry ${proven.position} of ${checkpoint.origin}`,
    "In a tree of": `${checkpoint.size} entries, root ${checkpoint.root}`,
    "Tree signed by": Object.keys(checkpoint.signers).join(" "),
    "SHA-256 of the entry": proven.entry_sha256,
    "SHA-256 of entry 1": proven.anchor,
  };
}

function notesOf(proven) {
  const { unchecked, ownPolicyMet } = proven.checkpoint;
  return [
    proven.doubt === null ? null : `There is a doubt: ${proven.doubt}. Whether the act was confirmed, an audit shows.`,
    unchecked.length ? `Not checked, because browsers have no ML-DSA-44: the lines of ${unchecked.join(", ")}.` : null,
    ownPolicyMet ? null : "The policy in the bundle itself is not met. Nobody has to believe it.",
  ].filter((note) => note !== null);
}

function show(verdict, reason, facts, notes) {
  field("word").textContent = WORDS[verdict];
  field("reason").textContent = reason;
  field("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => {
    const term = document.createElement("dt"), description = document.createElement("dd");
    term.textContent = name;
    description.textContent = value;
    return [term, description];
  }));
  field("notes").replaceChildren(...notes.map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
  const section = field("verdict");
  section.dataset.verdict = verdict;
  section.hidden = false;
  section.focus();
}

async function verify() {
  try {
    const trust = await believed();
    const proven = await verifyBundle(await givenBundle(), trust);
    show("valid", "The log holds this act, and its signatures are those of the authority it names.", factsOf(proven), notesOf(proven));
  } catch (error) {
    // What nobody expected is a failure of this page, and says nothing about the bundle.
    const verdict = error instanceof Invalid ? "invalid" : "undecided";
    show(verdict, error.message, {}, []);
  }
}

field("form").addEventListener("submit", (event) => {
  event.preventDefault();
  verify();
});
