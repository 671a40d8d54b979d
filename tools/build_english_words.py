"""Build the two lists of English words of ``toolkit/text`` from wordfreq.

    pip install wordfreq
    python tools/build_english_words.py toolkit/text

``english_frequencies.txt.gz`` has the words of wordfreq's small list: those on line n, counted from
0, make up 10 ** (-n / 100) of all words. ``english_words.txt.gz`` has the rarer ones of its large
list, one a line. wordfreq's data is under CC BY-SA 4.0, and so are these files: see ``NOTICE``.
"""

from __future__ import annotations

import argparse
import gzip
import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from wordfreq import get_frequency_dict, iter_wordlist


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the files are written")
    options = parser.parse_args()
    common = get_frequency_dict("en", "small")
    lines: dict[int, list[str]] = defaultdict(list)
    for word, frequency in common.items():
        lines[round(-100 * math.log10(frequency))].append(word)
    write(
        options.folder / "english_frequencies.txt.gz",
        (" ".join(sorted(lines.get(number, ()))) for number in range(max(lines) + 1)),
    )
    rarer = sorted(set(iter_wordlist("en", "large")) - common.keys())
    write(options.folder / "english_words.txt.gz", rarer)


def write(path: Path, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
