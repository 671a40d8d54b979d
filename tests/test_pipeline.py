"""A whole run, from files to files, with a translator that needs no weights.

Whether the real one works is in ``test_demo.py``; here it is order, repeats, stops, failures.
"""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolkit.config import Config
from toolkit.data import Brief, Hypothesis, RunResult, TranslatedArticle
from toolkit.errors import ConfigError, InputError, ModelError
from toolkit.llm.openai_server import OpenAIServer
from toolkit.pipeline import run
from toolkit.summarisers.extractive.summariser import Extractive
from toolkit.summarisers.models.prompted import Prompted
from toolkit.translators.checks.retry import Checked, Retry

DAY = dt.date(2026, 11, 21)
HINDI = (
    "नई मेट्रो लाइन सोमवार से\n\n"
    "दिल्ली में सोमवार को नई मेट्रो लाइन शुरू हुई। पहले दिन 40 हज़ार लोगों ने सफ़र किया। "
    "मंत्री ने कहा कि अगले साल दो और लाइनें खुलेंगी।\n"
)
GUJARATI = (
    "ગુજરાતમાં ભારે વરસાદ\n\n"
    "ગુજરાતમાં આજે ભારે વરસાદ પડ્યો. નદીઓમાં પાણીનું સ્તર વધ્યું છે અને શાળાઓ બંધ રહેશે. "
    "સરકારે લોકોને ઘરમાં રહેવા કહ્યું છે.\n"
)
ENGLISH = (
    "Council approves the budget\n\n"
    "The council approved the budget on Monday. It takes effect in April. "
    "Spending on schools rises by 4 per cent to 12 million pounds.\n"
)
BRETON = (
    "Ar ministr en deus lavaret dimeurzh e vo digoret ar skol nevez warc'hoazh e Brest. Koustet en "
    "deus tri milion a euroioù ha labouret o deus daou-ugent den evit he sevel. Hervez ar maer e "
    "vo kinniget kentelioù brezhonek d'ar vugale adalek miz Gwengolo.\n"
)


class Named:
    """Translates every text to an English sentence of its own and remembers what it was asked."""

    signature = "named@1"
    notice = ""

    def __init__(self, *, fails_on: str = "") -> None:
        self.asked: list[str] = []
        self.fails_on = fails_on

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        if source == self.fails_on:
            raise ModelError("the device is gone", remedy="Plug it in again.")
        self.asked.extend(texts)
        return [
            Hypothesis(f"{_name(text)} met {_name(text[::-1])} in {_name(source)}.")
            for text in texts
        ]


def _name(text: str) -> str:
    """A name for ``text`` and no other."""
    return "".join(chr(ord("a") + int(d)) for d in str(zlib.crc32(text.encode()))).capitalize()


class Looping(Named):
    """Knows one sentence and repeats itself over all others."""

    signature = "looping@1"
    sound = "A new metro line opened in Delhi on Monday."

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
        self.asked.extend(texts)
        loop = "the the the the the the the the"
        return [Hypothesis(self.sound if "दिल्ली" in text else loop) for text in texts]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    news = tmp_path / "news"
    news.mkdir()
    for name, text in (("1.txt", HINDI), ("2.txt", GUJARATI), ("3.txt", ENGLISH)):
        (news / name).write_text(text, encoding="utf-8")
    return Config(inputs=(news,), outputs=tmp_path / "out", cache=tmp_path / "c.sqlite", date=DAY)


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_file_of_the_run_is_written_and_latest_points_to_it(config: Config) -> None:
    result = run(config, translator=Named())
    folder = config.outputs / "2026-11-21"
    names = {"digest.html", "digest.md", "digest.json", "articles.jsonl", "run.json", "run.log"}
    assert {p.name for p in folder.iterdir()} == names
    assert (config.outputs / "latest" / "run.json").exists()
    assert result.counts["articles"] == 3
    articles = records(folder / "articles.jsonl")
    assert [Path(str(a["source"])).name for a in articles] == ["1.txt", "2.txt", "3.txt"]
    assert [a["language"] for a in articles] == ["hin_Deva", "guj_Gujr", "eng_Latn"]


def test_a_result_is_a_table_with_the_same_columns_whatever_is_absent(config: Config) -> None:
    result = run(config, translator=Named())
    table = result.to_dataset()
    assert table["language"][:] == ["hin_Deva", "guj_Gujr", "eng_Latn"]
    assert table[0]["segments"][0]["source"] == HINDI.splitlines()[0]
    assert list(result.to_pandas().columns) == table.column_names
    with result.paths["articles"].open(encoding="utf-8") as lines:
        assert list(json.loads(next(lines))) == table.column_names
    nothing = RunResult(result.digest).to_dataset()
    assert (len(nothing), nothing.features) == (0, table.features)


