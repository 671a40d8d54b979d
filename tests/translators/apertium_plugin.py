"""Apertium, a rule-based translator that Debian packages, as a plug-in: a program of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

from toolkit.data import Hypothesis
from toolkit.errors import ModelError, UnknownLanguageError

MODES = {
    "cat_Latn": "cat-eng",
    "epo_Latn": "eo-en",
    "eus_Latn": "eu-en",
    "glg_Latn": "gl-en",
    "hrv_Latn": "hbs-eng",
    "isl_Latn": "isl-eng",
    "mkd_Cyrl": "mkd-eng",
    "spa_Latn": "spa-eng",
}
# A paragraph is translated by itself.
SEPARATOR = "\n\n"


@cache
def installed() -> frozenset[str]:
    """Return the languages that the Apertium of this machine translates into English."""
    if shutil.which("apertium") is None:
        return frozenset()
    listed = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=True).stdout
    return frozenset(code for code, mode in MODES.items() if mode in listed.split())


class Apertium:
    """Translates into English with one process for each call."""

    signature = "apertium"

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        for code, known in ((source, installed()), (target, {"eng_Latn"})):
            if code not in known:
                raise UnknownLanguageError(code, sorted(known))
        lines = [" ".join(text.split()) for text in texts]
        asked = [line for line in lines if line]
        done = iter(self._run(asked, MODES[source]) if asked else [])
        return [Hypothesis(next(done) if line else "") for line in lines]

    def _run(self, lines: Sequence[str], mode: str) -> list[str]:
        done = subprocess.run(
            ["apertium", "-u", mode], input=SEPARATOR.join(lines), capture_output=True, text=True
        )
        found = [" ".join(part.split()) for part in done.stdout.split(SEPARATOR)]
        if done.returncode or len(found) != len(lines):
            raise ModelError(f"apertium {mode}: {done.stderr.strip() or 'lines were lost'}")
        return found


def make() -> Apertium:
    return Apertium()
