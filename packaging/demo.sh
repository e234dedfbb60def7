#!/bin/sh
# The main job of onekey-agent, shown on this machine alone: a folder of firmware images goes to a
# stand-in for the platform, and firmware IDs and SBOMs come back; then the token expires, and work
# goes on after a new one. No account, no network but apt. Ends by itself, 0 when all was as told.
#
#   packaging/demo.sh           all of it, with the installation of what is missing
#   packaging/demo.sh --keep    leaves the folder with everything that was made
set -eu
cd "$(dirname "$0")/.."

python=/usr/bin/python3 # Debian's, which sees the modules that apt installs
agent=$PWD/build/onekey-agent
keep=
case ${1-} in
'') ;;
--keep) keep=1 ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac

heading() {
    printf '\n=== %s\n\n' "$1"
}

# Shows a command as one would type it, then what it prints.
show() {
    printf '$ %s\n' "$*" | sed "s|$agent|onekey-agent|; s|$work|\$DEMO|g"
    "$@"
}

fail() {
    printf '\ndemo: %s\n' "$1" >&2
    for log in agent.log standin.log; do
        [ ! -s "$work/$log" ] || tail -n 20 "$work/$log" | sed "s/^/$log: /" >&2
    done
    exit 1
}

# Tries a command five times a second until it succeeds.
wait_for() { # SECONDS WHAT COMMAND...
    tries=$(($1 * 5))
    what=$2
    shift 2
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "waited in vain for $what"
        [ -z "$agent_pid" ] || kill -0 "$agent_pid" 2>/dev/null || fail "the agent has ended"
        sleep 0.2
    done
}

heading 'What is needed, and the program'
packaging/install-deps.sh build demo
mkdir -p build
if ! { cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release &&
    cmake --build build --target onekey-agent; } >build/demo.log 2>&1; then
    cat build/demo.log >&2
    exit 1
fi
"$agent" --version

