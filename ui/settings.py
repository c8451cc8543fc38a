"""The settings of the pages."""

from pydantic import AnyHttpUrl, Field

from faplog.settings import Settings as BaseSettings


class Settings(BaseSettings):
    """Settings of the pages. They have no secrets."""

    api_url: AnyHttpUrl
    """Address of the function `api` as this process reaches it, e.g. `http://api.openfaas-fn.svc:8080`."""

    api_patience: float = Field(default=0.7, gt=0)
    """Seconds a page waits for the API before it is sent with placeholders that the browser fills in."""

    api_timeout: float = Field(default=20, gt=0)
    """Seconds that the browser's request for a page's content waits for the API."""
