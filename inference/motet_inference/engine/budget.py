"""How many tokens of a request are paid for."""

LOW_AT = 256


class Budget:
    """Granted totals against what was used. A grant is never taken back, so totals only grow."""

    def __init__(self, *, prompt: int, output: int) -> None:
        self.prompt = prompt
        self.output = output
        self.used = 0
        self.last = False
        self._announced = False

    @property
    def left(self) -> int:
        """Output tokens that may still be sampled."""
        return max(0, self.output - self.used)

    def extend(self, *, prompt: int, output: int, last: bool) -> None:
        self.prompt = max(self.prompt, prompt)
        self.output = max(self.output, output)
        self.last = self.last or last
        self._announced = False

    def covers(self, prompt_tokens: int) -> bool:
        """Whether the request may take a step now."""
        return prompt_tokens <= self.prompt and self.left > 0

    def announce_low(self, *, prompt_tokens: int, wanted: int) -> bool:
        """Whether to ask for more now: once per grant, and only if more could be used.

        Args:
            prompt_tokens: length of the prompt.
            wanted: output tokens that the request could still take, by its own limits.
        """
        short = prompt_tokens > self.prompt or (self.left <= LOW_AT and wanted > self.left)
        if self._announced or self.last or not short:
            return False
        self._announced = True
        return True
