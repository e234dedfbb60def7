#!/bin/bash
# Every check and every test. Installs what it needs, ends with one line: N passed, N failed.
#
#   tests/run.sh                    all of it; of the end-to-end tests under sanitizers and of the
#                                   files that clang-tidy looks at a sample
#   tests/run.sh --all              those whole, too
#   tests/run.sh --quick            lints, the gcc build and its tests
#   tests/run.sh --only STAGE...    these stages and the builds that they need
#   tests/run.sh --no-deps          installs nothing
#   tests/run.sh --tidy-sample N    clang-tidy looks at N files of agent/, drawn by a printed seed
#
# TESTS_SEED draws the same sample again.
#
# Stages, in this order: deps lint build unit fuzz platform e2e clang asan asan-unit asan-e2e
# tidy cppcheck. A stage that fails shows its output and the others go on, except for those that
# need the build that failed. All output is kept in build-dev/test-logs/. TESTS_BUILD_ROOT moves
# the build folders, TESTS_E2E_WORKERS=N runs N end-to-end tests at a time instead of 6.
set -u
cd "$(dirname "$0")/.." || exit 1

python=/usr/bin/python3 # Debian's, which sees the modules that apt installs
stages=(deps lint build unit fuzz platform e2e clang asan asan-unit asan-e2e tidy cppcheck)
quick=(deps lint build unit fuzz platform e2e)
builds=${TESTS_BUILD_ROOT:-$PWD}
logs=$builds/build-dev/test-logs
tidy_sample=60
asan_percent=25
seed=${TESTS_SEED:-$RANDOM}
passed=0 failed=0
declare -A built=() # folder: 0 when it was built, else 1
background=

usage() {
    sed -n '2,19s/^# \{0,1\}//p' "$0"
    exit "$1"
}

wanted=("${stages[@]}")
while [ $# -gt 0 ]; do
    case $1 in
    --quick) wanted=("${quick[@]}") ;;
    --all) asan_percent=100 tidy_sample= ;;
    --no-deps) wanted=("${wanted[@]/#deps/}") ;;
    --tidy-sample)
        [[ ${2-} =~ ^[1-9][0-9]*$ ]] || usage 64 >&2
        tidy_sample=$2
        shift
        ;;
    --only)
        shift
        [ $# -gt 0 ] || usage 64 >&2
        wanted=("$@")
        break
        ;;
    -h | --help) usage 0 ;;
    *) usage 64 >&2 ;;
    esac
    shift
done
for name in "${wanted[@]}"; do
    case " ${stages[*]} " in
    *" $name "*) ;;
    *) [ -z "$name" ] || usage 64 >&2 ;;
    esac
done
wants() {
    case " ${wanted[*]} " in
    *" $1 "*) ;;
    *) return 1 ;;
    esac
}

# --- running and counting -------------------------------------------------------------------------

# Runs a command with its output in a log. Nothing is on the terminal until it ended.
logged() { # LOG COMMAND...
    local log=$logs/$1.log
    shift
    "$@" >"$log" 2>&1 </dev/null
}

told() { # NAME STATUS SECONDS TEXT
    local word=ok
    [ "$2" -eq 0 ] || word=FAIL
    printf '%-4s %-24s %4d s  %s\n' "$word" "$1" "$3" "$4"
    # without what ninja built well
    [ "$2" -eq 0 ] || sed '/^\[[0-9]*\/[0-9]*\] [A-Z][a-z]/d; s/^/    | /' "$logs/$1.log"
}

# One check: it counts as one.
check() { # NAME COMMAND...
    local name=$1 start=$SECONDS status
    shift
    logged "$name" "$@"
    status=$?
    count_check "$name" "$status" $((SECONDS - start))
    return $status
}

