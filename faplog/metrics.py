"""The metrics that faplog exports over OTLP: name, unit and meaning."""

from typing import Final

METRICS: Final[dict[str, tuple[str, str]]] = {
    "faplog.logs.analysed": ("{log}", "Logs analysed, by status."),
    "faplog.analysis.duration": ("s", "How long one log took to analyse."),
    "faplog.average.duration": ("s", "How long one average took to compute."),
    "faplog.uploads": ("{log}", "Logs taken in by the API."),
    "faplog.connector.deliveries": ("{request}", "Requests of the connector to functions, by function and outcome."),
    "faplog.connector.request": ("s", "How long functions took to answer the connector."),
    "faplog.queue.messages": ("{message}", "Messages waiting or in work, by function."),
    "faplog.queue.oldest": ("s", "Age of the oldest message not yet done, by function."),
    "faplog.dead_letters": ("{message}", "Messages laid aside."),
    "faplog.backup.last_success": ("s", "When the last good backup was made, in seconds since 1970."),
    "faplog.backup.size": ("By", "Database dump and objects of the last backup."),
    "faplog.backup.objects": ("{object}", "Objects in the last backup."),
    "faplog.drill.last_success": ("s", "When a backup was last restored as a test, in seconds since 1970."),
}
"""All metrics with unit and description. They are few because a free plan holds about 10,000 series in total."""
