"""Files as responses that may be compressed on their way out."""

from pathlib import Path
from typing import Any

from flask import Response, send_from_directory


def send(folder: Path, name: str, **options: Any) -> Response:
    """A small file of `folder`, read whole: what is streamed cannot be compressed and closed cleanly."""
    response = send_from_directory(folder, name, **options)
    response.direct_passthrough = False
    response.get_data()
    return response
