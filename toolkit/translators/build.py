"""Make of a model's name a translator that checks its work, and decide how it is decoded again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit import plugins
from toolkit.config import Config
from toolkit.hub.checkpoint import Checkpoint
from toolkit.hub.resolve import NAMES, resolve
from toolkit.progress import Progress
from toolkit.translators.checks.meaning import load_meaning
from toolkit.translators.checks.retry import Checked, Retry, checked
from toolkit.translators.choice import TRANSFORMERS, settle

if TYPE_CHECKING:
    from toolkit.translators.nllb import Nllb
    from toolkit.translators.seq2seq import Seq2Seq

log = logging.getLogger(__name__)

# Source tokens of a clause.
_CLAUSE = 32
# Tokens that are not repeated: of 2 to 5 the number that freed the most outputs of loops.
_NGRAM = 3


def load_translator(
    model: str,
    *,
    engine: str = "auto",
    device: str = "auto",
    beam: int = 4,
    meaning: str | None = None,
    say: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> Checked:
    """Return the translator for ``model``, its weights loaded; ``say`` and ``progress`` report
    what is fetched first. ``engine`` ``auto`` takes the fastest on this machine: see ``choice``;
    ``meaning`` names the encoder that gives a second opinion, if any.

    Raises ``ModelError`` with what to do when the weights or the device cannot be had, and
    ``ConfigError`` where a plug-in cannot be used.
    """
    opinion = load_meaning(meaning, device=device) if meaning else None
    if model not in NAMES and (made := plugins.make("translator", model)) is not None:
        return checked(made, opinion)
    checkpoint = resolve(model, say=say or log.warning, progress=progress)
    first = _load(checkpoint, engine=engine, device=device, beam=beam)
    # A loop is decoded without repeats, which leaves other outputs as they are. Those that
    # then fail a check are searched more widely, and at last clause by clause.
    retries = (
        Retry(first.variant(beam=max(4, beam), no_repeat_ngram=_NGRAM), frozenset({"loop"})),
        Retry(first.variant(beam=max(4, 2 * beam))),
        Retry(first.variant(beam=4, longest=_CLAUSE)),
    )
    return Checked(first, retries, opinion)


def load_configured(
    config: Config, *, say: Callable[[str], None] | None = None, progress: Progress | None = None
) -> Checked:
    """Return the translator that ``config`` names: see ``load_translator``."""
    return load_translator(
        config.model,
        engine=config.engine,
        device=config.device,
        beam=config.beam,
        meaning=config.meaning,
        say=say,
        progress=progress,
    )


def _load(checkpoint: Checkpoint, *, engine: str, device: str, beam: int) -> Nllb | Seq2Seq:
    """Return the engine for a checkpoint, without its checks: our loop or CTranslate2 for NLLB and
    M2M100, transformers for the others."""
    chosen = settle(checkpoint, engine=engine, device=device)
    if chosen.engine == TRANSFORMERS:
        from toolkit.translators.seq2seq import Seq2Seq

        return Seq2Seq(checkpoint, device=chosen.device, beam=beam)
    from toolkit.translators.nllb import Nllb

    return Nllb(
        checkpoint,
        engine=chosen.engine,
        device=chosen.device,
        precision=chosen.precision,
        beam=beam,
    )
