"""The tensors of a checkpoint, whatever the tools that wrote it called them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from toolkit.errors import ModelError

SHARED = "model.shared.weight"
MATRIX = "model.encoder.layers.0.fc1.weight"


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        SHARED,
        "lm_head.weight",
        "model.decoder.embed_tokens.weight",
        "model.encoder.embed_tokens.weight",
    ],
)
def test_the_table_is_found_under_each_of_its_names(
    name: str, sharded: bool, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from toolkit.translators.engine.weights import Weights

    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "named"))
    tensors = load_file(folder / "model.safetensors")
    table = tensors.pop(SHARED)
    if sharded:
        (folder / "model.safetensors").unlink()
        save_file({name: table}, folder / "model-00001-of-00002.safetensors")
        save_file(tensors, folder / "model-00002-of-00002.safetensors")
        placed = dict.fromkeys(tensors, "model-00002-of-00002.safetensors")
        placed[name] = "model-00001-of-00002.safetensors"
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": placed}))
    else:
        save_file({**tensors, name: table}, folder / "model.safetensors")
    weights = Weights(folder)
    assert torch.equal(weights(SHARED), table)
    ids = torch.tensor([5, 2, 5])
    assert torch.equal(weights.rows(SHARED, ids), table[ids].float())


def test_a_table_that_ends_too_early_is_not_read(tiny_checkpoint: Path, tmp_path: Path) -> None:
    import torch

    from toolkit.translators.engine.weights import Weights

    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "cut"))
    weights = Weights(folder)
    table = weights(SHARED)
    weights.rows(SHARED, torch.tensor([0]))
    os.truncate(folder / "model.safetensors", 4096)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        weights.rows(SHARED, torch.tensor([len(table) - 1]))


def test_what_cannot_be_kept_is_made_all_the_same(
    tiny_checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    from toolkit.translators.engine.weights import Weights

    (tmp_path / "file").write_text("in the way")
    weights = Weights(tiny_checkpoint, prepared=tmp_path / "file" / "prepared")
    for name in (SHARED, MATRIX):
        found = weights.quantised([name])
        for one, other in zip(found, Weights(tiny_checkpoint).quantised([name]), strict=True):
            assert torch.equal(one, other)
    assert len(caplog.records) == 1
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("rows", [None, [3, 1]])
def test_what_was_prepared_with_other_sizes_is_made_again(
    rows: list[int] | None, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    import torch

    from toolkit.translators.engine.weights import Weights

    weights = Weights(tiny_checkpoint, prepared=tmp_path)
    chosen = None if rows is None else torch.tensor(rows)
    weight, scale = weights.quantised([MATRIX], chosen)
    (kept,) = tmp_path.iterdir()
    for wrong in ((weight[:, 1:], scale), (weight[1:], scale[1:]), (weight, scale[1:])):
        torch.save(wrong, kept)
        for _ in range(2):
            again = weights.quantised([MATRIX], chosen)
            assert torch.equal(again[0], weight)
            assert torch.equal(again[1], scale)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_tensor_with_values_that_are_no_numbers_is_refused_by_name(
    value: float, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    from toolkit.translators.engine.weights import Weights

    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "spoilt"))
    tensors = load_file(folder / "model.safetensors")
    tensors[MATRIX][3, 2] = value
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=MATRIX):
        Weights(folder)(MATRIX)


def test_two_first_starts_at_once_prepare_the_same(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import torch

    from toolkit.translators.engine.weights import Weights

    def start(_: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        weights = Weights(tiny_checkpoint, prepared=tmp_path / "prepared")
        return [weights.quantised([name]) for name in (SHARED, MATRIX)]

    with ThreadPoolExecutor(4) as threads:
        starts = list(threads.map(start, range(8)))
    for found in starts[1:]:
        for pair, first in zip(found, starts[0], strict=True):
            assert all(map(torch.equal, pair, first))
