"""What a request must fulfil before it is let in; the front checks too, but is not trusted to."""

from math import isfinite

from motet_inference.engine.messages import Add, Sampling

INVALID = "invalid_request"
TOO_LONG = "context_length_exceeded"
NO_ADAPTERS = "adapter_unavailable"


def refusal(
    add: Add, *, vocab_size: int, max_context: int, has_slots: bool
) -> tuple[str, str] | None:
    """Code and sentence of what is wrong, None if nothing is."""
    if not add.prompt:
        return INVALID, "The prompt is empty."
    if len(add.prompt) >= max_context:
        return TOO_LONG, (
            f"The prompt has {len(add.prompt)} tokens; with at least one output token it must fit "
            f"a context of {max_context}."
        )
    if not 0 <= min(add.prompt) <= max(add.prompt) < vocab_size:
        return INVALID, f"A prompt token is outside the vocabulary of {vocab_size}."
    if add.n < 1:
        return INVALID, f"n must be at least 1, not {add.n}."
    if add.adapter is not None and not has_slots:
        return NO_ADAPTERS, "This worker serves no adapters."
    wrong = _wrong_option(add.sampling, vocab_size)
    return (INVALID, wrong) if wrong else None


def _wrong_option(sampling: Sampling, vocab_size: int) -> str | None:
    numbers = {
        "temperature": (sampling.temperature, 0.0, float("inf")),
        "min_p": (sampling.min_p, 0.0, 1.0),
        "top_p": (sampling.top_p, 0.0, 1.0),
        "top_k": (sampling.top_k, 0, float("inf")),
        "presence_penalty": (sampling.presence_penalty, float("-inf"), float("inf")),
        "frequency_penalty": (sampling.frequency_penalty, float("-inf"), float("inf")),
        "logprobs": (sampling.logprobs or 0, 0, vocab_size),
    }
    for name, (value, low, high) in numbers.items():
        if not isfinite(value) or not low <= value <= high:
            return f"{name} must be a number from {low} to {high}, not {value}."
    if not (isfinite(sampling.repetition_penalty) and sampling.repetition_penalty > 0):
        return f"repetition_penalty must be positive, not {sampling.repetition_penalty}."
    for token, value in sampling.logit_bias.items():
        if not 0 <= token < vocab_size:
            return f"logit_bias names token {token}, outside the vocabulary of {vocab_size}."
        if not isfinite(value):
            return f"logit_bias of token {token} must be a finite number, not {value}."
    return None
