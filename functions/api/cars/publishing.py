"""Responses after which averages are requested."""

from collections.abc import Sequence
from functools import partial

from flask import Response
from pydantic import BaseModel

from ..delivery.average_requests import AverageRequest
from ..services import Services
from ..web.after_response import run_after_response
from ..web.outputs import json_response


def json_then_publish(
    services: Services, body: BaseModel, requests: Sequence[AverageRequest], status: int = 200
) -> Response:
    """Return a JSON response after which the requests for averages are published."""
    return then_publish(services, json_response(body, status), requests)


def then_publish(services: Services, response: Response, requests: Sequence[AverageRequest]) -> Response:
    """Publish requests for averages after a response: with thousands of logs it takes seconds to write their lists."""
    return run_after_response(response, partial(services.average_requests.publish, list(requests)))
