"""What the pages need to know: where the API is, and how long a page waits for it."""

from pydantic import AnyHttpUrl, Field

from faplog.settings import Settings as BaseSettings


class Settings(BaseSettings):
    """Settings of the UI; it keeps no state and holds no secret."""

    api_url: AnyHttpUrl
    """Base address of the function api as this process reaches it, e.g. `http://api.openfaas-fn.svc:8080`."""

    api_patience: float = Field(default=0.7, gt=0)
    """Seconds a page waits for the API before it is sent with a skeleton that the browser fills in itself."""

    api_timeout: float = Field(default=20, gt=0)
    """Seconds the filling of a skeleton waits for the API before it says that the API is away."""
