"""What every request passes: security headers, who is asking, and the routes of accounts and docs."""

from flask import Flask

from faplog.settings import SettingsError

from ..accounts import account_views, authentication, export, session_views, sessions
from ..accounts.tokens import Keys
from ..settings import Settings
from . import docs, security_headers


def install(app: Flask, settings: Settings) -> None:
    """Put the front of the API in place; the database (`db.EXTENSION`) and `parts` are found when a request comes.

    Raises:
        SettingsError: the signing keys are not keys; nobody could ever log in, so the start stops.
    """
    try:
        keys = Keys.parse(settings.signing_keys.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"Cannot start, setting 'faplog-signing-keys': {error}.") from None
    origins = frozenset(settings.cors_origins)
    security_headers.register(app, origins=origins, secure=settings.cookie_secure)
    authentication.install(app, authentication.Auth(keys, sessions.csrf_digest, settings.cookie_secure, origins))
    for blueprint in (session_views.blueprint, account_views.blueprint, export.blueprint, docs.blueprint):
        app.register_blueprint(blueprint)
