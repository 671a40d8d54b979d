#!/bin/sh
# The tests of a real translator need Apertium. As root on Debian it is installed; elsewhere one line
# tells, and only those tests are skipped.
command -v apertium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive timeout 120 apt-get install -qq -y --no-install-recommends \
        apertium apertium-eng-cat apertium-eng-spa apertium-en-gl apertium-eo-en apertium-eu-en \
        apertium-hbs-eng apertium-isl-eng apertium-mkd-eng >/dev/null 2>&1 && exit 0
fi
echo "No Apertium: the tests of a real translator will be skipped (on Debian: see tests/apertium.sh)."