def test_articles_keep_every_sentence_in_order(config: Config) -> None:
    result = run(config, translator=Named())
    hindi = next(a for a in result.digest.articles if a.language == "hin_Deva")
    sources = [t.segment.text for t in hindi.translations]
    assert " ".join(sources) == " ".join(HINDI.split())
    assert [t.segment.index for t in hindi.translations] == list(range(len(sources)))


def test_english_is_never_sent_to_the_model(config: Config) -> None:
    translator = Named()
    result = run(config, translator=translator)
    assert not any("budget" in text for text in translator.asked)
    english = next(a for a in result.digest.articles if a.language == "eng_Latn")
    assert [t.english for t in english.translations] == [
        t.segment.text for t in english.translations
    ]


def test_nothing_is_translated_twice_in_a_run_or_in_the_next(config: Config) -> None:
    (config.inputs[0] / "4.txt").write_text(HINDI + "\nयह एक नया वाक्य है जो पहले नहीं था।\n", "utf-8")
    first = Named()
    run(config, translator=first)
    assert len(first.asked) == len(set(first.asked))
    second = Named()
    result = run(config, translator=second)
    assert second.asked == []
    assert result.counts["from_model"] == 0
    assert result.counts["from_cache"] == len(first.asked)


def test_a_stopped_run_goes_on_where_it_was(config: Config) -> None:
    class Unplugged(Named):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            if self.asked:
                raise KeyboardInterrupt
            return super().translate(texts, source=source, target=target)

    stopped = Unplugged()
    with pytest.raises(KeyboardInterrupt):
        run(config, translator=stopped)
    assert not (config.outputs / "latest").exists()
    rest = Named()
    result = run(config, translator=rest)
    assert not set(stopped.asked) & set(rest.asked)
    assert result.counts["articles"] == 3


def test_one_language_that_fails_costs_no_other(config: Config) -> None:
    result = run(config, translator=Named(fails_on="guj_Gujr"))
    assert [a.language for a in result.digest.articles] == ["hin_Deva", "eng_Latn"]
    (failure,) = result.failures
    assert (failure.stage, failure.reason) == ("translate", "the device is gone")
    page = (config.outputs / "latest" / "digest.html").read_text(encoding="utf-8")
    assert "device is gone" in page


def test_bad_files_are_not_processed_and_the_good_ones_are(config: Config) -> None:
    news = config.inputs[0]
    (news / "5-empty.txt").write_bytes(b"")
    (news / "6-binary.txt").write_bytes(bytes(range(256)) * 20)
    (news / "7-utf16.txt").write_text(GUJARATI.replace("ભારે", "હળવો"), encoding="utf-16")
    arabic = (
        "افتتاح مستشفيات جديدة\n\nأعلنت الوزارة اليوم افتتاح ثلاثة مستشفيات جديدة في العاصمة. "
        "وقال الوزير إن العمل سيبدأ في مارس المقبل.\n"
    )
    (news / "8-1256.txt").write_text(arabic, encoding="cp1256")
    result = run(config, translator=Named())
    names = [Path(a.source).name for a in result.digest.articles]
    assert names == ["1.txt", "2.txt", "3.txt", "7-utf16.txt", "8-1256.txt"]
    assert result.digest.articles[-1].language == "arb_Arab"
    assert [(Path(f.source).name, f.stage) for f in result.failures] == [
        ("5-empty.txt", "read"),
        ("6-binary.txt", "read"),
    ]
    run_record = json.loads((config.outputs / "latest" / "run.json").read_text(encoding="utf-8"))
    assert len(run_record["failures"]) == 2


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch, config: Config) -> Config:
    """A configuration whose deadline is past."""
    monkeypatch.setattr("toolkit.pipeline.clock", lambda deadline: lambda: deadline is not None)
    return replace(config, deadline=dt.time(6))


def test_a_deadline_that_is_past_leaves_work_over_but_keeps_what_is_known(
    config: Config, late: Config
) -> None:
    result = run(late, translator=Named())
    assert [a.language for a in result.digest.articles] == ["eng_Latn"]
    assert result.counts["left_over"] == 2
    assert any("deadline" in notice for notice in result.digest.notices)
    run(config, translator=Named())
    again = run(late, translator=Named())
    assert again.counts["left_over"] == 0


def test_a_deadline_that_is_past_leaves_a_language_model_unasked(
    config: Config, late: Config
) -> None:
    (config.inputs[0] / "4.txt").write_text(
        ENGLISH.replace("takes effect", "comes into force"), "utf-8"
    )
    run(config, translator=Named())
    server = {"llm_url": "http://127.0.0.1:9/v1", "llm_model": "absent"}
    result = run(replace(late, summariser="prompted", **server), translator=Named())
    assert all(story.bullets for story in result.digest.stories)
    assert [n for n in result.digest.notices if "gave no" in n] == []
    briefs, merging = (n for n in result.digest.notices if "deadline" in n)
    assert "4 of 4 articles" in briefs
    assert "1 of the stories" in merging


