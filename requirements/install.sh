#!/usr/bin/env bash
# Makes .venv and installs what is pinned: `install.sh run` for serving, `install.sh dev` for tests too.
# Does nothing when the locks have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
lock="${1:?run or dev}"
venv="${MOTET_VENV:-.venv}"

supported() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }
if [ ! -x "$venv/bin/python" ]; then
    for python in "${PYTHON:-python3}" python3.12 python3.11 python3.13; do
        if supported "$python"; then break; fi
        python=""
    done
    if [ -z "$python" ]; then
        echo "motet needs Python 3.11 or 3.12: install one, or set PYTHON to its path" >&2
        exit 1
    fi
    "$python" -m venv "$venv"
fi

wanted="$(cat requirements/torch.txt "requirements/$lock.lock" pyproject.toml | sha256sum | cut -d' ' -f1)"
stamp="$venv/.motet-$lock"
if [ "$(cat "$stamp" 2>/dev/null || cat "$venv/.motet-dev" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
step() { printf '\033[1m%s\033[0m\n' "motet: $*" >&2; }
step "1/3 torch (first and alone, so that nothing later replaces it)"
pip install --quiet --progress-bar on -r requirements/torch.txt
step "2/3 $(grep -c '==' "requirements/$lock.lock") pinned packages"
pip install --quiet --progress-bar on --no-deps --require-hashes -r "requirements/$lock.lock"
step "3/3 motet itself"
pip install --quiet --no-deps --no-build-isolation --editable .
echo "$wanted" > "$stamp"
