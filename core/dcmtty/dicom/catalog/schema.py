"""The tables of a catalog, described for its users in docs/catalog.md."""

from __future__ import annotations

from dcmtty import __version__
from dcmtty.dicom.attributes import ATTRIBUTES

APPLICATION_ID = 0x64636D74
"""`dcmt`, as `PRAGMA application_id`."""
VERSION = 1
"""`PRAGMA user_version`; a catalog of another version is not used."""
MAKER = f"{__version__}/1"
"""Which dcmtty read the files; rows of another do not count. Raise the last number when files are read otherwise."""

STANDARD = (*(attribute.keyword for attribute in ATTRIBUTES.values()), "MediaStorageSOPClassUID")
"""The keywords of a record's values, in order."""
PER_FILE = (
    "SOPInstanceUID",
    "InstanceNumber",
    "ImagePositionPatient",
    "SliceLocation",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionNumber",
    "ContentDate",
    "ContentTime",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "TriggerTime",
    "EchoNumbers",
    "EchoTime",
    "DiffusionBValue",
    "WindowCenter",
    "WindowWidth",
    "RescaleIntercept",
    "RescaleSlope",
)
"""What differs from file to file of a series, kept with the file; the rest is kept once for all that have it alike."""
COMMON = tuple(keyword for keyword in STANDARD if keyword not in PER_FILE)

STATE = ("size_bytes", "mtime_ns", "ctime_ns", "inode")
"""What must be as the catalog has it for a file to count as unchanged."""
FACTS = (
    "device",
    "read_ns",
    "is_settled",
    "status",
    "reason",
    "kind",
    "is_plain",
    "frames",
    "pixel_bytes",
    "preamble",
    "transfer_syntax_uid",
    "warnings",
    "referenced_series_uids",
    "extra",
)
LINKS = ("common_id", "series_id")
FILE_COLUMNS = ("folder_id", "name", *STATE, *FACTS, *LINKS, *PER_FILE)
"""The columns of `file` in order, without its id."""


_NUMBERS = frozenset({*STATE, *LINKS, "device", "read_ns", "is_settled", "is_plain", "frames", "pixel_bytes"})


def _columns(names: tuple[str, ...], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


def _declared(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}" {"INTEGER" if name in _NUMBERS else "TEXT"}' for name in names)


_PATH = """CASE WHEN typeof(folder.path) = 'text' AND typeof(file.name) = 'text' THEN folder.path || file.name
        ELSE CAST(CAST(folder.path AS BLOB) || CAST(file.name AS BLOB) AS BLOB) END"""

_INSTANCE = f"""file.id AS id, {_PATH} AS path, {_columns(STATE, "file.")}, {_columns(FACTS, "file.")},
        series.key AS series_key, {_columns(PER_FILE, "file.")}, {_columns(COMMON, "common.")}"""

STATEMENTS = (
    "CREATE TABLE maker (version TEXT NOT NULL)",
    "CREATE TABLE folder (id INTEGER PRIMARY KEY AUTOINCREMENT, path NOT NULL UNIQUE)",
    "CREATE TABLE series (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE)",
    f"CREATE TABLE common (id INTEGER PRIMARY KEY AUTOINCREMENT, checksum INTEGER NOT NULL, {_declared(COMMON)})",
    "CREATE INDEX common_checksum ON common (checksum)",
    f"""CREATE TABLE file (id INTEGER PRIMARY KEY AUTOINCREMENT, folder_id INTEGER NOT NULL, name NOT NULL,
        {_declared(FILE_COLUMNS[2:])}, UNIQUE (folder_id, name))""",
    "CREATE INDEX file_inode ON file (inode)",
    "CREATE INDEX file_common ON file (common_id)",
    "CREATE INDEX file_series ON file (series_id)",
    """CREATE TABLE summary (series_id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, document TEXT NOT NULL,
        slices TEXT NOT NULL)""",
    f"""CREATE VIEW instance AS SELECT {_INSTANCE} FROM file JOIN folder ON folder.id = file.folder_id
        LEFT JOIN common ON common.id = file.common_id LEFT JOIN series ON series.id = file.series_id""",
)

TEMPORARY = (
    """CREATE TEMP TABLE place (id INTEGER PRIMARY KEY, path NOT NULL, shown NOT NULL, folder_id INTEGER,
        device INTEGER, inode INTEGER, is_whole INTEGER NOT NULL)""",
    "CREATE INDEX temp.place_folder ON place (folder_id)",
    f"""CREATE TEMP TABLE found (id INTEGER PRIMARY KEY, place_id INTEGER NOT NULL, name NOT NULL,
        {_declared(STATE)}, device INTEGER, shown)""",
    "CREATE TEMP TABLE listed (key TEXT PRIMARY KEY, series_id INTEGER NOT NULL, part INTEGER NOT NULL)",
    f"""CREATE TEMP VIEW scanned AS SELECT {_INSTANCE}, coalesce(found.shown,
        CASE WHEN typeof(place.shown) = 'text' AND typeof(found.name) = 'text' THEN place.shown || found.name
        ELSE CAST(CAST(place.shown AS BLOB) || CAST(found.name AS BLOB) AS BLOB) END) AS shown_path,
        found.shown IS NOT NULL AS is_named, found.id AS scan_id, file.folder_id, file.series_id
        FROM temp.found CROSS JOIN temp.place ON place.id = found.place_id
        CROSS JOIN main.file ON file.folder_id = place.folder_id AND file.name = found.name
        CROSS JOIN main.folder ON folder.id = file.folder_id
        LEFT JOIN main.common ON common.id = file.common_id LEFT JOIN main.series ON series.id = file.series_id""",
)
"""Of one scan, in the connection alone: the folders it walked, the files it found, and what it listed."""

JOINED = """temp.found CROSS JOIN temp.place ON place.id = found.place_id
    LEFT JOIN file ON file.folder_id = place.folder_id AND file.name = found.name"""
"""The files of a scan beside their rows, in the order in which they were found."""
