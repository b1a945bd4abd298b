"""Messages between rank 0 and one follower: a 4-byte length and a body, each way."""

from __future__ import annotations

import socket
import struct
import threading

_LENGTH = struct.Struct("!I")


class Pipe:
    """One end of a socket pair. Several threads may send, one may receive."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._file = connection.makefile("rb")
        self._sending = threading.Lock()

    def send(self, body: bytes) -> None:
        """Raises OSError when the other end is gone."""
        with self._sending:
            self.connection.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self) -> bytes | None:
        """Wait for a message; None when the other end is gone."""
        try:
            head = self._file.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            body = self._file.read(length)
        except OSError:
            return None
        return body if len(body) == length else None

    def close(self) -> None:
        self._file.close()
        self.connection.close()
