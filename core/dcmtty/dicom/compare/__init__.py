"""Two files compared by what their elements mean, and a series by what varies across its files."""
