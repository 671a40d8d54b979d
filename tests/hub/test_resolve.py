"""What a model's name means, what is in the hub's cache, and what a fetch brings."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from toolkit.errors import ConfigError, ModelError
from toolkit.hub import download
from toolkit.hub.resolve import fetch, list_models, resolve

NAME = "someone/tiny-nllb"


class Counter:
    """A ``Progress`` that remembers."""

    total = 0
    done = 0

    def begin(self, stage: str, total: int) -> None:
        self.total = total

    def advance(self, amount: int = 1) -> None:
        self.done += amount


def quietly(message: str) -> None:
    pass


def bare_environment(**more: str) -> dict[str, str]:
    return {"PATH": "", "HOME": "/nonexistent", "PYTHONPATH": ":".join(sys.path), **more}


def snapshot(cache: Path, name: str, commit: str, files: Path, reference: str = "main") -> Path:
    """A repository as the hub's tools leave it in their cache."""
    storage = cache / f"models--{name.replace('/', '--')}"
    (storage / "refs" / reference).parent.mkdir(parents=True, exist_ok=True)
    (storage / "refs" / reference).write_text(commit)
    return Path(shutil.copytree(files, storage / "snapshots" / commit))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and an endpoint where nobody listens."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
    return tmp_path / "cache"


def test_the_demo_is_in_the_package() -> None:
    checkpoint = resolve("demo")
    assert checkpoint.is_demo
    assert "five sample articles" in checkpoint.notice
    assert fetch("demo") == resolve("demo") == checkpoint
    assert sum(f.stat().st_size for f in checkpoint.path.iterdir()) < 15_000_000


@pytest.mark.parametrize("name", ["600M", "600m", "facebook/nllb-200-distilled-600M"])
def test_names_of_one_checkpoint(name: str, cache: Path, tiny_checkpoint: Path) -> None:
    folder = snapshot(cache, "facebook/nllb-200-distilled-600M", "a" * 40, tiny_checkpoint)
    checkpoint = resolve(name)
    assert checkpoint.path == folder
    assert checkpoint.signature == "nllb-200-distilled-600M@aaaaaaaa"
    assert checkpoint.licence == "CC-BY-NC-4.0"
    assert not checkpoint.notice


@pytest.mark.parametrize("variable", ["HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"])
def test_the_cache_is_where_the_hub_keeps_it(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path
) -> None:
    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    below = {"HF_HOME": "hub", "HF_HUB_CACHE": "", "XDG_CACHE_HOME": "huggingface/hub"}[variable]
    folder = snapshot(tmp_path / below, NAME, "a" * 40, tiny_checkpoint)
    assert resolve(NAME, fetch_missing=False).path == folder
    asked = subprocess.run(
        [sys.executable, "-c", "import huggingface_hub.constants as c; print(c.HF_HUB_CACHE)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(asked.stdout.strip()) == tmp_path / below


def test_weights_in_a_revision_other_than_main(cache: Path, tiny_checkpoint: Path) -> None:
    old = snapshot(cache, NAME, "a" * 40, tiny_checkpoint)
    (old / "model.safetensors").rename(old / "pytorch_model.bin")
    converted = snapshot(cache, NAME, "b" * 40, tiny_checkpoint, "refs/pr/7")
    assert resolve(NAME).path == converted


def test_a_revision_can_be_asked_for(cache: Path, tiny_checkpoint: Path) -> None:
    snapshot(cache, NAME, "a" * 40, tiny_checkpoint)
    tagged = snapshot(cache, NAME, "b" * 40, tiny_checkpoint, "v2")
    assert resolve(f"{NAME}@v2").path == tagged
    assert resolve(f"{NAME}@{'b' * 40}").path == tagged
    assert resolve(NAME).path != tagged
    with pytest.raises(ModelError, match="not on this machine"):
        resolve(f"{NAME}@v3", fetch_missing=False)


def test_folders(cache: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    checkpoint = resolve(str(tiny_checkpoint))
    assert (checkpoint.name, checkpoint.path) == ("tiny-nllb", tiny_checkpoint)
    copied = snapshot(tmp_path, NAME, "a" * 40, tiny_checkpoint)
    assert resolve(str(copied.parents[1])).path == copied
    assert resolve(str(copied)).signature == "someone/tiny-nllb@aaaaaaaa"


def test_a_fingerprint_follows_the_contents(tiny_checkpoint: Path, tmp_path: Path) -> None:
    one = resolve(str(shutil.copytree(tiny_checkpoint, tmp_path / "one"))).revision
    assert resolve(str(shutil.copytree(tiny_checkpoint, tmp_path / "two"))).revision == one
    weights = tmp_path / "two" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    assert resolve(str(tmp_path / "two")).revision != one
    config = json.loads((tmp_path / "one" / "config.json").read_text())
    (tmp_path / "one" / "config.json").write_text(json.dumps(config | {"dropout": 0.2}))
    assert resolve(str(tmp_path / "one")).revision != one


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("600MB", "Did you mean 600M?"),
        ("dmeo", "Did you mean demo?"),
        ("nonsense", "unknown model 'nonsense'"),
        ("", "unknown model ''"),
    ],
)
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        resolve(name)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="no folder /not/there/at/all") as raised:
        resolve("/not/there/at/all")
    assert "model.safetensors" in raised.value.remedy


