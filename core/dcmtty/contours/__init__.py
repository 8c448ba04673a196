"""Regions of interest as contours in patient space: values, edits, journals, import and export."""
