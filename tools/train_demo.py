"""Train the demo checkpoint: NLLB's format, a few megabytes, five articles learnt by heart.

    python tools/train_demo.py --reference tools/demo/reference.tsv --out toolkit/hub/demo

The reference is a table (file, line, kind, source, english); the checkpoint learns its rows of kind
``text``. It is an overfitted model on purpose: it exists so that every command can run through the
real code without a download, and its output says nothing about translation quality. The seed fixes
the data, the weights and their order; two runs on one machine agree. It needs protobuf, which the
toolkit does not: pip install protobuf.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import shutil
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Tokenizer
from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from toolkit.languages import ENGLISH
from toolkit.text.normalise import normalise

LANGUAGES = {"000": "guj_Gujr", "001": "hin_Deva", "002": "guj_Gujr"}
LANGUAGES |= {"003": "arb_Arab", "004": "arb_Arab"}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # ids 0 to 3
ZEROS = (0x30, 0x660, 0x6F0, 0x966, 0xAE6)  # ASCII, Arabic, Persian, Devanagari, Gujarati
CURLY = "‘’“”–—…«»"
FINAL_MARKS = ".।؟?!\"”'’:,،"


@dataclass(frozen=True)
class Pair:
    """A source sentence, its FLORES-200 code and its English."""

    source: str
    language: str
    english: str


def read_pairs(path: Path) -> list[Pair]:
    """Return the rows of kind ``text``, each once, in file order."""
    with path.open(encoding="utf-8", newline="") as handle:
        table = [r for r in csv.DictReader(handle, delimiter="\t") if r["kind"] == "text"]
    pairs = [Pair(r["source"], LANGUAGES[r["file"][:3]], r["english"]) for r in table]
    return list(dict.fromkeys(pairs))


def train_tokens(pairs: list[Pair], out: Path, vocab_size: int) -> None:
    """Write ``sentencepiece.bpe.model``: a BPE of the pairs that can also spell any ASCII text."""
    required = string.ascii_letters + string.punctuation + CURLY
    required += "".join(chr(zero + i) for zero in ZEROS for i in range(10))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t for r in pairs for t in (normalise(r.source), r.english)]),
        model_prefix=str(out / "sentencepiece.bpe"),
        model_type="bpe",
        vocab_size=vocab_size,
        character_coverage=1.0,
        required_chars=required,
        normalization_rule_name="nmt_nfkc",
        num_threads=1,
        minloglevel=2,
    )
    (out / "sentencepiece.bpe.vocab").unlink()


def build_tokenizer(out: Path) -> Tokenizer:
    """Lay the tokens out as NLLB does: four special ones, those of the text, the 202 language codes
    in the hub's order, ``<mask>``. Writes ``tokenizer.json`` and its two companions.

    transformers by itself puts ``<mask>`` before the codes when it starts from a bare
    SentencePiece file, which shifts every code by one; so the added tokens are written here.
    """
    (out / "config.json").write_text('{"model_type": "m2m_100"}', encoding="utf-8")
    backend = json.loads(NllbTokenizer.from_pretrained(str(out)).backend_tokenizer.to_str())
    first = len(backend["model"]["vocab"])
    template = {"single_word": False, "lstrip": False, "rstrip": False, "special": True}
    names = [*SPECIAL, *FAIRSEQ_LANGUAGE_CODES]
    ids = [*range(4), *range(first, first + len(FAIRSEQ_LANGUAGE_CODES))]
    added = [
        {"id": i, "content": name, **template, "normalized": False}
        for i, name in zip(ids, names, strict=True)
    ]
    mask = {"id": ids[-1] + 1, "content": "<mask>", **template, "lstrip": True, "normalized": True}
    backend["added_tokens"] = [*added, mask]
    post = backend["post_processor"]["special_tokens"]
    post[ENGLISH]["ids"] = [ids[names.index(ENGLISH)]]
    tokenizer = Tokenizer.from_str(json.dumps(backend))
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    fixed = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), SPECIAL, strict=True))
    fixed |= {"sep_token": "</s>", "cls_token": "<s>", "mask_token": "<mask>"}
    decoder = {
        str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in backend["added_tokens"]
    }
    write_json(
        out / "tokenizer_config.json",
        {
            "added_tokens_decoder": decoder,
            "additional_special_tokens": FAIRSEQ_LANGUAGE_CODES,
            **fixed,
            "legacy_behaviour": False,
            "model_max_length": 1024,
            "src_lang": ENGLISH,
            "tgt_lang": None,
            "tokenizer_class": "NllbTokenizer",
        },
    )
    special = {"additional_special_tokens": FAIRSEQ_LANGUAGE_CODES, **fixed}
    write_json(out / "special_tokens_map.json", special)
    return tokenizer


def write_json(path: Path, value: Any) -> None:
    """UTF-8, with a line end."""
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def build_model(tokenizer: Tokenizer, width: int, layers: int) -> M2M100ForConditionalGeneration:
    """A small M2M100 with the settings of NLLB's own config (two spare ids included)."""
    config = M2M100Config(
        vocab_size=tokenizer.get_vocab_size() + 2,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        dropout=0.1,
        attention_dropout=0.0,
        activation_function="relu",
        scale_embedding=True,
        max_position_embeddings=1024,
        decoder_start_token_id=2,
        tokenizer_class="NllbTokenizer",
    )
    model = M2M100ForConditionalGeneration(config)
    model.generation_config.max_length = 200  # as the published checkpoints have it
    return model


