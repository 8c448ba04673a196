"""What a scan finds, kept on disk, so that a second scan of an unchanged tree opens no file."""