class Harm(NamedTuple):
    file: str
    content: bytes | None
    message: str


HARMS = [
    Harm("config.json", None, "config.json missing"),
    Harm("config.json", b"{not json", "config.json is damaged"),
    Harm("config.json", b'{"model_type": "bart"}', "type 'bart', which is no translator"),
    Harm("tokenizer.json", None, "tokenizer.json missing"),
    Harm("model.safetensors", None, "model.safetensors missing"),
    Harm("model.safetensors", b"", "model.safetensors is damaged"),
    Harm("model.safetensors", b"<!DOCTYPE html><title>Not found</title>", "is damaged"),
    Harm("model.safetensors", b"\x10\0\0\0\0\0\0\0this is no JSON!", "not a safetensors file"),
    Harm("model.safetensors", b"\x02\0\0\0\0\0\0\0{}", "not a safetensors file"),
]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.message)
def test_what_is_wrong_with_a_folder_is_named(
    harm: Harm, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "harmed"))
    (folder / harm.file).unlink()
    if harm.content is not None:
        (folder / harm.file).write_bytes(harm.content)
    with pytest.raises(ModelError, match=harm.message) as raised:
        resolve(str(folder))
    assert str(folder) in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_copy_that_was_cut_off_is_named(
    share: float, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "cut"))
    weights = folder / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged") as raised:
        resolve(str(folder))
    assert f"Delete {weights}" in raised.value.remedy


def test_shards_are_counted(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from transformers import M2M100ForConditionalGeneration

    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "sharded"))
    model = M2M100ForConditionalGeneration.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    shards = sorted(folder.glob("model-*.safetensors"))
    assert len(shards) > 1
    assert resolve(str(folder)).path == folder
    shards[-1].unlink()
    with pytest.raises(ModelError, match=f"{shards[-1].name} missing"):
        resolve(str(folder))


class Thief:
    """What a pickle that runs code looks like."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


def aged(checkpoint: Path, folder: Path, *, shards: int = 1, old_format: bool = False) -> Path:
    """A copy of ``checkpoint`` with its weights as older tools wrote them: pickled, the tied
    embeddings under all their names."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(checkpoint, folder)
    weights = load_file(folder / "model.safetensors")
    for name in ("lm_head", "model.encoder.embed_tokens", "model.decoder.embed_tokens"):
        weights[f"{name}.weight"] = weights["model.shared.weight"]
    (folder / "model.safetensors").unlink()
    options: Any = {"_use_new_zipfile_serialization": not old_format}
    if shards == 1:
        torch.save(weights, folder / "pytorch_model.bin", **options)
        return folder
    placed: dict[str, str] = {}
    for n in range(shards):
        file = f"pytorch_model-{n + 1:05}-of-{shards:05}.bin"
        part = {name: weights[name] for name in sorted(weights)[n::shards]}
        torch.save(part, folder / file, **options)
        placed |= dict.fromkeys(part, file)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": placed}))
    return folder


def tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {
        name: tensor.tolist()
        for file in folder.glob("*.safetensors")
        for name, tensor in load_file(file).items()
    }


def assert_same_weights(folder: Path, checkpoint: Path) -> None:
    """That ``folder`` has each tensor once or, of the tied ones, at least."""
    wanted, found = tensors(checkpoint), tensors(folder)
    assert {n: found[n] for n in wanted} == wanted
    assert all(found[n] == wanted["model.shared.weight"] for n in found.keys() - wanted.keys())


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("old_format", [False, True])
def test_the_remedy_for_old_weights_works(
    shards: int, old_format: bool, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = aged(tiny_checkpoint, tmp_path / "old weights", shards=shards, old_format=old_format)
    with pytest.raises(ModelError, match=r"only as pytorch_model\.bin") as raised:
        resolve(str(folder))
    assert raised.value.remedy.endswith(f"toolkit models fetch '{folder}'")
    said: list[str] = []
    assert fetch(str(folder), say=said.append).path == folder
    assert_same_weights(folder, tiny_checkpoint)
    assert resolve(str(folder)).path == folder
    assert len(said) == 1
    fetch(str(folder), say=said.append)
    assert len(said) == 1, "what is converted is not converted again"


def test_a_pickle_that_runs_code_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    import torch

    folder = aged(tiny_checkpoint, tmp_path / "evil")
    torch.save({"x": Thief(tmp_path / "mark")}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="holds more than weights"):
        fetch(str(folder), say=quietly)
    assert not (tmp_path / "mark").exists()
    assert list(folder.glob("*.safetensors")) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_old_weights_that_were_cut_off_are_named(
    share: float, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    folder = aged(tiny_checkpoint, tmp_path / "cut")
    data = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"pytorch_model\.bin"):
        fetch(str(folder), say=quietly)
    assert list(folder.glob("*.safetensors")) == []


def test_old_weights_in_the_cache_need_no_network(
    cache: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    old = aged(tiny_checkpoint, tmp_path / "old", shards=2)
    folder = snapshot(cache, NAME, "a" * 40, old)
    checkpoint = resolve(NAME, say=quietly)
    assert (checkpoint.path, checkpoint.revision) == (folder, "a" * 40)
    assert_same_weights(folder, tiny_checkpoint)
    assert len(list(folder.glob("*.bin"))) == 2, "other tools may want them"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited on purpose, which pass at once."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def test_without_weights_and_network_the_message_says_what_to_do(
    cache: Path, naps: list[float]
) -> None:
    with pytest.raises(ModelError) as raised:
        resolve("600M", say=quietly)
    assert sum(naps) < 10
    told = f"{raised.value}\n{raised.value.remedy}"
    assert "nllb-200-distilled-600M" in told
    assert "toolkit models fetch 600M" in told
    assert "--model /path/to/folder" in told
    assert "--model demo" in told
    assert told.count("\n") <= 5


def test_a_network_that_swallows_everything_is_given_up_on(
    cache: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    """With 10 seconds for each connection instead of half of one it would be a minute at most."""
    monkeypatch.setattr(download, "_TIMEOUT", 0.5)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(ModelError, match="cannot be reached"):
            resolve("600M", say=quietly)
        deaf.setblocking(False)
        tried = 0
        with suppress(BlockingIOError):
            while True:
                deaf.accept()[0].close()
                tried += 1
    assert 1 <= tried <= 5
    assert sum(naps) < 10


def test_resolve_without_fetching_asks_nobody(hub: Any) -> None:
    with pytest.raises(ModelError, match="not on this machine"):
        resolve(NAME, fetch_missing=False)
    assert hub.requests == []


def test_a_fetch_brings_what_is_needed_and_nothing_else(hub: Any) -> None:
    said: list[str] = []
    progress = Counter()
    checkpoint = fetch(NAME, say=said.append, progress=progress)
    assert checkpoint.revision == hub.commit("main")
    assert checkpoint.signature == "tiny-nllb@01234567"
    assert {f.name for f in checkpoint.path.iterdir()} == set(hub.files["main"]) - {
        "pytorch_model.bin",
        "a.py",
    }
    assert "CC-BY-NC-4.0" in " ".join(said)
    assert progress.done == progress.total > 100_000
    seen = len(hub.requests)
    assert resolve(NAME) == checkpoint
    assert len(hub.requests) == seen, "a checkpoint that is here must not ask the network"


def test_first_use_fetches(hub: Any) -> None:
    assert resolve(NAME, say=quietly).revision == hub.commit("main")


def ranges(hub: Any) -> list[int]:
    """The offsets from which the weights were asked for."""
    return [
        int(request.rpartition("bytes=")[2].rstrip("-"))
        for request in hub.requests
        if "model.safetensors" in request and "bytes=" in request
    ]


def test_a_connection_that_is_cut_is_taken_up_again(
    hub: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0.01)
    hub.cut, hub.cuts = "model.safetensors", 3
    progress = Counter()
    checkpoint = fetch(NAME, say=quietly, progress=progress)
    weights = (checkpoint.path / "model.safetensors").read_bytes()
    assert weights == hub.files["main"]["model.safetensors"]
    offsets = ranges(hub)
    assert len(offsets) == 4
    assert offsets == sorted(set(offsets))
    assert progress.done == progress.total
    assert capfd.readouterr().err == ""


def test_a_fetch_that_was_given_up_goes_on_the_next_day(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0.01)
    monkeypatch.setattr(download, "_RETRIES", 0)
    hub.cut, hub.cuts = "model.safetensors", 99
    with pytest.raises(ModelError, match="cannot be reached") as raised:
        fetch(NAME, say=quietly)
    assert "toolkit models fetch" in raised.value.remedy
    with pytest.raises(ModelError, match="not on this machine"):
        resolve(NAME, fetch_missing=False)
    hub.cuts, seen = 0, len(ranges(hub))
    progress = Counter()
    checkpoint = fetch(NAME, say=quietly, progress=progress)
    weights = (checkpoint.path / "model.safetensors").read_bytes()
    assert weights == hub.files["main"]["model.safetensors"]
    assert ranges(hub)[seen] > 0
    assert progress.done == progress.total


def test_a_server_that_cannot_go_on_in_the_middle(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0.01)
    hub.cut, hub.whole = "model.safetensors", True
    progress = Counter()
    checkpoint = fetch(NAME, say=quietly, progress=progress)
    weights = (checkpoint.path / "model.safetensors").read_bytes()
    assert weights == hub.files["main"]["model.safetensors"]
    assert progress.done == progress.total


def test_two_that_fetch_at_once_get_one_good_copy(hub: Any) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: fetch(NAME, say=quietly), range(3)))
    assert len(set(found)) == 1
    assert ranges(hub) == [0]


