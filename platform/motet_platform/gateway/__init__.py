"""The inference endpoints: an ASGI application of its own beside Django's."""
