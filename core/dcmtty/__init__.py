"""DICOM reading, contouring, structure sets, digests and verified transfer, without any user interface.

Importing this package loads nothing else: each room (`dcmtty.dicom`, `dcmtty.rtstruct`, ...) is imported by name.
"""

__version__ = "0.1.0"
