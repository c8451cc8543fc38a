"""The functions: each folder is one, built into its own image; none imports another.

The image of `analyse` holds `average` beside it, which answers in its process on Knative (`faplog.guests`).
"""
