"""A causal language model on this machine, through transformers: safetensors or a GGUF file."""

from __future__ import annotations

from toolkit.hub.language_models import find_weights, load
from toolkit.llm.base import GeneratorError

# Longer prompts are slow and bring a small model nothing.
_MAX_CONTEXT = 8192


class LocalCausal:
    """The model in a folder, of a hub id or in a ``.gguf`` file, decoded greedily.

    ``device`` is ``auto``, ``cpu`` or ``cuda``. Raises ``ModelError`` where the model cannot be
    had or is of another kind.
    """

    def __init__(self, model: str, *, device: str = "auto") -> None:
        weights = find_weights(model)
        self.signature = weights.signature
        self._tokenizer, self._model = load(weights, "CausalLM", device)
        longest = getattr(self._model.config, "max_position_embeddings", None) or _MAX_CONTEXT
        self.context = min(int(longest), _MAX_CONTEXT)

    def count(self, text: str) -> int:
        """Return how many tokens the model reads for ``text``, the frame of a chat turn
        included."""
        return len(self._ids(text))

    def generate(self, prompt: str, *, max_tokens: int) -> str:
        """See ``Generator.generate``."""
        import torch

        ids = self._ids(prompt)
        if len(ids) + max_tokens > self.context:
            raise GeneratorError(f"{self.signature}: a prompt of {len(ids)} tokens is too long")
        tokens = torch.tensor([ids], device=self._model.device)
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