count_check() { # NAME STATUS SECONDS
    if [ "$2" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    told "$1" "$2" "$3" ""
}

# A test program that writes JUnit: each of its tests counts.
suite() { # NAME SECONDS COMMAND...; the command finds the result file's name in $junit
    local name=$1 limit=$2 start=$SECONDS status good bad skipped
    shift 2
    junit=$logs/$name.xml
    rm -f "$junit"
    logged "$name" timeout -k 10 "$limit" "${@//@junit@/$junit}"
    status=$?
    read -r good bad skipped < <($python tests/lint/junit_count.py "$junit" 2>>"$logs/$name.log")
    # all tests passed and yet an error: a leak at the end, a timeout, a crash while cleaning up
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + good)) failed=$((failed + bad))
    told "$name" "$bad" $((SECONDS - start)) \
        "$good passed, $bad failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
}

# --- the parts ------------------------------------------------------------------------------------

# Configures and builds once; later calls only tell how it ended.
build() { # NAME FOLDER OPTION...
    local name=$1 folder=$2
    shift 2
    if [ -z "${built[$folder]:-}" ]; then
        check "$name" build_now "$folder" "$@"
        built[$folder]=$?
    fi
    return "${built[$folder]}"
}

build_now() { # FOLDER OPTION...
    local folder=$builds/$1
    shift
    cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DAGENT_WERROR=ON "$@" &&
        cmake --build "$folder" -- -k 0 && [ -x "$folder/onekey-agent" ]
}

build_dev() { build build build-dev; }
build_clang() { build clang build-dev-clang -DCMAKE_C_COMPILER=clang; }
build_asan() { build asan build-asan -DAGENT_SANITIZE=address,undefined; }

run_ctest() { # NAME FOLDER FILTER...
    local name=$1 folder=$builds/$2
    shift 2
    suite "$name" 300 ctest --test-dir "$folder" -j 2 --no-tests=error --output-on-failure \
        --timeout 120 --output-junit @junit@ "$@"
}

run_pytest() { # NAME FOLDER OPTION...
    local name=$1 folder=$2
    shift 2
    suite "$name" 600 $python -m pytest -p no:cacheprovider -q --junitxml=@junit@ "$folder" "$@"
}

# They wait most of the time, so more of them than there are processors. In memory where there is
# room: every commit of the agent waits for the disk, and the builds beside use it.
run_e2e() { # NAME BUILD
    local base=
    compgen -G 'tests/e2e/test_*.py' >/dev/null || return 0
    [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -lt 4194304 ] 2>/dev/null ||
        base=--basetemp=/dev/shm/onekey-agent-$1-$$
    export ONEKEY_AGENT_BINARY=$builds/$2/onekey-agent
    run_pytest "$1" tests/e2e --ignore=tests/e2e/test_watch.py \
        -n "${TESTS_E2E_WORKERS:-6}" $base
    # These lower the machine's limits on watches: nothing may run beside them.
    run_pytest "$1-watch" tests/e2e/test_watch.py $base
    unset ONEKEY_AGENT_BINARY
    [ -z "$base" ] || rm -rf "${base#*=}"
}

# A daemon that a test ends may report where nobody looks: each report is kept, and counts.
sanitized() { # NAME COMMAND...
    local name=$1 reports=$logs/$1-reports
    shift
    rm -rf "$reports"
    mkdir -p "$reports"
    ASAN_OPTIONS=detect_leaks=1:log_path=$reports/asan \
        UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:log_path=$reports/ubsan "$@"
    check "$name-reports" no_reports "$reports"
}

no_reports() {
    ! find "$1" -type f -size +0 -exec tail -n +1 {} + | grep .
}

c_files() { # FOLDER...
    find "$@" \( -name '*.c' -o -name '*.h' \) -print0 | sort -z
}

format_check() {
    c_files agent tests | xargs -0 clang-format-14 --dry-run -Werror
}

