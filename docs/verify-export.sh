#!/bin/sh
# Usage: sh verify-export.sh DIRECTORY [SHA-256 of entry 1, as you know it from elsewhere]
# Checks an export with jq, sha256sum and openssl only: every entry has the next position and names the SHA-256 of the
# entry before it, and the first entry, ledger.opened, is signed (Ed25519, DSSE) by the first root key that it names.
set -eu
export LC_ALL=C
fail() { echo "INVALID: $*" >&2; exit 1; }
entries=${1:?name the directory of an export}/entries.ndjson
[ -r "$entries" ] || { echo "UNDECIDED: no file $entries" >&2; exit 3; }
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
jq -r '"\(.position) \(.previous)"' "$entries" >"$work/named" 2>/dev/null || fail "a line that is not JSON"
position=0 previous=0000000000000000000000000000000000000000000000000000000000000000 anchor=
while IFS= read -r entry; do
  position=$((position + 1))
  IFS= read -r named <&3 && [ "$named" = "$position $previous" ] ||
    fail "entry $position: expected '$position $previous'; got '$named'"
  previous=$(printf '%s' "$entry" | sha256sum) && previous=${previous%% *}
  [ -n "$anchor" ] || { anchor=$previous && printf '%s' "$entry" >"$work/opening"; }
done <"$entries" 3<"$work/named"
[ -z "$entry" ] || fail "bytes after the last line feed"
[ -n "$anchor" ] || fail "no entry"
[ "${2:-$anchor}" = "$anchor" ] || fail "entry 1 has another SHA-256: $anchor"
jq -j '.envelope | (.payload | @base64d) as $p | "DSSEv1 \(.payloadType | utf8bytelength) \(.payloadType) " +
  "\($p | utf8bytelength) \($p)"' "$work/opening" >"$work/signed"
jq -r '.envelope.payload | @base64d | fromjson | .root.keys.keys[0].public_key' "$work/opening" | openssl base64 -d -A >"$work/key"
id=$(sha256sum <"$work/key") && id=${id%% *}
jq -r ".envelope.signatures[] | select(.keyid == \"$id\").sig" "$work/opening" | openssl base64 -d -A >"$work/signature"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" -rawin -in "$work/signed" -sigfile "$work/signature" >&2 || fail signature
echo "OK: $position entries in one chain, signed beginning $anchor, end $previous"
