"""The pure core: bytes → table → drive log → sections. No files, no network, no environment, no clock."""
