"""RT Structure Sets: build, load, check."""
