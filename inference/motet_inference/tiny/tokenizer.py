"""The tokenizer: a byte-level BPE trained on the generators' text, and the chat's frame."""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from motet_inference.tiny.text.chat import Chat

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"
SPECIALS = (PAD, BEGIN, END, "<|system|>", "<|user|>", "<|assistant|>")
VOCABULARY = 3072
CONTEXT = 2048

# Digits stand alone, so that numbers are copied and added digit by digit.
_PIECES = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_TEMPLATE = Path(__file__).parent / "template.jinja"


def train(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """A tokenizer whose plain `encode` puts BEGIN first, as the chat template does by itself."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A",
        pair=f"{BEGIN} $A $B",
        special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))],
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, the chat template in the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": CONTEXT,
        "bos_token": BEGIN,
        "eos_token": END,
        "pad_token": PAD,
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
        "chat_template": _TEMPLATE.read_text().rstrip("\n"),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def load(folder: Path) -> Tokenizer:
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def framed(chat: Chat) -> tuple[str, str]:
    """A conversation as (all up to the answer, the answer and its end), special tokens written out.

    The two together, after an END, are what the chat template renders; a test holds them equal.
    """
    head = "".join(f"<|{m.role}|>\n{m.content.strip()}{END}\n" for m in chat.messages[:-1])
    return f"{BEGIN}{head}<|assistant|>\n", f"{chat.answer.strip()}{END}\n"


def unframed(document: str) -> str:
    """A document that is no conversation."""
    return f"{BEGIN}{document}{END}\n"
