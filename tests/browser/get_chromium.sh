#!/usr/bin/env bash
# get_chromium.sh [PACKAGE]: Chromium for the browser tests: from PATH; or as root from Debian (the package `chromium`,
# or rather the one named here); or else Playwright's headless shell, into the user's cache. Never fails: the tests say
# what did not run, and fail where CI=true.
for name in "$@" chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && exit 0; done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "No Chromium here: installing Debian's for the browser tests."
    apt-get update -qq
    for package in "$@" chromium; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" fonts-liberation >/dev/null && exit 0
    done
fi
echo "No Chromium in PATH: the browser tests use Playwright's, which is downloaded if it is not there yet."
timeout 300 "$(dirname "$0")/../../.venv/bin/playwright" install --only-shell chromium >/dev/null 2>&1 ||
    echo "It could not be downloaded."
exit 0
