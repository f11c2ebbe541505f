#!/usr/bin/env bash
# Start docker-compose.yml under a name of its own, run the demonstration through the proxy, audit what was recorded
# from outside, and take everything down again, its data included. Leaves other stacks alone.
#
#   deploy/try-compose.sh
#
# LEDGER_IMAGE, PROXY_IMAGE   images to use; what is not named is built here, on BASE_IMAGE if that is given
# POSTGRES_IMAGE, PORT        as in docker-compose.yml (PORT: 18080)
# GLEDGER                     the client (.venv/bin/gledger)
# ENGINE                      docker or podman (docker, if it has compose)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
engine=${ENGINE:-$(docker compose version >/dev/null 2>&1 && echo docker || echo podman)}
gledger=${GLEDGER:-.venv/bin/gledger}
name=guarantee-ledger-try
export PORT=${PORT:-18080} BIND=127.0.0.1
url=http://127.0.0.1:$PORT
work=$(mktemp -d)
export LEDGER_SECRETS=$work/secrets

compose() {
  case $engine in
    docker) docker compose -p "$name" "$@" ;;
    *) podman-compose -p "$name" "$@" ;;
  esac
}

image() {  # image NAME DOCKERFILE CONTEXT
  echo "building $1" >&2
  BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot} "$engine" build -q -t "$1" -f "$2" \
    ${BASE_IMAGE:+--build-arg BASE_IMAGE="$BASE_IMAGE"} "$3" >/dev/null
}

finish() {
  local code=$?
  if [ "$code" -ne 0 ]; then compose logs --tail 60 >&2 || true; fi
  compose down -v >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$code"
}

answer() {  # answer PATH [CURL OPTIONS]: the status code alone
  local path=$1
  shift
  curl -s -o /dev/null -w '%{http_code}' "$@" "$url$path" || true
}

ready() {  # wait until the ledger answers through the proxy, two minutes at most
  for _ in $(seq 120); do
    [ "$(answer /readyz)" = 200 ] && return
    sleep 1
  done
}

expect() {  # expect CODE WHAT GOT
  [ "$3" = "$1" ] || { echo "$2: expected $1, got $3" >&2; exit 1; }
  echo "$2: $3"
}

if [ -z "${LEDGER_IMAGE:-}" ]; then
  export LEDGER_IMAGE=localhost/guarantee-ledger:try
  image "$LEDGER_IMAGE" Dockerfile .
fi
if [ -z "${PROXY_IMAGE:-}" ]; then
  export PROXY_IMAGE=localhost/guarantee-ledger-proxy:try
  image "$PROXY_IMAGE" deploy/proxy.Dockerfile deploy
fi

trap finish EXIT
deploy/make-secrets.sh "$LEDGER_SECRETS"
compose up -d --no-build
ready
expect 200 "ready through the proxy" "$(answer /readyz)"
expect 404 "metrics from outside" "$(answer /metrics)"
head -c 17000000 /dev/zero > "$work/large"
expect 413 "a body of 17 MB" "$(answer /v1/events --data-binary @"$work/large")"

"$gledger" demo --url "$url" --no-serve --data "$work/demo"
compose restart ledger >/dev/null
ready
expect 200 "ready after a restart of the ledger" "$(answer /readyz)"
"$gledger" audit "$url"
echo "the stack works: submissions through the proxy have receipts that verify, and the audit is clean"
