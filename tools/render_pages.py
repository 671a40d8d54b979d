"""Write real pages as text, as several programs save them, to train and measure with.

    python tools/render_pages.py pages.jsonl.gz texts.jsonl

Needs lynx, and beautifulsoup4, html2text and lxml in the Python that runs it; the toolkit needs
none of them. A JSON object a line: ``id`` and a text by the name of each program.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import html2text  # type: ignore[import-not-found]
from bs4 import BeautifulSoup  # type: ignore[import-not-found]
from pages import read

LYNX = ["lynx", "-dump", "-stdin", "-force_html", "-assume_charset=utf-8", "-display_charset=utf-8"]


def lynx(html: str, *options: str) -> str:
    data = f'<meta charset="utf-8">{html}'.encode("utf-8", "replace")
    done = subprocess.run([*LYNX, *options], input=data, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def texts(html: str) -> dict[str, str]:
    bare = html2text.HTML2Text(bodywidth=0)
    bare.ignore_links = bare.ignore_images = True
    soup = BeautifulSoup(html, "lxml")
    return {
        "lynx": lynx(html),
        "lynx -nolist": lynx(html, "-nolist"),
        "html2text": html2text.html2text(html),
        "html2text without links": bare.handle(html),
        "get_text()": soup.get_text(),
        "get_text(newline)": soup.get_text("\n"),
    }


def main() -> None:
    with Path(sys.argv[2]).open("w", encoding="utf-8") as file:
        for page in read(Path(sys.argv[1])):
            held = {"id": page["id"], "text": page["text"], **texts(page["html"])}
            file.write(json.dumps(held, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
