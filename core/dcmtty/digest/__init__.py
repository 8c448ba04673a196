"""Digests of files and points."""
