"""Accounts: registration, login, sessions, tokens, passwords, rate limit, audit, export and deletion."""
