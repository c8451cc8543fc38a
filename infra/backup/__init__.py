"""Backups: a snapshot folder of the database and the bucket, verified before it is believed, on laptop and cluster.

A snapshot is a folder with the database's dump, every object as a file, and a manifest with the rows of each table and
the SHA-256 of each file. What encrypts and keeps many of them (restic) wraps around it where it is installed.
"""
