"""The functions: each folder is one, built into its own image; none imports another."""
