"""Uploads: a log or a zip of logs is received, checked, stored and queued."""
