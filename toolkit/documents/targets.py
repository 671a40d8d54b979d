"""Which files are translated into which: the files that names stand for, and where each goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.data import Failure
from toolkit.documents.base import Task
from toolkit.documents.formats import SUFFIXES, TABLES, TEXT, WRITTEN
from toolkit.errors import InputError
from toolkit.options import is_address
from toolkit.readers import paths

_STDIN = "-"
# What is put to the name of a file that is written in another form.
_ENDINGS = {"text": ".txt", "jsonl": ".jsonl", "side-by-side": ".html"}


@dataclass(slots=True)
class Plan:
    """The ``tasks``, the names that are read as articles (``rest``), and what there is to say."""

    tasks: list[Task] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for. ``form`` is None where nothing was said."""

    form: str | None = None
    output: Path | None = None
    out_dir: Path | None = None
    force: bool = False
    tag: str = "en"
    columns: tuple[str, ...] = ()


def plan(names: Sequence[str], wanted: Wanted) -> Plan:
    """Return what is to be done with the files, folders and patterns in ``names``."""
    made = Plan()
    targets: dict[Path, Path] = {}
    for name in names:
        if name == _STDIN or is_address(name):
            made.rest.append(name)
            continue
        try:
            found = list(_files(Path(name), made))
        except InputError as error:
            made.failures.append(
                Failure(name, "read", str(error).removeprefix(f"{name}: "), error.remedy)
            )
            continue
        if not any(_keeps(path, wanted, folder=folder) for path, folder in found):
            made.rest += [name] if wanted.form != "same" and not wanted.out_dir else []
        for path, folder in found:
            if _keeps(path, wanted, folder=folder):
                for target in _targets(path, folder, wanted):
                    _add(made, path, target, wanted, targets)
            elif wanted.form == "same" or wanted.out_dir:
                made.notes.append(f"{path}: left out, no format that can be kept")
            elif len(found) > 1 and any(_keeps(p, wanted, folder=f) for p, f in found):
                made.rest.append(str(path))
    return made


def _files(path: Path, made: Plan) -> Iterator[tuple[Path, Path | None]]:
    """Yield the files that a name stands for, with the folder that was named."""
    found, failures = paths.files([path])
    made.failures += failures
    folder = path if path.is_dir() else None
    yield from ((file, folder) for file in found if isinstance(file, Path))


# Formats of articles too: other forms of these have the article alone, without its page.
_ARTICLES = TABLES | {".md", ".markdown", ".html", ".htm", ".xhtml", ".eml"}


def _keeps(path: Path, wanted: Wanted, *, folder: Path | None) -> bool:
    """Return whether a file is translated as what it is, not as an article."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return False
    if wanted.form == "same" or wanted.out_dir:
        return True
    if suffix in TEXT or folder is not None or (suffix in TABLES and not wanted.columns):
        return False
    if wanted.form is None and wanted.output is not None:
        return wanted.output.suffix.lower() in WRITTEN.get(suffix, (suffix,))
    return wanted.form is None or suffix not in _ARTICLES


def _targets(path: Path, folder: Path | None, wanted: Wanted) -> list[Path]:
    """Return where a file is written to: a PDF as Markdown and as a web page."""
    if wanted.output is not None:
        return [wanted.output]
    form = wanted.form or "same"
    suffix = path.suffix.lower()
    endings = (_ENDINGS[form],) if form in _ENDINGS else WRITTEN.get(suffix, (path.suffix,))
    middle = "side-by-side" if form == "side-by-side" else wanted.tag
    inside = path.parent.relative_to(folder) if folder is not None else Path()
    parent = path.parent if wanted.out_dir is None else wanted.out_dir / inside
    return [parent / f"{path.stem}.{middle}{ending}" for ending in endings]


def _add(made: Plan, path: Path, target: Path, wanted: Wanted, targets: dict[Path, Path]) -> None:
    """Add a task, unless it would replace what nobody asked to have replaced."""
    if path.suffixes[-2:-1] == [f".{wanted.tag}"] and wanted.output is None:
        original = path.with_name(path.name.replace(f".{wanted.tag}.", ".", 1))
        if original.exists():
            made.notes.append(f"{path}: passed over, the translation of {original.name}")
            return
    if (other := targets.setdefault(target.absolute(), path)) != path:
        reason = f"would be written to {target}, as would {other}"
        made.failures.append(Failure(str(path), "read", reason, "Translate it by itself with -o."))
        return
    if target.exists() and not wanted.force and wanted.output is None:
        if target.stat().st_mtime >= path.stat().st_mtime:
            made.notes.append(f"{target}: newer than its source, left as it is (--force)")
        else:
            reason = f"{target} is there already, from an earlier {path.name}"
            made.failures.append(Failure(str(path), "read", reason, "--force replaces it."))
        return
    made.tasks.append(Task(path, target, wanted.tag, wanted.columns))
