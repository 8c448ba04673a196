"""Verified transfer to devices over SFTP."""
