"""A causal language model on this machine, through transformers: safetensors or a GGUF file."""

from __future__ import annotations

import logging
from typing import Any

from toolkit.errors import ModelError
from toolkit.generators.base import GeneratorError
from toolkit.generators.weights import Weights, find_weights, pick_device

# Longer prompts are slow and bring a small model nothing.
_MAX_CONTEXT = 8192

log = logging.getLogger(__name__)


class LocalCausal:
    """The model in a folder, of a hub id or in a ``.gguf`` file, decoded greedily.

    ``device`` is ``auto``, ``cpu`` or ``cuda``. Raises ``ModelError`` where the model cannot be
    had or is of another kind.
    """

    def __init__(self, model: str, *, device: str = "auto") -> None:
        weights = find_weights(model)
        self.signature = weights.signature
        self._tokenizer, self._model = _load(weights)
        self._device = pick_device(device)
        self._model.to(self._device).eval()
        longest = getattr(self._model.config, "max_position_embeddings", None) or _MAX_CONTEXT
        self.context = min(int(longest), _MAX_CONTEXT)

    def count(self, text: str) -> int:
        """How many tokens the model reads for ``text``, the frame of a chat turn included."""
        return len(self._ids(text))

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """See ``Generator.generate``."""
        import torch

        ids = self._ids(prompt)
        if len(ids) + max_tokens > self.context:
            raise GeneratorError(f"{self.signature}: a prompt of {len(ids)} tokens is too long")
        tokens = torch.tensor([ids], device=self._device)
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=tokens,
                    attention_mask=torch.ones_like(tokens),
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    num_beams=1,
                    pad_token_id=self._padding(),
                )
        except (RuntimeError, ValueError) as error:
            reason = str(error).split("\n")[0][:200]
            raise GeneratorError(f"{self.signature}: {reason}") from None
        answer: str = self._tokenizer.decode(output[0][len(ids) :], skip_special_tokens=True)
        if not answer.strip():
            raise GeneratorError(f"{self.signature}: an empty answer")
        return answer

    def _ids(self, prompt: str) -> list[int]:
        if self._tokenizer.chat_template:
            turn = [{"role": "user", "content": prompt}]
            text = self._tokenizer.apply_chat_template(
                turn, tokenize=False, add_generation_prompt=True
            )
            return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return list(self._tokenizer(prompt)["input_ids"])

    def _padding(self) -> int | None:
        padding: int | None = self._tokenizer.pad_token_id
        return padding if padding is not None else self._tokenizer.eos_token_id


def _load(weights: Weights) -> tuple[Any, Any]:
    """Tokenizer and model, with foreign errors mapped."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    model_options: dict[str, Any] = {"use_safetensors": True, "dtype": "auto"}
    if weights.gguf is not None:
        from transformers import GgufConfig

        options["gguf_file"] = weights.gguf
        model_options = {"quantization_config": GgufConfig(dequantize=True)}
    try:
        tokenizer = AutoTokenizer.from_pretrained(weights.folder, **options)
        model = AutoModelForCausalLM.from_pretrained(weights.folder, **options, **model_options)
    except ImportError as error:
        raise ModelError(
            f"{weights.signature} needs a package that is not here ({error})".split("\n")[0],
            remedy="Install the extra: pip install 'news-toolkit[llm]'.",
        ) from None
    except Exception as error:  # of a damaged file the loaders make anything
        reason = str(error).strip().split("\n")[0][:200]
        raise ModelError(
            f"{weights.signature} cannot be loaded as a causal language model ({reason})",
            remedy="Use the folder or the .gguf file of a model that writes text.",
        ) from None
    return tokenizer, model
