# shellcheck shell=bash
# A PostgreSQL database for the tests; sourced by .ci/steps.sh. Taken in this order: the database that
# FRONTDESK_TEST_POSTGRES names; a new database on the server at 127.0.0.1:5432, if it lets us in; a
# new server.

postgres_url=
postgres_database=
postgres_folder=
postgres_as=()

# Exports FRONTDESK_TEST_POSTGRES, or fails.
postgres_start() {
    if [[ -n ${FRONTDESK_TEST_POSTGRES:-} ]]; then
        echo 'using the database that FRONTDESK_TEST_POSTGRES names'
        return
    fi
    if ! postgres_use_running; then
        postgres_find_programs || postgres_install
        postgres_start_own
    fi
    postgres_database=frontdesk_ci_$$
    psql -qX "$postgres_url/postgres" -c "CREATE DATABASE $postgres_database" >/dev/null
    if ! postgres_has_btree_gist; then
        echo 'btree_gist is missing: installing the contrib modules'
        postgres_packages postgresql-contrib
        postgres_has_btree_gist || { echo 'btree_gist can not be had' >&2; return 1; }
    fi
    export FRONTDESK_TEST_POSTGRES="$postgres_url/$postgres_database"
    psql -X -Atq "$FRONTDESK_TEST_POSTGRES" -c 'SELECT version()'
}

# Drops the database and stops the server that postgres_start made.
postgres_stop() {
    if [[ -n $postgres_database ]]; then
        psql -qX "$postgres_url/postgres" \
            -c "DROP DATABASE IF EXISTS $postgres_database WITH (FORCE)" >/dev/null 2>&1 || true
        postgres_database=
    fi
    if [[ -n $postgres_folder ]]; then
        "${postgres_as[@]}" pg_ctl -D "$postgres_folder/data" -m immediate stop >/dev/null 2>&1 || true
        rm -rf "$postgres_folder"
        postgres_folder=
    fi
}

# Succeeds if the server on the usual port lets us make databases.
postgres_use_running() {
    command -v psql >/dev/null || return 1
    local user may
    for user in postgres root test "$(id -un)"; do
        may=$(PGCONNECT_TIMEOUT=3 psql -wXAtq "postgres://$user@127.0.0.1:5432/postgres" \
            -c 'SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user' \
            2>/dev/null) || continue
        if [[ $may == t ]]; then
            postgres_url="postgres://$user@127.0.0.1:5432"
            echo "using the server on 127.0.0.1:5432 as $user"
            return
        fi
    done
    return 1
}

# Puts the programs of the newest installed server on the path.
postgres_find_programs() {
    command -v initdb >/dev/null && command -v pg_ctl >/dev/null && return
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null |
        sort -V | tail -n 1)
    [[ -n $newest && -x $newest/initdb ]] || return 1
    PATH="$newest:$PATH"
}

postgres_install() {
    echo 'installing PostgreSQL'
    postgres_packages postgresql
    postgres_find_programs || { echo 'PostgreSQL can not be had' >&2; return 1; }
}

postgres_packages() {
    local as=()
    if [[ $(id -u) -ne 0 ]]; then as=(sudo -n); fi
    "${as[@]}" apt-get update -q
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y "$@"
}

# A throw-away server on a free port. PostgreSQL refuses to run as root.
postgres_start_own() {
    postgres_folder=$(mktemp -d)
    if [[ $(id -u) -eq 0 ]]; then
        postgres_as=(runuser -u postgres -- env "PATH=$PATH")
        chown postgres "$postgres_folder"
    fi
    local port
    for port in $(shuf -i 20000-29999 -n 20); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    cd "$postgres_folder" || return
    "${postgres_as[@]}" initdb -D "$postgres_folder/data" -U postgres -A trust -E UTF8 \
        --locale=C.UTF-8 --no-sync >"$postgres_folder/initdb.log"
    "${postgres_as[@]}" pg_ctl -D "$postgres_folder/data" -l "$postgres_folder/log" -w -t 60 start \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off" >/dev/null
    cd - >/dev/null || return
    postgres_url="postgres://postgres@127.0.0.1:$port"
    echo "started a server of our own on 127.0.0.1:$port"
}

postgres_has_btree_gist() {
    psql -qX "$postgres_url/$postgres_database" -c \
        'CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public' >/dev/null
}
