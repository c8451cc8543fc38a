"""Why a log gives no analysis: a permanent fault of the file, with a code that its owner's page translates."""

from faplog.contracts.errors import ErrorCode, Param, message, reason


class BadLog(Exception):
    """The file cannot be read as a log. `str(error)` is the reason, `error.message` the whole sentence."""

    def __init__(self, code: ErrorCode, **params: Param) -> None:
        """Build the reason from the code's template.

        Raises:
            ValueError: The parameters are not those of the template.
        """
        super().__init__(reason(code, params))
        self.code = code
        self.params = params

    @property
    def message(self) -> str:
        """The message of the failed analysis."""
        return message(self.code, self.params)


class BadData(BadLog):
    """The file is a log, but its rows cannot be used."""
