#!/usr/bin/env bash
# Make the secrets that docker-compose.yml reads, unless they are there: never overwrites one.
#
#   deploy/make-secrets.sh [FOLDER]        default: deploy/secrets
#
#   postgres.env      POSTGRES_PASSWORD=…, for PostgreSQL
#   database_url      postgresql://ledger:…@postgres:5432/ledger, for the ledger
#   ledger_key.pem    the Ed25519 key (PKCS#8) that signs checkpoints and what the rules force
#
# The folder can be entered by its owner only; the files in it are readable, because each is mounted alone into a
# container whose user is not the owner. Keep a copy of ledger_key.pem where the machine's loss cannot reach it.
set -euo pipefail
folder=${1:-$(dirname "${BASH_SOURCE[0]}")/secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

# Written aside and renamed, so that an interrupted run leaves no half a secret.
keep() {
  cat > "$folder/.new"
  test -s "$folder/.new"
  chmod 444 "$folder/.new"
  mv "$folder/.new" "$folder/$1"
  echo "made $folder/$1" >&2
}

if [ -e "$folder/postgres.env" ] && [ -e "$folder/database_url" ]; then
  echo "kept $folder/postgres.env and database_url" >&2
elif [ -e "$folder/postgres.env" ] || [ -e "$folder/database_url" ]; then
  echo "$folder: only one of postgres.env and database_url is there; restore the other or remove both" >&2
  exit 1
else
  password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  printf 'POSTGRES_PASSWORD=%s\n' "$password" | keep postgres.env
  printf 'postgresql://ledger:%s@postgres:5432/ledger\n' "$password" | keep database_url
fi

if [ -e "$folder/ledger_key.pem" ]; then
  echo "kept $folder/ledger_key.pem" >&2
else
  openssl genpkey -algorithm ed25519 | keep ledger_key.pem
fi
