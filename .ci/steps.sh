# What `.ci/run` and `.ci/long` have in common: programs, steps with a bound, and counts. To be sourced; ends nothing by itself.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true HEADGATE_TEST_SKIPS=forbidden
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
passed=0 failed=0

# Installs what tests and proves need, and the programs it is given besides, as `<program>` or `<program>:<package>`.
install_missing() {
  local missing=() program
  for program in "$@"; do command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}"); done
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v valkey-server >/dev/null || missing+=(valkey-server)
  command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
  command -v nginx >/dev/null || missing+=(nginx-light)
  command -v haproxy >/dev/null || missing+=(haproxy)
  command -v wrk >/dev/null || missing+=(wrk)
  command -v pgbouncer >/dev/null || missing+=(pgbouncer)
  command -v promtool >/dev/null || missing+=(prometheus)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v xmlsec1 >/dev/null || missing+=(xmlsec1)
  /usr/bin/python3 -c 'import saml2' 2>/dev/null || missing+=(python3-pysaml2)
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get install -y -qq --no-install-recommends)
  apt-get update -qq || return
  # An older Debian has no headless build of Chromium apart.
  "${install[@]}" "${missing[@]}" >/dev/null || "${install[@]}" "${missing[@]/chromium-headless-shell/chromium}" >/dev/null
}

# Reads what `times` wrote to file $1: whole seconds of processor time of the children that have ended. `times` itself must run in the
# shell whose children they are, which $(…) is not.
cpu_seconds() {
  awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, part, /[ms]/); sum += part[1] * 60 + part[2] } print int(sum) }' "$1"
}

# Runs a step with a bound in seconds, shows it, keeps what it printed, and says how long it took, and how much processor time.
step() {
  local name=$1 seconds_max=$2 started=$SECONDS status cpu_before
  shift 2
  times >"$log/.times-$name"
  cpu_before=$(cpu_seconds "$log/.times-$name")
  echo "── $name"
  timeout --kill-after=10 "$seconds_max" "$@" 2>&1 | tee "$log/$name"
  status=$?
  [ $status -eq 124 ] && echo "$name did not end within $seconds_max s"
  times >"$log/.times-$name"
  echo "── $name: exit $status, $((SECONDS - started)) s, $(($(cpu_seconds "$log/.times-$name") - cpu_before)) s of processor time"
  return $status
}

# Adds one passed or failed for a step that does not count for itself.
count() {
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# Adds what a step of tests, `tests` unless named, counted. A run can fail with no failed test: a forbidden skip, a process that died.
count_tests() {
  local status=$1 name=${2:-tests} counts tests_failed
  counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed' "$log/$name" | tail -n 1)
  if [ -z "$counts" ]; then failed=$((failed + 1)); return; fi
  tests_failed=$(sed -E 's/.*passed, ([0-9]+) failed.*/\1/' <<<"$counts")
  passed=$((passed + ${counts%% *})) failed=$((failed + tests_failed))
  [ "$status" -ne 0 ] && [ "$tests_failed" -eq 0 ] && failed=$((failed + 1))
  return 0
}

# Adds what the step `proves` said: a line `<name> holds <figure>` or `<name> missed <figure>` each, and at the end one of counts. Without that line, or
# with other counts in it, something of the run was not seen.
count_proves() {
  local status=$1 held missed counts
  held=$(grep -acE '^[a-z]+\.[a-z-]+ holds ' "$log/proves")
  missed=$(grep -acE '^[a-z]+\.[a-z-]+ missed ' "$log/proves")
  passed=$((passed + held)) failed=$((failed + missed))
  [ "$status" -ne 0 ] && [ "$missed" -eq 0 ] && failed=$((failed + 1))
  counts=$(grep -aE '^proves: [0-9]+ held, [0-9]+ missed' "$log/proves" | tail -n 1)
  if [[ "$counts" != "proves: $held held, "* || "$counts" == *" without an end of "* ]]; then
    echo "failed: the proves ended with \"${counts:-no line of counts}\", and $held lines say \"holds\"" | tee -a "$log/proves"
    [ "$missed" -eq 0 ] && [ "$status" -eq 0 ] && failed=$((failed + 1))
  fi
  return 0
}

# Says once more what failed, where a reader of the last lines finds it, and ends with the plain line of counts.
finish() {
  grep -ahE '^failed: |^unsteady: |^[a-z]+\.[a-z-]+ missed |^.*\| (MISSED|undecided)$' "$log"/*
  echo "CI took $SECONDS s"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