def test_a_deadline_that_is_past_makes_briefs_of_the_first_sentences(
    config: Config, late: Config
) -> None:
    town = "The council of {} approved a budget of {} million pounds for its schools on Monday. "
    tales = "".join(town.format(_name(str(n)), n + 2) for n in range(40))
    (config.inputs[0] / "3.txt").write_text(f"Councils approve budgets\n\n{tales}", "utf-8")
    result = run(late, translator=Named())
    (story,) = result.digest.stories
    assert all(index <= 20 for b in story.bullets for cite in b.cites for index in cite.segments)
    assert "1 of 1 articles" in " ".join(result.digest.notices)


def test_what_is_longer_than_an_article_is_a_failure_and_the_rest_goes_on(config: Config) -> None:
    news = config.inputs[0]
    (news / "4.txt").write_text("Word " * 900_000, "utf-8")
    (news / "5.txt").write_text("Word " * 201_000, "utf-8")
    (news / "6.txt").write_text("Word\n" * 60_000, "utf-8")
    (news / "7.txt").write_text("A word. " * 21_000, "utf-8")
    result = run(config, translator=Named())
    assert len(result.digest.articles) == 3
    assert len(result.failures) == 4
    assert all("too long for one article" in failure.reason for failure in result.failures)
    assert all("Split" in failure.remedy for failure in result.failures)


def test_a_run_counts_nothing_of_an_earlier_one(config: Config) -> None:
    translator = Checked(Named(), [Retry(Named(), frozenset({"numbers"}))])
    counts = [run(config, translator=translator).counts for _ in range(2)]
    assert counts[0]["retried"] > 0
    assert counts[1]["retried"] == 0


def test_a_summariser_that_serves_two_runs_tells_of_one(config: Config) -> None:
    # Port 9 discards: nothing listens there.
    summariser = Prompted(OpenAIServer("http://127.0.0.1:9/v1", "absent", retries=0))
    told = [run(config, translator=Named(), summariser=summariser).digest.notices for _ in range(2)]
    assert told[0] == told[1]
    assert "for 3 of 3 articles" in told[0][0]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_translator_that_repeats_itself_is_flagged_and_makes_no_headline(
    config: Config, wrapped: bool
) -> None:
    translator = Checked(Looping()) if wrapped else Looping()
    result = run(config, translator=translator)
    assert result.counts["flagged"] == result.counts["from_model"] - 1
    assert any("failed a check" in notice for notice in result.digest.notices)
    by_language = {a.id: a.language for a in result.digest.articles}
    headlines = {by_language[s.articles[0]]: s.headline for s in result.digest.stories}
    assert headlines == {
        "hin_Deva": Looping.sound.removesuffix("."),
        "guj_Gujr": "ગુજરાતમાં ભારે વરસાદ",  # no sentence of its translation is fit to be read
        "eng_Latn": "Council approves the budget",
    }

    class Careless(Extractive):
        """Takes the last sentence for its headline, however it was translated."""

        def summarise(self, article: TranslatedArticle, *, bullets: int) -> Brief:
            last = article.translations[-1]
            brief = super().summarise(article, bullets=bullets)
            return replace(brief, headline=last.english, headline_cites=(last.segment.index,))

    again = run(config, translator=Looping(), summariser=Careless())
    assert not any("the the" in story.headline for story in again.digest.stories)
    assert (again.counts["from_model"], again.counts["flagged"]) == (0, result.counts["flagged"])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ([], "the translator named@1 gave 0 hypotheses for 4 texts"),
        (["Rain."] * 4, "the translator named@1 gave a str in the list"),
        (None, "the translator named@1 gave a NoneType"),
    ],
)
def test_a_translator_that_breaks_its_contract_costs_its_articles(
    config: Config, answer: Any, reason: str
) -> None:
    class Short(Named):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            found = super().translate(texts, source=source, target=target)
            return found if source != "guj_Gujr" else answer  # type: ignore[no-any-return]

    result = run(config, translator=Short())
    assert [a.language for a in result.digest.articles] == ["hin_Deva", "eng_Latn"]
    (failure,) = result.failures
    assert (failure.stage, failure.reason) == ("translate", reason)


def test_what_is_no_translator_is_refused_in_one_line(config: Config) -> None:
    with pytest.raises(ModelError, match="a str is no translator"):
        run(config, translator="600M")  # type: ignore[arg-type]


