"""Links to a report: made and ended by its owner, opened by a reader without an account."""
