"""The error that means something to every caller: a part is away for now, try again."""


class Unavailable(Exception):
    """A part we depend on is away: try again. `str(error)` names it, without its secrets."""


class Busy(Unavailable):
    """As much work of one kind as is allowed is in progress. `str(error)` names the kind."""
