"""The tag tree of a structure set of two million coordinates, opened and printed whole, beside dcmdump to /dev/null."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTStructureSetStorage

from dcmtty.dicom.tags import open_tags
from harness import Benchmark

COORDINATES = 2_000_000
SCREEN_ROWS = 60
SHAPES = {"1 contour": 666_667, "3,000 contours": 222, "66,667 contours": 10}
"""How the coordinates may lie: name, and points in each contour."""
_ROOTS = os.pathsep.join(str(Path(__file__).resolve().parent.parent / name) for name in ("core", "tui"))
_COMMAND = [sys.executable, "-c", "import sys; from dcmtty_tui.cli.main import main; sys.exit(main())", "tags"]


def _contour(number: int, points: int) -> Dataset:
    raw = "\\".join(f"{value:.3f}" for value in np.linspace(-250, 250, 3 * points).tolist()).encode()
    image, contour = Dataset(), Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number}"
    contour.ContourImageSequence = [image]
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", points
    raw += b" " * (len(raw) % 2)
    tag = Tag(0x30060050)
    contour[tag] = RawDataElement(tag, "DS", len(raw), raw, 0, is_implicit_VR=False, is_little_endian=True)
    return contour


def _structure_set(path: Path, points: int, *, delimited: bool) -> Path:
    dataset, region = Dataset(), Dataset()
    dataset.file_meta = FileMetaDataset()
    is_long = 9 * 3 * points > 0xFFFF
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if is_long else ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = RTStructureSetStorage, "1.2.3", "RTSTRUCT"
    region.ContourSequence = [_contour(number, points) for number in range(COORDINATES // (3 * points) or 1)]
    region.ReferencedROINumber = 1
    dataset.ROIContourSequence = [region]
    if delimited:
        _delimit(dataset)
    dcmwrite(path, dataset, enforce_file_format=True)
    return path


def _delimit(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _delimit(item)


def _screenful(path: Path) -> int:
    """Open the tree down to the contours, and make what a screen shows of them."""
    with open_tags(path) as tree:
        roots = tree.roots()
        shown = [f"{node.tag} {node.vr} {node.keyword} {node.value}" for node in roots]
        node = next((node for node in roots if node.is_sequence), None)
        while node is not None and len(shown) < SCREEN_ROWS:
            children = tree.children(node)[:SCREEN_ROWS]
            shown += [f"{one.tag} {one.vr} {one.keyword} {one.value}" for one in children]
            node = next((one for one in children if one.has_children), None)
        return len(shown)


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": _ROOTS}
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)


def benchmarks() -> list[Benchmark]:
    """Opening by library call, and the whole command, for each shape with and without item lengths."""
    dcmdump = shutil.which("dcmdump")
    if dcmdump is None:
        raise SystemExit("dcmdump is needed; it comes with dcmtk")
    folder = tempfile.TemporaryDirectory(prefix="dcmtty-bench-")
    atexit.register(folder.cleanup)
    found: list[Benchmark] = []
    for index, (shape, points) in enumerate(SHAPES.items()):
        for delimited in (False, True):
            path = _structure_set(Path(folder.name) / f"{index}{delimited}.dcm", points, delimited=delimited)
            name = f"{shape}{', delimited' if delimited else ''}"
            peer = partial(_run, [dcmdump, str(path)])
            found.append(Benchmark(f"tag tree, {name}", partial(_screenful, path), "dcmdump", peer, 5))
            command = [*_COMMAND, str(path)]
            found.append(Benchmark(f"dcmtty tags, {name}", partial(_run, command), "dcmdump", peer, 3))
    return found
