#!/bin/sh
# Installs what onekey-agent needs, with apt-get, and only what is missing.
#
#   packaging/install-deps.sh build         the compiler and the libraries
#   packaging/install-deps.sh build demo    also what the stand-in platform runs on
#   packaging/install-deps.sh test          everything that tests/run.sh uses
#   packaging/install-deps.sh --list SET... prints the packages and installs nothing
#
# Debian 12 or newer. Nothing is fetched when nothing is missing, so that it can stand at the
# start of every script.
set -eu

build='build-essential cmake ninja-build pkg-config ca-certificates
    libuv1-dev libcurl4-openssl-dev libyaml-dev libsqlite3-dev libjansson-dev libpcre2-dev
    libssl-dev zlib1g-dev libexpat1-dev scdoc'
# The stand-in runs on Debian's own /usr/bin/python3: these are its modules, not pip's. The agent
# looks up time zones in tzdata, which a minimal Debian does not have.
demo='python3 python3-aiohttp python3-graphql-core python3-cryptography tzdata'
test='libcmocka-dev python3-pytest python3-pytest-xdist python3-yaml python3-jsonschema
    libxml2-utils groff-base zsh fish shellcheck yamllint
    clang clang-format-14 clang-tidy-14 libclang-rt-14-dev cppcheck
    curl sqlite3 openssl procps strace util-linux'

wanted=
list_only=
for set in "${@:-build}"; do
    case $set in
    build) wanted="$wanted $build" ;;
    demo) wanted="$wanted $demo" ;;
    test) wanted="$wanted $build $demo $test" ;;
    --list) list_only=1 ;;
    *)
        echo "usage: $0 [--list] [build] [demo] [test]" >&2
        exit 64
        ;;
    esac
done

if [ -n "$list_only" ]; then
    # shellcheck disable=SC2086
    printf '%s\n' ${wanted:-$build} | sort -u
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "$0: no apt-get here; install what '$0 --list' names by its Debian names" >&2
    exit 69
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "$0: missing and neither root nor sudo to install them:$missing" >&2
        exit 77
    fi
    as_root=sudo
fi
echo "installing:$missing"
# env, since sudo passes no variables on
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@"
}
apt update
# shellcheck disable=SC2086
# what dpkg tells about each package helps nobody; errors come on stderr
apt install --no-install-recommends $missing >/dev/null
