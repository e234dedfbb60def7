#!/bin/sh
# Uploads a firmware image to ONEKEY, waits for its analysis and fails on new findings.
#
#   upload.sh VENDOR PRODUCT VERSION IMAGE
#   upload.sh FIRMWARE_ID                     no upload: go on waiting for that firmware
#
# The token comes in the environment: ONEKEY_TOKEN or, better, ONEKEY_TOKEN_FILE. No command line
# has it, so neither ps nor `sh -x` shows it. WAIT_TIMEOUT (50m) bounds the wait for the analysis.
#
# Leaves onekey-firmware-id.txt, onekey-junit.xml (findings as test cases) and onekey-sbom.json.
# Ends as onekey-agent does, which says why in one line: 0 no new findings, 1 new findings,
# 2 the analysis failed, 5 it is not over yet, 77 the token, ...
set -eu

timeout=${WAIT_TIMEOUT:-50m}
pause=${RETRY_PAUSE:-60} # seconds
id=

case $# in
1) id=$1 ;;
4) vendor=$1 product=$2 version=$3 image=$4 ;;
*)
    echo "usage: $0 VENDOR PRODUCT VERSION IMAGE, or $0 FIRMWARE_ID" >&2
    exit 64
    ;;
esac
# What an earlier build left here is not about this firmware.
rm -f onekey-firmware-id.txt onekey-junit.xml onekey-sbom.json

upload() {
    # The ID is in the file as soon as the platform has the image, whatever comes later.
    onekey-agent upload-firmware --vendor "$vendor" --product "$product" --version "$version" \
        --wait --wait-timeout "$timeout" --junit-path onekey-junit.xml \
        --sbom-out onekey-sbom.json "$image" >onekey-firmware-id.txt
}

go_on() {
    echo "$id" >onekey-firmware-id.txt
    verdict=0
    onekey-agent ci-result --firmware-id "$id" --wait-timeout "$timeout" \
        --junit-path onekey-junit.xml || verdict=$?
    # The SBOM is there when the analysis is, whatever the findings are.
    case $verdict in
    0 | 1) onekey-agent sbom get "$id" --output onekey-sbom.json || return ;;
    esac
    return "$verdict"
}

# 69 (the platform is away) and 75 (rate limit, busy) pass by themselves, nothing else does. Once
# there is an ID nothing is uploaded again.
for attempt in 1 2 3; do
    status=0
    if [ -n "$id" ]; then go_on || status=$?; else upload || status=$?; fi
    id=$(cat onekey-firmware-id.txt)
    case $status in
    69 | 75) [ "$attempt" = 3 ] || sleep "$pause" ;;
    *) break ;;
    esac
done

case $status in
5 | 69 | 75) [ -z "$id" ] || echo "$0: later, without another upload: $0 $id" >&2 ;;
esac
exit "$status"
