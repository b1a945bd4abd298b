"""One choice of one request, on its way from tokens to text."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from motet_inference.engine.messages import FinishReason, Token
from motet_inference.rpc import worker_pb2 as pb
from motet_inference.server.detokenizer import Detokenizer
from motet_inference.server.stops import StopStrings
from motet_inference.server.vocabulary import Vocabulary


class Choice:
    """Text, counts and log probabilities of one choice.

    sampled: tokens drawn, end and stop tokens included; none after the one that completes a stop
        string, whatever the engine drew before it heard of it.
    reason: None until it has ended.
    ready_bytes: about how large the delta is that `take` would give out.
    """

    def __init__(
        self,
        index: int,
        vocabulary: Vocabulary,
        *,
        stops: Sequence[str] = (),
        at_start: bool = True,
        prefix: str = "",
    ) -> None:
        """`at_start`: see Detokenizer. `prefix`: text that goes before the output (echo)."""
        self.index = index
        self.sampled = 0
        self.reason: FinishReason | None = None
        self._vocabulary = vocabulary
        self._detokenizer = Detokenizer(vocabulary, at_start=at_start)
        self._stops = StopStrings(stops)
        self._ready = [prefix] if prefix else []
        self.ready_bytes = len(prefix)
        self._ready_logprobs: list[pb.TokenLogprob] = []
        self._decoded = 0  # characters made of tokens so far, and of these the ones let through
        self._shown = 0
        # Tokens whose text is not all let through: where it ends, and their log probabilities.
        self._unshown: deque[tuple[int, pb.TokenLogprob | None]] = deque()

    @property
    def counted(self) -> int:
        """Tokens whose text is let through, or that will never have one."""
        return self.sampled - len(self._unshown)

    def push(self, token: Token, *, ends: bool) -> bool:
        """Take in a token; True if it completed a stop string. `ends`: it is an end token."""
        self.sampled += 1
        if ends:
            return False
        text = self._detokenizer.push(token.token_id)
        self._decoded += len(text)
        # A character that is not whole yet will end one place further.
        end = self._decoded + self._detokenizer.pending
        self._unshown.append((end, self._logprob(token)))
        self._show(self._stops.push(text))
        if self._stops.stopped:
            self._unshown.clear()
            self.reason = "stop"
        return self._stops.stopped

    def finish(self, reason: FinishReason) -> None:
        """No more tokens come: let the rest through."""
        if self.reason is not None:
            return
        self.reason = reason
        text = self._detokenizer.finish()
        self._decoded += len(text)
        self._show(self._stops.push(text))
        if self._stops.stopped:
            self.reason = "stop"
        else:
            self._show(self._stops.finish())
        while self._unshown:
            self._let_through(self._unshown.popleft()[1])

    def take(self) -> pb.Delta | None:
        """What was let through since the last call, None if that is nothing."""
        if not self._ready and not self._ready_logprobs:
            return None
        text, logprobs = "".join(self._ready), self._ready_logprobs
        self._ready, self._ready_logprobs, self.ready_bytes = [], [], 0
        return pb.Delta(
            index=self.index, text=text, completion_tokens=self.counted, logprobs=logprobs
        )

    def result(self) -> pb.Choice:
        """The end of the choice, with whatever text `take` did not give out."""
        delta = self.take() or pb.Delta()
        return pb.Choice(
            index=self.index,
            finish_reason=self.reason or "",
            text=delta.text,
            completion_tokens=self.sampled,
            logprobs=delta.logprobs,
        )

    def _show(self, text: str) -> None:
        if text:
            self._ready.append(text)
            self._shown += len(text)
            self.ready_bytes += len(text)
        while self._unshown and self._unshown[0][0] <= self._shown:
            self._let_through(self._unshown.popleft()[1])

    def _let_through(self, entry: pb.TokenLogprob | None) -> None:
        if entry is not None:
            self._ready_logprobs.append(entry)
            self.ready_bytes += entry.ByteSize()

    def _logprob(self, token: Token) -> pb.TokenLogprob | None:
        if token.logprob is None:
            return None
        data = self._vocabulary.token_bytes(token.token_id)
        top = []
        for token_id, logprob in token.top or ():
            best = self._vocabulary.token_bytes(token_id)
            text = best.decode(errors="replace")
            top.append(pb.TopLogprob(token=text, token_bytes=best, logprob=logprob))
        text = data.decode(errors="replace")
        return pb.TokenLogprob(token=text, token_bytes=data, logprob=token.logprob, top=top)
