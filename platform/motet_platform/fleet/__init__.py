"""The workers that a gateway knows, and which of them takes a request."""
