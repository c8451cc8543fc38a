#!/usr/bin/env bash
# Installs an environment into the cluster of kubectl's current context, without Argo CD. It can be run again.
# Usage: infra/install.sh ENVIRONMENT (a folder of infra/environments). Needs kubectl, helm and the packages of `make check`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${PYTHON:-.venv/bin/python}" -m infra.install "$@"