def test_no_input_is_an_error_and_no_digest(tmp_path: Path, config: Config) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    nothing = replace(config, inputs=(empty,))
    with pytest.raises(InputError, match="no article here"):
        run(nothing, translator=Named())
    assert not (config.outputs / "latest").exists()


def test_two_copies_of_one_article_are_one(config: Config) -> None:
    (config.inputs[0] / "copy.txt").write_text(ENGLISH, encoding="utf-8")
    result = run(config, translator=Named())
    assert result.counts["articles"] == 3
    assert result.counts["duplicates"] == 1


def test_a_story_that_goes_on_from_yesterday_says_so(config: Config) -> None:
    more = ENGLISH.replace("It takes effect in April.", "Protests against it followed on Tuesday.")
    run(replace(config, date=DAY - dt.timedelta(days=1)), translator=Named())
    (config.inputs[0] / "3.txt").write_text(more, encoding="utf-8")
    result = run(config, translator=Named())
    budget = next(s for s in result.digest.stories if "budget" in s.headline)
    assert budget.continues == DAY - dt.timedelta(days=1)
    (config.outputs / "2026-11-20" / "digest.json").write_text("{damaged", encoding="utf-8")
    again = run(config, translator=Named())
    assert all(story.continues is None for story in again.digest.stories)


def test_what_nobody_foresaw_costs_one_article_and_is_in_the_log(config: Config) -> None:
    class Broken(Named):
        def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[Hypothesis]:
            if source == "guj_Gujr":
                raise IndexError("list index\nout of range")
            return super().translate(texts, source=source, target=target)

    result = run(config, translator=Broken())
    assert [a.language for a in result.digest.articles] == ["hin_Deva", "eng_Latn"]
    (failure,) = result.failures
    error = "IndexError: list index out of range"
    assert failure.reason == f"the translator named@1: unforeseen error ({error})"
    assert "Traceback" in (config.outputs / "latest" / "run.log").read_text(encoding="utf-8")


def test_a_run_in_which_nothing_could_be_done_leaves_the_digest_alone(config: Config) -> None:
    good = run(config, translator=Named()).paths["html"].read_text(encoding="utf-8")
    for file in config.inputs[0].iterdir():
        file.write_bytes(b"")
    result = run(config, translator=Named())
    assert not result.digest.articles
    assert len(result.failures) == 3
    assert (config.outputs / "latest" / "digest.html").read_text(encoding="utf-8") == good
    record = json.loads((config.outputs / "latest" / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["articles"] == 3
    assert result.paths["run"].name == "run-without-digest.json"


def test_a_broken_template_stops_the_run_before_any_work(config: Config, tmp_path: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "digest.md.j2").write_text("{{ nothing.such }", encoding="utf-8")
    translator = Named()
    with pytest.raises(ConfigError, match=r"digest\.md\.j2"):
        run(replace(config, templates=templates), translator=translator)
    assert translator.asked == []
    assert not (config.outputs / "latest").exists()


def test_a_language_in_doubt_is_told_at_the_top_and_on_the_story(config: Config) -> None:
    (config.inputs[0] / "4.txt").write_text(BRETON, encoding="utf-8")
    result = run(config, translator=Named())
    assert result.counts["doubted"] == 1
    assert any(n.startswith("1 of 4 articles may be in another") for n in result.digest.notices)
    (story,) = (s for s in result.digest.stories if s.notes)
    (article,) = (a for a in result.digest.articles if a.prepared.language_doubt)
    assert story.articles == (article.id,)
    assert any("4.txt: taken for" in note for note in story.notes)
    stated = records(result.paths["articles"])
    assert [bool(a["language_doubt"]) for a in stated] == [False, False, False, True]


def test_a_damaged_cache_is_told_in_the_digest(config: Config) -> None:
    config.cache.write_bytes(b"no database at all " * 500)
    said: list[str] = []
    result = run(config, translator=Named(), say=said.append)
    assert any("was damaged" in notice for notice in result.digest.notices)
    assert ["was damaged" in text for text in said] == [True]


def test_a_language_model_that_does_not_answer_costs_no_digest(config: Config) -> None:
    # Port 9 discards: nothing listens there.
    asked = replace(
        config, summariser="prompted", llm_url="http://127.0.0.1:9/v1", llm_model="absent"
    )
    result = run(asked, translator=Named())
    assert [story.bullets != () for story in result.digest.stories] == [True] * 3
    assert any("language model" in note for s in result.digest.stories for note in s.notes)
    (notice,) = (n for n in result.digest.notices if "language model" in n)
    assert "for 3 of 3 articles: it gave none for 3 (absent at 127.0.0.1:9: no conn" in notice
    assert "prompted-1" in result.digest.signature
    assert "brief:" in result.digest.signature
