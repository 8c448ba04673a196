"""The catalog as a table: any attributes as columns, rows sorted, filtered, grouped and written to files by SQL."""
