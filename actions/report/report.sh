#!/bin/sh
# Reports to a relay how a job goes. Needs a POSIX shell with its usual tools, and curl, which every runner has; action.yml
# documents the variables. A relay that is down costs a warning, never somebody's build, unless RELAY_FAIL_ON_ERROR says so.
set -eu
# Bytes are bytes: names in any script pass through as they are.
LC_ALL=C
export LC_ALL

: "${RELAY_CONCLUSION:=}" "${RELAY_ARTIFACT_URL:=}" "${RELAY_CHECK_RUN_ID:=}" "${RELAY_TEST_RESULTS:=}"
: "${RELAY_FAILED_TESTS:=}" "${RELAY_RUN_URL:=}" "${RELAY_DELIVERY_ID:=}" "${RELAY_EVENT_TYPE:=}"
: "${RELAY_FAIL_ON_ERROR:=false}" "${RELAY_AUDIENCE:=pytorch-cross-repo-ci-relay}" "${RELAY_RETRIES:=5}"

# Seconds that one answer may take, and the longest wait before the next try.
patience=20
longest=120

# A text as the value of a workflow command: on one line, so that nothing in it is taken for a command of its own.
escaped() {
    printf '%s' "$1" | sed 's/%/%25/g' | tr '\r\n' '  '
}

give_up() {
    if [ "$RELAY_FAIL_ON_ERROR" = true ]; then
        printf '::error title=Relay::%s\n' "$(escaped "$1")"
        exit 1
    fi
    printf '::warning title=Relay::%s\n' "$(escaped "$1")"
    exit 0
}

# A text as JSON: control characters, which no name may hold, are left out.
json() {
    printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

# One of the test counts. They come from the job that ran the upstream's code, so only numbers are taken over.
count() {
    printf '%s ' "$RELAY_TEST_RESULTS" | tr '\r\n' '  ' |
        sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\([0-9]\{1,15\}\)[^0-9.].*/\1/p"
}

# The names of failed tests, one on a line, as members of a JSON list; the relay keeps a hundred.
failed_tests() {
    printf '%s\n' "$RELAY_FAILED_TESTS" | tr -d '\000-\011\013-\037\177' |
        sed '/^ *$/d; s/\\/\\\\/g; s/"/\\"/g; s/.*/{"name": "&"}/' | head -n 100 | paste -s -d , -
}

if [ -z "$RELAY_DELIVERY_ID" ]; then
    echo "This run was not started by a relay, so there is nobody to report to."
    exit 0
fi
case $RELAY_STATUS in
    in_progress) RELAY_CONCLUSION= ;;
    completed) [ -n "$RELAY_CONCLUSION" ] || give_up "a completed job needs a conclusion, such as needs.build.result" ;;
    *) give_up "the status is '$RELAY_STATUS', neither in_progress nor completed" ;;
esac
case $RELAY_URL in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) give_up "the relay's address is '$RELAY_URL', and a token is sent to https:// only" ;;
esac
if [ -z "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || [ -z "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:-}" ]; then
    give_up "this job may not ask for a token: give it 'permissions: id-token: write'"
fi
command -v curl >/dev/null || give_up "this runner has no curl"

# head, answer and body of the request under way
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Asks with a token, as often as it takes, and leaves the status in $status: 000 without an answer. What may pass, no answer,
# 429 and 5xx, is asked again: after as long as Retry-After says, or 2, 4, 8, ... seconds.
ask() {
    bearer=$1
    shift
    tried=0
    pause=2
    while :; do
        : >"$work/head"
        : >"$work/answer"
        # The token goes in by standard input: a command line is for everybody on the machine to read.
        status=$(printf 'header = "Authorization: Bearer %s"\n' "$bearer" |
            curl --config - --silent --show-error --max-time "$patience" --dump-header "$work/head" \
                --output "$work/answer" --write-out '%{http_code}' "$@") || status=000
        case $status in
            000 | 429 | 5??) ;;
            *) return ;;
        esac
        [ "$tried" -lt "$RELAY_RETRIES" ] || return 0
        tried=$((tried + 1))
        wait=$(tr '[:upper:]' '[:lower:]' <"$work/head" |
            sed -n 's/^retry-after:[[:space:]]*\([0-9]\{1,6\}\)[[:space:]]*$/\1/p' | tail -n 1)
        [ -n "$wait" ] || wait=$pause
        [ "$wait" -le "$longest" ] || wait=$longest
        echo "The answer was $status; trying again in $wait s ($tried of $RELAY_RETRIES)."
        sleep "$wait"
        pause=$((pause * 2))
    done
}

ask "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" --get --data-urlencode "audience=$RELAY_AUDIENCE" --url "$ACTIONS_ID_TOKEN_REQUEST_URL"
token=$(sed -n 's/.*"value"[[:space:]]*:[[:space:]]*"\([A-Za-z0-9._-]*\)".*/\1/p' "$work/answer")
[ "$status" = 200 ] || token=
[ -n "$token" ] || give_up "GitHub gave no token for this job: the answer was $status"
printf '::add-mask::%s\n' "$token"

workflow="\"status\": $(json "$RELAY_STATUS"), \"name\": $(json "$RELAY_WORKFLOW_NAME")"
workflow="$workflow, \"job_name\": $(json "$RELAY_JOB_NAME"), \"run_id\": $(json "$GITHUB_RUN_ID")"
workflow="$workflow, \"run_attempt\": $(json "${GITHUB_RUN_ATTEMPT:-1}"), \"url\": $(json "$RELAY_RUN_URL")"
[ -z "$RELAY_CONCLUSION" ] || workflow="$workflow, \"conclusion\": $(json "$RELAY_CONCLUSION")"
[ -z "$RELAY_ARTIFACT_URL" ] || workflow="$workflow, \"artifact_url\": $(json "$RELAY_ARTIFACT_URL")"
[ -z "$RELAY_CHECK_RUN_ID" ] || workflow="$workflow, \"check_run_id\": $(json "$RELAY_CHECK_RUN_ID")"
counts=
for name in passed failed skipped total; do
    n=$(count "$name")
    [ -z "$n" ] || counts="$counts${counts:+, }\"$name\": $n"
done
[ -z "$counts" ] || workflow="$workflow, \"test_results\": {$counts}"
failed=$(failed_tests)
[ -z "$failed" ] || workflow="$workflow, \"failed_tests\": [$failed]"
printf '{"event_type": %s, "delivery_id": %s, "workflow": {%s}}' \
    "$(json "$RELAY_EVENT_TYPE")" "$(json "$RELAY_DELIVERY_ID")" "$workflow" >"$work/body"

# The relay knows a report that it has, so that trying again is safe.
ask "$token" --header 'Content-Type: application/json' --data-binary "@$work/body" --url "$RELAY_URL"
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'answer=%s\n' "$status" >>"$GITHUB_OUTPUT"
case $status in
    200) printf 'Reported %s: %s\n' "$RELAY_STATUS" "$(escaped "$(cat "$work/answer")")" ;;
    000) give_up "the relay at $RELAY_URL cannot be reached" ;;
    *) give_up "the relay answered $status: $(cat "$work/answer")" ;;
esac
