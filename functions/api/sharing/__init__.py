"""Links to a report: made and ended by its owner, opened by readers without an account."""
