"""Trials: one log is analysed without an account, and nothing of it is stored."""
