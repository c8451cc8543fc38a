"""Reconcile: the loop that makes queue, objects and rows agree."""
