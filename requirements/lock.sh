#!/usr/bin/env bash
# Resolves requirements/*.in into hash-locked *.txt, the same versions everywhere: dev.txt first, the images within it.
# Run by `make lock` after a change to an .in file; `make lock ARGS=--upgrade` takes newer versions.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
compile() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"; }
compile requirements/dev.in -o requirements/dev.txt "${@}"
for part in laptop analyse average api connector ui backup fuzz; do
    compile "requirements/$part.in" -c requirements/dev.txt -o "requirements/$part.txt" "${@}"
done
