"""Everything a person sees of dcmtty: the command line in `dcmtty_tui.cli` and the full-screen app."""
