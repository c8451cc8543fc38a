"""`faplog push`: upload the logs of a folder, each once, now or as they appear."""