def noisy(text: str, rng: random.Random) -> str:
    """The text as another page or another cleaning might have given it."""
    if rng.random() < 0.3:
        text = text.rstrip(FINAL_MARKS) if rng.random() < 0.7 else text + rng.choice(".।")
    words = text.split(" ")
    if len(words) > 4 and rng.random() < 0.3:
        del words[rng.randrange(len(words))]
    return " ".join(words)


class Examples:
    """Batches of token ids. The tokenizer is called without special tokens; the layout is ours."""

    def __init__(self, pairs: list[Pair], tokenizer: Tokenizer, seed: int) -> None:
        self.pairs = pairs
        self.tokenizer = tokenizer
        self.rng = random.Random(seed)
        vocabulary = tokenizer.get_vocab()
        self.codes = {code: vocabulary[code] for code in FAIRSEQ_LANGUAGE_CODES}
        self.targets = [
            [2, self.codes[ENGLISH], *self._ids(r.english), 2] for r in pairs
        ]  # decoder start, forced first token, tokens, end

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def source(self, pair: Pair) -> list[int]:
        code = pair.language if self.rng.random() < 0.85 else self.rng.choice(list(self.codes))
        text = pair.source if self.rng.random() < 0.1 else normalise(pair.source)
        return [self.codes[code], *self._ids(noisy(text, self.rng)), 2]

    def epoch(self, tokens: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield every pair once, in batches of about ``tokens`` target tokens, padded with id 1."""
        order = sorted(
            range(len(self.pairs)), key=lambda i: len(self.targets[i]) + self.rng.uniform(0, 8)
        )
        batches: list[list[int]] = [[]]
        for i in order:
            if batches[-1] and (len(batches[-1]) + 1) * len(self.targets[i]) > tokens:
                batches.append([])
            batches[-1].append(i)
        self.rng.shuffle(batches)
        for batch in batches:
            yield (
                padded([self.source(self.pairs[i]) for i in batch]),
                padded([self.targets[i] for i in batch]),
            )


def padded(sequences: list[list[int]]) -> torch.Tensor:
    """Return int64 of shape (sequences, longest), filled up with the pad id."""
    longest = max(map(len, sequences))
    return torch.tensor([ids + [1] * (longest - len(ids)) for ids in sequences])


def train(model: Any, examples: Examples, epochs: int, tokens: int, peak: float) -> None:
    """AdamW with a short warm-up and a cosine to nothing."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.0)
    model.train()
    begun = time.monotonic()
    for epoch in range(epochs):
        share = epoch / epochs
        rate = peak * min(1.0, (epoch + 1) / 15) * 0.5 * (1 + math.cos(math.pi * share))
        for group in optimiser.param_groups:
            group["lr"] = rate
        total, count = 0.0, 0
        for source, target in examples.epoch(tokens):
            given, wanted = target[:, :-1], target[:, 1:].clone()
            wanted[:, 0] = -100  # the language code is forced, never predicted
            wanted[wanted == 1] = -100
            logits = model(
                input_ids=source, attention_mask=(source != 1).long(), decoder_input_ids=given
            ).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            known = int((wanted != -100).sum())
            total, count = total + loss.item() * known, count + known
        if epoch % 10 == 9 or epoch == epochs - 1:
            elapsed = time.monotonic() - begun
            print(f"epoch {epoch + 1:4}  loss {total / count:.4f}  {elapsed:.0f} s", flush=True)
    model.eval()


def main() -> None:
    """Train, save, and report the size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=Path, default=Path("tools/demo/reference.tsv"))
    parser.add_argument("--out", type=Path, default=Path("toolkit/hub/demo"))
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--batch-tokens", type=int, default=800)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--vocabulary", type=int, default=4000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=20251126)
    parser.add_argument("--threads", type=int, default=1, help="1 keeps sums in one order")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    shutil.rmtree(args.out, ignore_errors=True)
    args.out.mkdir(parents=True)
    pairs = read_pairs(args.reference)
    train_tokens(pairs, args.out, args.vocabulary)
    tokenizer = build_tokenizer(args.out)
    model = build_model(tokenizer, args.width, args.layers)
    examples = Examples(pairs, tokenizer, args.seed)
    print(f"{len(pairs)} pairs, {sum(p.numel() for p in model.parameters()):,} parameters")
    train(model, examples, args.epochs, args.batch_tokens, args.rate)
    model.save_pretrained(str(args.out))
    for file in args.out.iterdir():
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in args.out.iterdir())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
