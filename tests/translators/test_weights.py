"""The tensors of a checkpoint, whatever the tools that wrote it called them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

SHARED = "model.shared.weight"


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

    from toolkit.translators.weights import Weights

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
