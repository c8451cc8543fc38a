"""The keys that sign access tokens, read from their secret."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

MIN_KEY_BYTES: Final = 32


class _Document(BaseModel):
    active: str
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The signing keys by key id. New tokens are signed with the active one; all of them verify."""

    active: str
    keys: Mapping[str, bytes]

    @classmethod
    def parse(cls, secret: str) -> "SigningKeys":
        """Parse the secret: `{"active": "<kid>", "keys": {"<kid>": "<base64url, 32 bytes or more>"}}`.

        Raises:
            ValueError: The secret is not of that form. The message contains nothing of the secret.
        """
        try:
            document = _Document.model_validate_json(secret)
            keys = {kid: base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)) for kid, key in document.keys.items()}
        except ValueError:
            form = '{"active": "<kid>", "keys": {"<kid>": "<base64url>"}}'
            raise ValueError(f"signing keys must be JSON of the form {form}") from None
        if document.active not in keys:
            raise ValueError("the active signing key is not among the keys")
        if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
            raise ValueError(f"a signing key must have at least {MIN_KEY_BYTES} bytes")
        return cls(document.active, keys)
