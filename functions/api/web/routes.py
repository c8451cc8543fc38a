"""Routes whose views are given the `Services` of their app."""

from functools import wraps
from typing import Any, cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState
from flask.typing import RouteCallable

from ..services import Services, services_of


class Routes(Blueprint):
    """The routes of a subject. Each view gets the `Services` of its app as first argument, before those of the path."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a view, bound to the services of the app that the routes are registered with."""

        def register(state: BlueprintSetupState) -> None:
            view = None if view_func is None else _bound(view_func, services_of(cast(Flask, state.app)))
            state.add_url_rule(rule, endpoint, view, provide_automatic_options=provide_automatic_options, **options)

        self.record(register)


def _bound(view: RouteCallable, services: Services) -> RouteCallable:
    @wraps(view)
    def bound(**variables: Any) -> Any:
        return view(services, **variables)

    return bound
