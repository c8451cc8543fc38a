"""An object store in memory."""

from collections.abc import Iterator, Mapping


class Memory:
    """What functions ask of the object store, in a dictionary."""

    def __init__(self, objects: Mapping[str, bytes]) -> None:
        self.objects = dict(objects)

    def get(self, key: str) -> bytes | None:
        """Return the bytes under a key, or None."""
        return self.objects.get(key)

    def read(self, key: str) -> Iterator[bytes] | None:
        """Return the bytes under a key in two pieces, or None."""
        content = self.objects.get(key)
        return None if content is None else iter((content[:7], content[7:]))

    def put(self, key: str, content: bytes) -> None:
        """Put bytes under a key."""
        self.objects[key] = content
