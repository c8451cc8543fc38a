"""Backups: a snapshot folder of the database and the bucket, verified before it counts, on laptop and cluster.

A snapshot is a folder with the database's dump, every object as a file, and a manifest with the rows of each table and
the SHA-256 of each file. restic encrypts it and keeps many of them, where it is installed.
"""
