#!/usr/bin/env bash
# Rewrites the hashed locks from pyproject.toml. Needs uv on PATH.
# torch is not in them: it is installed first and alone (torch.txt), because its CPU and CUDA
# builds carry different hashes and a later range must never replace the build that was chosen.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
        --override requirements/overrides.txt --no-emit-package torch --no-emit-index-url \
        --no-annotate "$@"
}
compile --extra platform --extra worker --extra build -o requirements/run.lock
compile --extra dev -o requirements/dev.lock
