"""The function `api`: uploads, history, results, files and accounts; the only room that knows Postgres."""
