"""Why a log gives no analysis: permanent, and said in its owner's words."""


class BadLog(Exception):
    """The file cannot be read as a log. `str(error)` completes "Failed to read csv file: …"."""


class BadData(BadLog):
    """The file is a log, but nothing can be made of its rows. `str(error)` completes "Failed to process data: …"."""
