"""What can go wrong with the embedded server, in words that say what to set."""


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot run here; the message says what would help."""
