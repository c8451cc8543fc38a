"""Static files as responses that can be compressed."""

from pathlib import Path
from typing import Any

from flask import Response, send_from_directory


def send(folder: Path, name: str, **options: Any) -> Response:
    """Return a small file of `folder`, read into memory: Flask-Compress cannot close a streamed file cleanly."""
    response = send_from_directory(folder, name, **options)
    response.direct_passthrough = False
    response.get_data()
    return response
