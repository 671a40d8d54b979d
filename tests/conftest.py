"""Fixtures for all tests."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
import pytest

from toolkit.data import (
    Article,
    Citation,
    Digest,
    Dispute,
    Failure,
    PreparedArticle,
    Segment,
    Story,
    StoryBullet,
    TranslatedArticle,
    Translation,
)

# The models here are too small to share among cores, and threads that wait for one another on a
# busy machine are many times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Triton reads it when it is imported, which torch may do at any time.
os.environ.setdefault("TRITON_INTERPRET", "1")

# Corrections of whoever runs the tests are none of theirs.
os.environ["XDG_DATA_HOME"] = str(Path(__file__).with_name("no-such-folder"))

# Time on a busy machine says nothing about a property.
hypothesis.settings.register_profile("toolkit", deadline=None)
hypothesis.settings.load_profile("toolkit")

CASES = Path(__file__).with_name("cases")


def _bfloat16() -> bool:
    from toolkit.translators.engine.linear import bfloat16_works

    return bfloat16_works()


def _ctranslate2_int8() -> bool:
    from toolkit.translators.choice import ctranslate2_int8

    return ctranslate2_int8()


# What the mark ``needs`` may ask for: whether it is there, and what is said where it is not.
FEATURES = {
    "bfloat16": (_bfloat16, "torch multiplies bfloat16 with AVX-512 or AVX-NE-CONVERT only"),
    "ctranslate2-int8": (_ctranslate2_int8, "CTranslate2's int8 is exact with VNNI only"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        there, reason = FEATURES[mark.args[0]]
        if not there():
            pytest.skip(f"{reason}, which this processor lacks")


@pytest.fixture(scope="session")
def calls() -> Callable[[Callable[[], object]], int]:
    """A function that counts the calls, of Python and of C, that ``work`` makes: as much as it
    does, whatever else the machine is doing."""

    def count(work: Callable[[], object]) -> int:
        found = 0

        def seen(frame: FrameType, event: str, argument: object) -> None:
            nonlocal found
            found += event in ("call", "c_call")

        sys.setprofile(seen)
        try:
            work()
        finally:
            sys.setprofile(None)
        return found

    return count


@pytest.fixture(scope="session")
def assert_linear() -> Callable[[Callable[[str], object], str], None]:
    """A function that asserts that ``work`` takes time in proportion to its text: at most 24 times
    as long for the whole as for an eighth of it, half from each end. It would be 64 times if it
    grew squared. Time is this process's own on the processor, without what collecting garbage of
    other tests takes; calls do not count what a pattern does within one."""

    def seconds(work: Callable[[str], object], text: str) -> float:
        times = []
        for _ in range(2):
            began = time.process_time()
            work(text)
            times.append(time.process_time() - began)
        return min(times)

    def check(work: Callable[[str], object], text: str) -> None:
        part = text[: len(text) // 16] + text[-(len(text) // 16) :]
        gc.disable()
        try:
            short, whole = seconds(work, part), seconds(work, text)
        finally:
            gc.enable()
        # Below 10 ms it is what is done once that takes the time.
        assert whole < 24 * max(short, 0.01)

    return check


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in NLLB's format with random weights (about 1 MB) and the demo's tokenizer."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    from toolkit.hub.resolve import resolve

    folder = tmp_path_factory.mktemp("tiny") / "tiny-nllb"
    folder.mkdir()
    for file in resolve("demo").path.glob("*"):
        if "token" in file.name or "sentencepiece" in file.name:
            shutil.copy(file, folder)
    config = M2M100Config.from_pretrained(resolve("demo").path)
    for side in ("encoder", "decoder"):
        setattr(config, f"{side}_layers", 1)
        setattr(config, f"{side}_ffn_dim", 64)
    config.d_model = 32
    torch.manual_seed(3)
    model = M2M100ForConditionalGeneration(config)
    with torch.no_grad():  # so far apart that inputs give different outputs, and no rounding ties
        for name, weights in model.named_parameters():
            if weights.dim() == 2 and "embed" not in name and "shared" not in name:
                weights.mul_(15)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sample_digest() -> Digest:
    """A briefing of invented news: five languages, four stories, one of them from two sources."""
    raw = json.loads((CASES / "digest.json").read_text(encoding="utf-8"))
    return Digest(
        date=dt.date.fromisoformat(raw["date"]),
        signature=raw["signature"],
        articles=tuple(_article(a) for a in raw["articles"]),
        stories=tuple(_story(s) for s in raw["stories"]),
        failures=tuple(Failure(**f) for f in raw["failures"]),
        notices=tuple(raw["notices"]),
    )


@pytest.fixture(scope="session")
def hostile_digest(sample_digest: Digest) -> Digest:
    """The same briefing with hostile text in every place that holds text from outside."""
    texts = json.loads((CASES / "hostile.json").read_text(encoding="utf-8"))
    return _poisoned(sample_digest, " ".join(texts))


@pytest.fixture(scope="session")
def poisoned() -> Callable[[Digest, str], Digest]:
    """A function that puts a text into every place that holds text from outside."""
    return _poisoned


def _article(raw: dict[str, Any]) -> TranslatedArticle:
    segments = tuple(
        Segment(raw["id"], n, n, s["text"], n + 1, s.get("kind", "text"))
        for n, s in enumerate(raw["segments"])
    )
    text = "\n".join(s.text for s in segments)
    article = Article(
        raw["id"], raw["source"], text, language=raw["language"], published=raw["published"]
    )
    title = next((s.text for s in segments if s.kind == "title"), None)
    return TranslatedArticle(
        PreparedArticle(article, raw["language"], segments, title=title, author=raw["author"]),
        tuple(
            Translation(segment, s["english"], tuple(s.get("flags", ())))
            for segment, s in zip(segments, raw["segments"], strict=True)
        ),
    )


def _story(raw: dict[str, Any]) -> Story:
    bullets = (
        StoryBullet(b["text"], tuple(Citation(i, tuple(n)) for i, n in b["cites"].items()))
        for b in raw["bullets"]
    )
    return Story(
        headline=raw["headline"],
        bullets=tuple(bullets),
        articles=tuple(raw["articles"]),
        continues=dt.date.fromisoformat(raw["continues"]) if raw.get("continues") else None,
        notes=tuple(raw.get("notes", ())),
    )


def _poisoned(digest: Digest, text: str) -> Digest:
    """``text`` in every field that outsiders fill, each time with a number, so that no two are
    alike. A source is a path here; web addresses have tests of their own."""
    numbers = iter(range(10**6))

    def bad() -> str:
        return f"{text} q{next(numbers)}q"

    def article(old: TranslatedArticle) -> TranslatedArticle:
        prepared = old.prepared
        segments = tuple(
            Segment(s.article_id, s.index, s.paragraph, bad(), s.line, s.kind)
            for s in prepared.segments
        )
        page = Article(old.id, f"inbox/{bad()}", bad(), bad(), bad(), bad(), bad(), bad())
        return TranslatedArticle(
            PreparedArticle(page, old.language, segments, (), bad(), bad()),
            tuple(Translation(s, bad(), (bad(),)) for s in segments),
        )

    def story(old: Story) -> Story:
        bullets = tuple(StoryBullet(bad(), b.cites) for b in old.bullets)
        disputed = (Dispute((bad(),), bullets[:2], 1),) if len(bullets) > 1 else ()
        return Story(bad(), bullets, old.articles, old.continues, (bad(),), disputed)

    return Digest(
        digest.date,
        bad(),
        tuple(map(article, digest.articles)),
        tuple(map(story, digest.stories)),
        tuple(Failure(f"inbox/{bad()}", f.stage, bad(), bad()) for f in digest.failures),
        (bad(),),
    )


@pytest.fixture(scope="session")
def byte_level_tokenizer() -> Callable[[list[str]], Any]:
    """A function that trains a small byte-level tokenizer of transformers on texts."""

    def make(texts: list[str]) -> Any:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
        from transformers import PreTrainedTokenizerFast

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=["<pad>", "<s>", "</s>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        return PreTrainedTokenizerFast(
            tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
        )

    return make
