"""Geometry of image planes and polygons: arrays in, arrays out, nothing of DICOM files."""
