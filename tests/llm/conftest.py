"""Small language models, made for the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEMPLATE = (
    "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant: {% endif %}"
)
MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def causal_model(byte_level_tokenizer: Callable[[list[str]], Any]) -> MakeModel:
    """A function that makes a causal model in a folder which answers ``prompt``, put as a chat
    turn, with ``answer``: it is trained on nothing else."""

    def make(folder: Path, prompt: str, answer: str, *, chat: bool = True) -> Path:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        tokenizer = byte_level_tokenizer([prompt, answer])
        tokenizer.chat_template = TEMPLATE if chat else None
        asked = f"<s>user: {prompt}</s><s>assistant: " if chat else prompt
        start = tokenizer(asked, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([start + tokenizer(f"{answer}</s>")["input_ids"]])
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=2048,
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
        )
        model = LlamaForCausalLM(config)
        labels = ids.clone()
        labels[:, : len(start)] = -100
        optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for _ in range(300):
            loss = model(input_ids=ids, labels=labels).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if loss.item() < 0.01:
                break
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return make
