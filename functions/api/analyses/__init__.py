"""Analyses of logs: listed, shown, handed out, deleted, and their results applied."""
