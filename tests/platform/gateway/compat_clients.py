"""What other libraries' users do. Runs in an environment that has them: URL, key and model given.

Prints one line per check; any failure is an exception. Started by test_compat.py.
"""

from __future__ import annotations

import sys

URL, KEY, MODEL = sys.argv[1:4]


def langchain() -> None:
    from langchain_openai import ChatOpenAI, OpenAI

    chat = ChatOpenAI(model=MODEL, base_url=URL, api_key=KEY, max_tokens=3, max_retries=0)
    answer = chat.invoke([("system", "Be brief."), ("human", "Say something.")])
    assert answer.content == "w0 w1 w2 ", answer
    assert answer.usage_metadata["output_tokens"] == 3, answer
    assert answer.response_metadata["finish_reason"] == "length"
    pieces = list(chat.stream("Say something."))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert whole.content == "w0 w1 w2 ", whole
    assert whole.usage_metadata["output_tokens"] == 3, "usage without asking for it, once"
    assert len(chat.batch(["one", "two", "three"])) == 3
    legacy = OpenAI(model=MODEL, base_url=URL, api_key=KEY, max_tokens=3, max_retries=0)
    assert legacy.invoke("Once") == "w0 w1 w2 "
    assert "".join(legacy.stream("Once")) == "w0 w1 w2 "
    print("langchain-openai: invoke, stream, batch, legacy completions")


def litellm_client() -> None:
    import litellm

    ask = {
        "model": f"openai/{MODEL}",
        "api_base": URL,
        "api_key": KEY,
        "messages": [{"role": "user", "content": "Say something."}],
        "max_tokens": 3,
        "num_retries": 0,
    }
    whole = litellm.completion(**ask)
    assert whole.choices[0].message.content == "w0 w1 w2 ", whole
    assert whole.usage.completion_tokens == 3
    stream = list(litellm.completion(**ask, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert text == "w0 w1 w2 ", stream
    assert [c.usage.completion_tokens for c in stream if getattr(c, "usage", None)] == [3]
    for field, value, error in (
        ("api_key", "mot_live_wrong", litellm.AuthenticationError),
        ("model", "openai/no-such-model", litellm.NotFoundError),
        ("temperature", 99, litellm.BadRequestError),
    ):
        try:
            litellm.completion(**{**ask, field: value})
        except error:
            continue
        raise AssertionError(f"{field}={value} was not refused as {error.__name__}")
    overflow = [{"role": "user", "content": "overflow"}]
    try:
        litellm.completion(**{**ask, "messages": overflow})
    except litellm.ContextWindowExceededError:
        pass
    else:
        raise AssertionError("an overflow was not known as one")
    print("litellm: completion, stream, error classes, overflow")


langchain()
litellm_client()
