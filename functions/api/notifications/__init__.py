"""Notifications: what is worth telling, the outbox, and the channels webhook, ntfy and e-mail."""
