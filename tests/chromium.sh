#!/bin/sh
# The page tests need a Chromium. As root on Debian it is installed; elsewhere one line tells, and
# only those tests are skipped.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq >/dev/null 2>&1
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        chromium fonts-noto-core >/dev/null 2>&1 && exit 0
fi
echo "No Chromium: the page tests will be skipped (on Debian: apt-get install chromium fonts-noto-core)."
