"""What API tokens may do: the scope that each route needs. A route that is not in the table refuses every token.

Nothing here changes or deletes what is stored, makes links, or touches the account: a token that leaks shows logs and
adds some, and cannot take over or destroy an account.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from faplog.contracts.api_tokens import Scope

from .names import PREFIX
from .paths import path_of

SCOPES: Final[Mapping[str, Scope]] = {
    "POST /analyses": Scope.UPLOAD,
    "POST /analyse": Scope.UPLOAD,
    "GET /analyses": Scope.READ,
    "GET /analyses.csv": Scope.READ,
    "GET /analyses/{id}": Scope.READ,
    "GET /analyses/{id}/series": Scope.READ,
    "GET /analyses/{id}/file": Scope.READ,
    "GET /analyse/{id}": Scope.READ,
    "GET /cars": Scope.READ,
    "GET /cars/{id}": Scope.READ,
    "GET /cars/{id}/notes": Scope.READ,
    "GET /cars/{id}/regenerations": Scope.READ,
    "GET /average": Scope.READ,
    "GET /average/available": Scope.READ,
    "GET /cars/{id}/comparison": Scope.READ,
    "GET /comparison": Scope.READ,
}
"""Method and path below `/api/v1`, as in the OpenAPI document, and the one scope that the route needs."""


@cache
def scope_of(method: str, rule: str) -> Scope | None:
    """Return the scope that an API token needs for a route, or None if no token may use it.

    Args:
        method: The HTTP method; HEAD needs what GET needs.
        rule: The route's pattern, such as `/api/v1/analyses/<uuid:id>`.
    """
    asked = "GET" if method == "HEAD" else method
    return SCOPES.get(f"{asked} {path_of(rule).removeprefix(PREFIX)}")
