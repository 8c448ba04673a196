"""The command line: one module per command; nothing in here imports Textual before the app is asked for."""
