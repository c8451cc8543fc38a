"""Grafana dashboards as a table of titles, units and queries; `make render` writes them as JSON."""

import json
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Panel:
    """One graph: its title, Grafana's name of its unit, the query, and the label of a series."""

    title: str
    unit: str
    query: str
    legend: str = "{{function}}"


DASHBOARDS: Final[dict[str, tuple[Panel, ...]]] = {
    "Flow": (
        Panel("Uploads per minute", "short", "sum(rate(faplog_uploads_total[5m])) * 60", "uploads"),
        Panel("Logs analysed per minute", "short", "sum by (status) (rate(faplog_logs_analysed_total[5m])) * 60", ""),
        Panel("Queue depth", "short", "max by (function) (faplog_queue_messages)"),
        Panel("Age of the oldest message", "s", "max by (function) (faplog_queue_oldest_seconds)"),
        Panel("Dead letters", "short", "max(faplog_dead_letters)", "dead letters"),
    ),
    "Functions": (
        Panel(
            "Requests per second",
            "reqps",
            "sum by (function, outcome) (rate(faplog_connector_deliveries_total[5m]))",
            "{{function}} {{outcome}}",
        ),
        Panel(
            "Time to answer, 95th percentile",
            "s",
            "histogram_quantile(0.95, sum by (le, function) (rate(faplog_connector_request_seconds_bucket[5m])))",
        ),
        Panel(
            "Slowest answers: cold starts show here",
            "s",
            "histogram_quantile(0.999, sum by (le, function) (rate(faplog_connector_request_seconds_bucket[15m])))",
        ),
        Panel(
            "Analysis of one log, 95th percentile",
            "s",
            "histogram_quantile(0.95, sum by (le) (rate(faplog_analysis_duration_seconds_bucket[5m])))",
            "analyse",
        ),
        Panel(
            "An average, 95th percentile",
            "s",
            "histogram_quantile(0.95, sum by (le) (rate(faplog_average_duration_seconds_bucket[5m])))",
            "average",
        ),
        Panel(
            "Containers started in the last hour",
            "short",
            'count by (container) (time() - container_start_time_seconds{container!="queue-proxy"} < 3600)',
            "{{container}}",
        ),
        Panel(
            "CPU",
            "short",
            "sum by (pod) (rate(container_cpu_usage_seconds_total[5m]))",
            "{{pod}}",
        ),
        Panel("Memory", "bytes", "sum by (pod) (container_memory_working_set_bytes)", "{{pod}}"),
    ),
    "State": (
        Panel("PostgreSQL is up", "short", "max(pg_up)", "up"),
        Panel("Connections", "short", "sum by (state) (pg_stat_activity_count)", "{{state}}"),
        Panel("Size of the database", "bytes", 'max(pg_database_size_bytes{datname="faplog"})', "faplog"),
        Panel("The store is healthy", "short", "max(minio_cluster_health_status)", "up"),
        Panel("Objects in the bucket", "short", "max by (bucket) (minio_bucket_usage_object_total)", "{{bucket}}"),
        Panel("Free in the store", "bytes", "max(minio_cluster_capacity_usable_free_bytes)", "free"),
        Panel(
            "Free where the volumes lie",
            "percentunit",
            "min by (persistentvolumeclaim) "
            "(kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)",
            "{{persistentvolumeclaim}}",
        ),
        Panel(
            "Certificates: days left",
            "d",
            "(min by (name) (certmanager_certificate_expiration_timestamp_seconds) - time()) / 86400",
            "{{name}}",
        ),
    ),
    "Backups": (
        Panel(
            "Age of the last backup", "s", "time() - max(last_over_time(faplog_backup_last_success_seconds[7d]))", "age"
        ),
        Panel("Size of the last backup", "bytes", "max(last_over_time(faplog_backup_size_bytes[7d]))", "size"),
        Panel("Objects in the last backup", "short", "max(last_over_time(faplog_backup_objects[7d]))", "objects"),
        Panel(
            "Age of the last drill", "s", "time() - max(last_over_time(faplog_drill_last_success_seconds[30d]))", "age"
        ),
    ),
}


def render(name: str) -> str:
    """Return the JSON model of one dashboard, as Grafana imports it."""
    panels = [_panel(number, panel) for number, panel in enumerate(DASHBOARDS[name])]
    model = {
        "uid": f"faplog-{name.lower()}",
        "title": f"faplog: {name}",
        "tags": ["faplog"],
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [{"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }
    return json.dumps(model, indent=2) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": number % 2 * 12, "y": number // 2 * 8, "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": "A", "datasource": source, "expr": panel.query, "legendFormat": panel.legend or "__auto"}
        ],
    }
