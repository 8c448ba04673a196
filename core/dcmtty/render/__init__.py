"""From pixels and contours to terminal cells, without a terminal."""
