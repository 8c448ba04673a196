"""Proof of what was made and sent."""
