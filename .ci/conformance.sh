#!/usr/bin/env bash
# Builds the official OCI conformance programs into a cache outside the repository, each pinned to a commit:
#   conformance             the rewrite of 2026 (its module has no tags)
#   conformance-v1.1.1.test the one released with v1.1.1 of the distribution-spec
# Fails, and says which is missing, when one can't be built.
set -euo pipefail

module=github.com/opencontainers/distribution-spec/conformance
rewrite=967efdc079b91785ad18c77cc4f8991a47feefbf
released=a139cc423184af6078077b9b7ee336eddbd03f8f
cache="${ENTREPOT_E2E_CACHE:-$HOME/.cache/entrepot-e2e}"

if ! command -v go > /dev/null; then
  echo 'conformance.sh: Go is not installed, so the conformance programs are not built' >&2
  exit 1
fi
mkdir -p "$cache"

build_rewrite() {
  [ -x "$cache/conformance-$rewrite" ] && return 0
  local bin
  bin=$(mktemp -d)
  GOBIN="$bin" go install "$module@$rewrite" || { rm -rf "$bin"; return 1; }
  mv "$bin/conformance" "$cache/conformance-$rewrite"
  rm -rf "$bin"
}

build_released() {
  [ -x "$cache/conformance-$released.test" ] && return 0
  local sources download
  download=$(go mod download -json "$module@$released") || { printf '%s\n' "$download" >&2; return 1; }
  sources=$(mktemp -d)
  # Called in a condition, where `set -e` does not hold: each step states that the next needs it.
  cp -r "$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' <<< "$download")/." "$sources" \
    && chmod -R u+w "$sources" \
    && (cd "$sources" && go test -c -o "$cache/conformance-$released.test" .) \
    || { rm -rf "$sources"; return 1; }
  rm -rf "$sources"
}

# The Go module proxy may refuse to hand the module out. That is not a fault of this machine that a person could mend, so
# it is written down for the tests, which then say what was not tried instead of failing.
refusal="$cache/conformance-refused"
rm -f "$refusal"
if ! answer=$(go list -m "$module@$rewrite" 2>&1) && grep -q 'This module version is not available' <<< "$answer"; then
  echo 'conformance.sh: the Go module proxy refuses the conformance programs; their tests will be skipped, loudly' >&2
  echo 'refused by the Go module proxy' > "$refusal"
  exit 1
fi

status=0
build_rewrite || { echo 'conformance.sh: the conformance rewrite could not be built' >&2; status=1; }
build_released || { echo 'conformance.sh: the conformance program of v1.1.1 could not be built' >&2; status=1; }
[ "$status" -ne 0 ] || { ln -sf "conformance-$rewrite" "$cache/conformance"; ln -sf "conformance-$released.test" "$cache/conformance-v1.1.1.test"; }
exit "$status"
