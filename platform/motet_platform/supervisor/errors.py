"""Why the platform does not come up, in words for the person at the terminal."""


class UpError(Exception):
    """The platform cannot start; the message says what would help."""