# Nobody's own configuration, token or proxy takes part.
for name in $(env | sed -n 's/^\(ONEKEY_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY

umask 077
work=$(mktemp -d "${TMPDIR:-/tmp}/onekey-demo.XXXXXX")
standin_pid=
agent_pid=
end() {
    status=$?
    trap - EXIT INT TERM
    for pid in $agent_pid $standin_pid; do kill "$pid" 2>/dev/null || :; done
    wait
    [ -n "$keep" ] && echo "kept: $work" || rm -rf "$work"
    exit $status
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the actors -----------------------------------------------------------------------------------

image() { # NAME KIBIBYTES
    mkdir -p "$work/images/$(dirname "$1")"
    # written under another name first: that is how a build should deliver
    head -c "$(($2 * 1024))" /dev/urandom >"$work/images/$1.part"
    mv "$work/images/$1.part" "$work/images/$1"
}

control() { # METHOD PATH [JSON]; prints the answer
    "$python" - "http://127.0.0.1:$(cat "$work/port")/_control" "$@" <<'PYTHON'
import sys
import urllib.request

base, method, path, *body = sys.argv[1:]
request = urllib.request.Request(base + path, method=method, data=body[0].encode() if body else None,
                                 headers={"Content-Type": "application/json"})
sys.stdout.write(urllib.request.urlopen(request, timeout=10).read().decode())
PYTHON
}

# What the platform received: each content exactly once?
count_uploads() {
    control GET /state | "$python" -c '
import json, sys
sent = [upload["sha256"] for upload in json.load(sys.stdin)["uploads"]]
print(len(sent), "uploads,", len(set(sent)), "different images")'
}

# Whether `status` tells this: `status_is STATE [ITEM-STATE COUNT]`
status_is() {
    "$agent" -c "$work/config.yaml" status --json 2>/dev/null | "$python" -c '
import json, sys
status = json.load(sys.stdin)
good = status["state"] == sys.argv[1]
if len(sys.argv) > 2:
    good = good and status["items"].get(sys.argv[2]) == int(sys.argv[3])
sys.exit(not good)' "$@" 2>/dev/null
}

# --- the play -------------------------------------------------------------------------------------

heading 'A folder of firmware images'
image router/1.0.0/router.bin 300
image router/1.1.0/router.bin 320
image router/2.0.0/router.bin 2048
image gateway/3.1/gateway.img 700
image gateway/3.2/gateway.img 4096
image camera/0.9/camera-image-20261105093012.wic 1500
image sensor/5.0/sensor.swu 64
image switch/7.4/switch.bin 900
# the same content under other names: sent once
ln "$work/images/gateway/3.2/gateway.img" "$work/images/gateway/3.2/latest.img"
ln -s camera-image-20261105093012.wic "$work/images/camera/0.9/camera-image.wic"
cp "$work/images/switch/7.4/switch.bin" "$work/images/switch/7.4/switch-copy.bin"
# not firmware: still being written, and excluded below
head -c 5000 /dev/urandom >"$work/images/switch/7.4/switch-new.bin.part"
mkdir -p "$work/images/router/2.0.0/sdk"
head -c 5000 /dev/urandom >"$work/images/router/2.0.0/sdk/loader.bin"
(cd "$work/images" && find . -mindepth 1 ! -type d -printf '%-50P %8s bytes  %y %l\n' | sort)

heading 'A stand-in for the platform'
tenant=0b5f6a1e-55c1-4d8e-9a44-3f1c5a9d7e20
tests/platform/standin --port-file "$work/port" --log "$work/requests.jsonl" --tenant Acme \
    --token "first=$tenant/secret-one" --analysis-seconds 2 --exit-after 600 \
    >"$work/standin.log" 2>&1 &
standin_pid=$!
wait_for 20 'the stand-in' test -s "$work/port"
cat "$work/standin.log"

heading 'The configuration'
printf '%s\n' "$tenant/secret-one" >"$work/token"
cat >"$work/notify" <<NOTIFY
#!/bin/sh
cat >>"$work/alerts.jsonl"
echo >>"$work/alerts.jsonl"
NOTIFY
chmod 700 "$work/notify"
cat >"$work/config.yaml" <<CONFIG
version: 1
api:
  url: http://127.0.0.1:$(cat "$work/port")/api
  token_file: $work/token
state_dir: $work/state
transfers:
  retry: {base: 1s}
analysis:
  poll_interval: 1s
watch:
  - name: builds
    path: $work/images
    exclude: ["**/sdk/**"]
    settle: 1s
    match: '^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$'
    metadata: {vendor: Acme, product: "{product}", version: "{version}"}
sbom:
  directory: $work/sboms
alerts:
  targets:
    - command: [$work/notify]
CONFIG
show cat "$work/config.yaml"

heading 'One pass: everything that lies there is sent, analysed, and its SBOM fetched'
show "$agent" -c "$work/config.yaml" token check
if [ -t 2 ]; then # there it shows a line per transfer
    show "$agent" -c "$work/config.yaml" --log-level warn once
else
    status=0
    show "$agent" -c "$work/config.yaml" once 2>"$work/once.log" || status=$?
    grep -E ' (upload_done|item_duplicate|sbom_stored) ' "$work/once.log" | sed "s|$work/||g"
    tail -n 1 "$work/once.log"
    [ $status -eq 0 ] || fail "once ended with $status"
fi

heading 'The ledger: a firmware ID for every image, copies and links as aliases of it'
show "$agent" -c "$work/config.yaml" list-firmwares
echo
show "$agent" -c "$work/config.yaml" show "$work/images/gateway/3.2/gateway.img"
echo
show "$agent" -c "$work/config.yaml" explain "$work/images/router/2.0.0/sdk/loader.bin" || :
echo
echo "The platform says: $(count_uploads)"

heading 'The SBOM files'
(cd "$work" && find sboms -type f -exec sha256sum {} +)

heading 'The daemon runs, the token expires, new images arrive'
"$agent" -c "$work/config.yaml" run >"$work/agent.log" 2>&1 &
agent_pid=$!
wait_for 20 'the daemon' status_is running
control POST /tokens '{"label": "first", "expired": true}' >/dev/null
image router/2.1.0/router.bin 400
image gateway/3.3/gateway.img 500
image camera/1.0/camera-image-20261112081500.wic 600
image sensor/5.1/sensor.swu 64
image switch/7.5/switch.bin 900
# watching and hashing go on meanwhile: in the end all five wait
wait_for 40 'the pause' status_is auth_paused pending 5
show "$agent" -c "$work/config.yaml" status
echo
echo 'The one alert that came of it:'
wait_for 10 'the alert' test -s "$work/alerts.jsonl"
cat "$work/alerts.jsonl"

heading 'A new token takes the place of the old one; nothing is restarted'
control POST /tokens "{\"label\": \"second\", \"value\": \"$tenant/secret-two\"}" >/dev/null
printf '%s\n' "$tenant/secret-two" >"$work/token.new"
show mv "$work/token.new" "$work/token"
wait_for 60 'the new images' status_is running done 13
show "$agent" -c "$work/config.yaml" status
echo
show "$agent" -c "$work/config.yaml" list-firmwares
echo
echo 'What was told meanwhile:'
cat "$work/alerts.jsonl"
echo "The platform says: $(count_uploads)"

heading 'The end'
kill -TERM "$agent_pid"
status=0
wait "$agent_pid" || status=$?
agent_pid=
echo "the agent ended with $status"
[ "$status" -eq 0 ] || fail 'that should have been 0'
[ "$(count_uploads)" = '13 uploads, 13 different images' ] || fail 'not every image exactly once'
documents=$(find "$work/sboms" -type f | wc -l)
[ "$documents" -eq 13 ] || fail "$documents SBOM files, not 13"
[ "$(grep -c '"auth_paused"' "$work/alerts.jsonl")" -eq 1 ] || fail 'not exactly one alert'
echo '13 images, each sent once, 13 SBOMs, one alert: as it should be.'
