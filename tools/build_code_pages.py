"""Write the code pages that Python has no codec for, as glibc's iconv knows them.

    python tools/build_code_pages.py

``toolkit/readers/legacy_pages.json`` gets, for each name, the 256 characters of its bytes; U+FFFD
stands for bytes that are none.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

TARGET = Path(__file__).parent.parent / "toolkit" / "readers" / "legacy_pages.json"
PAGES = {
    "armscii-8": "ARMSCII-8",
    "georgian-ps": "GEORGIAN-PS",
    "georgian-academy": "GEORGIAN-ACADEMY",
    "viscii": "VISCII",
    "tcvn": "TCVN5712-1",
    "cp1133": "CP1133",
    "mik": "MIK",
    "isiri-3342": "ISIRI-3342",
}


def main() -> None:
    pages = {
        ours: "".join(character(name, byte) for byte in range(256)) for ours, name in PAGES.items()
    }
    TARGET.write_text(json.dumps(pages, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def character(name: str, byte: int) -> str:
    command = ["iconv", "-f", name, "-t", "UTF-8"]
    done = subprocess.run(command, input=bytes([byte]), capture_output=True, check=False)
    text = done.stdout.decode("utf-8", "replace")
    return text if done.returncode == 0 and len(text) == 1 else "\ufffd"


if __name__ == "__main__":
    main()
