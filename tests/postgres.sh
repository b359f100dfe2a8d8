#!/usr/bin/env bash
# Runs the suite of the log on a PostgreSQL server of its own: a cluster in a temporary directory, on a socket there and
# on no port, started by a user who is not root and stopped at the end. Installs Debian's postgresql where it is root
# and there is none; without a server the suite runs all the same, and its PostgreSQL tests say that they are skipped.
#
#   tests/postgres.sh                 cargo test --features postgres --test log
#   tests/postgres.sh cargo bench …   another command with DIVERT_TEST_POSTGRES set
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- cargo test --features postgres --test log

programs() {
  for directory in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin /usr/local/bin /usr/bin; do
    if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
      echo "$directory"
      return
    fi
  done
}

bin=$(programs)
if [ -z "$bin" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  (apt-get update -qq && apt-get install -y -qq postgresql) >/dev/null || true
  bin=$(programs)
fi
if [ -z "$bin" ]; then
  echo "no PostgreSQL server here: its tests are skipped"
  exec "$@"
fi

# Short, for the name of a socket may have no more than 107 bytes.
scratch=$(mktemp -d /tmp/divert-pg.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
  # The server refuses to run as root.
  id postgres >/dev/null 2>&1 || useradd --system --home-dir "$scratch" postgres
  chown postgres "$scratch"
  as=(setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups)
fi
chmod 755 "$scratch"
stop() {
  (cd / && "${as[@]}" "$bin/pg_ctl" --pgdata="$scratch/data" --mode=immediate --silent stop) || true
  rm -rf "$scratch"
}
trap stop EXIT

(
  cd /
  "${as[@]}" "$bin/initdb" --pgdata="$scratch/data" --username=postgres --auth=trust --encoding=UTF8 --no-sync >/dev/null
  "${as[@]}" "$bin/pg_ctl" --pgdata="$scratch/data" --log="$scratch/server.log" --silent --wait \
    --options="-c listen_addresses='' -c unix_socket_directories='$scratch' -c fsync=off" start
)
export DIVERT_TEST_POSTGRES="postgres://postgres@/postgres?host=${scratch//\//%2F}"
"$@"