shell_check() {
    local file status=0
    for file in tests/run.sh packaging/*.sh .ci/run; do
        case $(head -n 1 "$file") in
        *bash) bash -n "$file" || status=1 ;;
        *) sh -n "$file" || status=1 ;;
        esac
        [ -x "$file" ] || { echo "$file: not executable"; status=1; }
    done
    return $status
}

lint() {
    local name
    for name in layers sizes banned migrations manual; do
        check "lint-$name" $python "tests/lint/$name.py"
    done
    check lint-format format_check
    check lint-shell shell_check
    run_pytest lint-self tests/lint
}

sample() {
    [ -n "$tidy_sample" ] || { cat; return; }
    echo "tidy: $tidy_sample files, TESTS_SEED=$seed" >&4
    shuf -z -n "$tidy_sample" --random-source=<(yes "$seed")
}

# One process per file: with several in one, version 14 reports what is not there.
tidy() {
    cmake -S . -B "$builds/build-dev-clang" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        -DAGENT_WERROR=ON -DCMAKE_C_COMPILER=clang >/dev/null || return 1
    find agent -name '*.c' -print0 | sort -z | sample |
        xargs -0 -n 1 -P 2 clang-tidy-14 --quiet -p "$builds/build-dev-clang" 2>&1 |
        sed '/^[0-9]* warnings\{0,1\} generated\.$/d'
    [ "${PIPESTATUS[3]}" -eq 0 ] # every finding is an error, by .clang-tidy
}

# -U: auto_take() stays a call for it; it reads the block inside as if nothing were returned.
run_cppcheck() {
    mkdir -p "$builds/build-dev/cppcheck"
    cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --language=c -j 2 \
        --enable=warning,performance,portability --suppressions-list=tests/lint/cppcheck.txt \
        --cppcheck-build-dir="$builds/build-dev/cppcheck" -D__linux__ -Uauto_take \
        -I agent agent
}

# The slow readers of code run beside the tests, with what these leave of the processors.
start_background() {
    set -m # a process group of its own, to be ended as a whole
    (
        set +m
        renice -n 19 "$BASHPID" >/dev/null
        for name in tidy cppcheck; do
            wants $name || continue
            start=$SECONDS
            if [ $name = tidy ]; then logged $name tidy; else logged $name run_cppcheck; fi
            echo "$? $((SECONDS - start))" >"$logs/$name.status"
        done
    ) &
    background=$!
    set +m
}

finish_background() {
    local name status seconds
    wait "$background"
    background=
    for name in tidy cppcheck; do
        wants $name || continue
        status=1 seconds=0
        [ ! -f "$logs/$name.status" ] || read -r status seconds <"$logs/$name.status"
        count_check $name "$status" "$seconds"
    done
}

end_background() {
    [ -z "$background" ] || kill -- "-$background" 2>/dev/null
}
trap end_background EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- all of it ------------------------------------------------------------------------------------

exec 4>&1 # the terminal, for what is told from within a log
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 CTEST_OUTPUT_ON_FAILURE=1
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.xml "$logs"/*.status

if wants deps && ! check deps packaging/install-deps.sh test; then
    echo "$passed passed, $failed failed"
    exit 1
fi
# Nobody's own platform, proxy or configuration takes part in the tests.
unset "${!ONEKEY_@}" http_proxy https_proxy all_proxy no_proxy HTTPS_PROXY ALL_PROXY NO_PROXY
if wants tidy || wants cppcheck; then start_background; fi
if wants lint; then lint; fi
if wants build; then build_dev; fi
if wants unit && build_dev; then run_ctest unit build-dev -LE fuzz; fi
if wants fuzz && build_dev; then run_ctest fuzz build-dev -L fuzz; fi
if wants platform; then run_pytest platform tests/platform; fi
if wants e2e && build_dev; then run_e2e e2e build-dev; fi
if wants clang; then build_clang; fi
if wants asan; then build_asan; fi
if wants asan-unit && build_asan; then sanitized asan-unit run_ctest asan-unit build-asan; fi
if wants asan-e2e && build_asan; then
    echo "asan-e2e: $asan_percent % of the tests, TESTS_SEED=$seed"
    export ONEKEY_TESTS_SAMPLE=$asan_percent/$seed
    sanitized asan-e2e run_e2e asan-e2e build-asan
    unset ONEKEY_TESTS_SAMPLE
fi
if [ -n "$background" ]; then finish_background; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
