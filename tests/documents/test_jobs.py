"""Failures of articles that nobody foresaw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

STORY = "The harbour was closed on Monday because of the storm. Ships waited outside."

UNFORESEEN = """
from toolkit.cli import console
from toolkit.data import Article
from toolkit.documents import files, jobs
from toolkit.readers import paths
paths.read_file = lambda *file: 1 / 0
with console.errors_for_people():
    articles, failures = files.read(["story.txt"], b"")
    article = Article("1", "a.txt", "The council met on Monday. It approved the budget.")
    failures += jobs.summarise([article], None, bullets=2)[1]
print([failure.reason for failure in failures])
"""


def test_an_unforeseen_error_is_a_failure_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", UNFORESEEN], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stderr == ""
    assert "(ZeroDivisionError: " in done.stdout
    assert "(AttributeError: " in done.stdout