def test_the_hubs_own_conversion_is_taken_where_main_has_none(hub: Any) -> None:
    hub.files["refs/pr/7"] = dict(hub.files["main"])
    del hub.files["main"]["model.safetensors"]
    checkpoint = fetch(NAME, say=quietly)
    assert checkpoint.revision == hub.commit("refs/pr/7")
    assert resolve(NAME) == checkpoint


def test_a_known_conversion_is_taken_without_a_search(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(download._ELSEWHERE, NAME, ("refs/pr/9", "refs/pr/7"))
    hub.files["refs/pr/7"] = dict(hub.files["main"])
    del hub.files["main"]["model.safetensors"]
    assert fetch(NAME, say=quietly).revision == hub.commit("refs/pr/7")
    assert not any("discussions" in request for request in hub.requests)


def test_nobody_elses_conversion_is_taken(hub: Any) -> None:
    hub.author = "passer-by"
    hub.files["refs/pr/7"] = dict(hub.files["main"])
    for name in ("model.safetensors", "pytorch_model.bin"):
        del hub.files["main"][name]
    with pytest.raises(ModelError, match="no weights of PyTorch") as raised:
        fetch(NAME, say=quietly)
    assert raised.value.remedy


@pytest.mark.parametrize("shards", [1, 3])
def test_old_weights_are_fetched_where_there_are_no_others_and_converted(
    shards: int, hub: Any, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    old = aged(tiny_checkpoint, tmp_path / "old", shards=shards)
    hub.files["main"] = {file.name: file.read_bytes() for file in old.iterdir()}
    said: list[str] = []
    checkpoint = fetch(NAME, say=said.append)
    assert checkpoint.revision == hub.commit("main")
    assert_same_weights(checkpoint.path, tiny_checkpoint)
    assert "Converting" in said[-1]
    storage = checkpoint.path.parents[1]
    assert not list(checkpoint.path.glob("*.bin"))
    kept = sum(file.stat().st_size for file in (storage / "blobs").iterdir())
    assert (
        kept
        < sum(len(data) for name, data in hub.files["main"].items() if ".bin" not in name) + 1000
    )
    assert resolve(NAME) == checkpoint
    seen = sum("/resolve/" in request for request in hub.requests)
    assert fetch(NAME, say=quietly) == checkpoint
    assert sum("/resolve/" in request for request in hub.requests) == seen


def test_a_file_that_is_not_what_the_hub_says_is_named(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = hub.info

    def other(revision: str) -> dict[str, Any]:
        answer = dict(info(revision))
        for sibling in answer["siblings"]:
            if "lfs" in sibling:
                sibling["lfs"]["sha256"] = "0" * 64
        return answer

    monkeypatch.setattr(hub, "info", other)
    with pytest.raises(ModelError, match=r"model\.safetensors .* arrived damaged"):
        fetch(NAME, say=quietly)


def test_a_full_disk_is_an_error_before_anything_is_fetched(
    hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(ModelError, match=r"0\.0 GB free"):
        fetch(NAME, say=quietly)
    assert not any("/resolve/" in request for request in hub.requests)


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("someone/else", 0, "the hub has no someone/else"),
        (f"{NAME}@v9", 0, "no such revision"),
        (NAME, 401, "not for you|answered 401"),
        (NAME, 403, "not for you|answered 403"),
        (NAME, 500, "answered 500"),
        (NAME, 503, "answered 503"),
    ],
)
def test_refusals(hub: Any, name: str, status: int, message: str, naps: list[float]) -> None:
    hub.status = status
    with pytest.raises(ModelError, match=message) as raised:
        fetch(name, say=quietly)
    assert raised.value.remedy
    assert sum(naps) < 20


def test_offline_mode_is_respected(hub: Any) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from toolkit.hub.resolve import resolve; resolve('someone/tiny-nllb')",
        ],
        env={
            "PATH": "",
            "HF_HUB_OFFLINE": "1",
            "HF_ENDPOINT": hub.url,
            "PYTHONPATH": ":".join(sys.path),
        },
        capture_output=True,
        text=True,
    )
    assert "HF_HUB_OFFLINE is set" in done.stderr
    assert hub.requests == []


def test_the_list_says_where_things_are(cache: Path, tiny_checkpoint: Path) -> None:
    folder = snapshot(cache, "facebook/nllb-200-3.3B", "a" * 40, tiny_checkpoint)
    rows = {row.name: row for row in list_models()}
    assert list(rows) == ["demo", "600M", "1.3B", "3.3B"]
    assert rows["3.3B"].location == str(folder)
    assert rows["600M"].location == ""
    assert Path(rows["demo"].location).is_dir()
    assert rows["1.3B"].hub_id == "facebook/nllb-200-distilled-1.3B"
    assert all(row.licence and row.size for row in rows.values())


def test_the_hub_module_is_light() -> None:
    code = (
        "import sys; from toolkit.hub import resolve; resolve.list_models(); "
        "from toolkit.testing import fakes; from toolkit.translators import nllb; "
        "print({'torch', 'transformers', 'huggingface_hub', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=bare_environment(),
    )
    assert done.stdout.strip() == "set()", done.stderr
