"""The three items that each ROI has in an RTSTRUCT: structure, contours, observation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dcmtty.contours.model import INTERPRETED_TYPES, Contour, Roi
from dcmtty.dicom.model import Series
from dcmtty.errors import BuildRefused
from dcmtty.rtstruct.compose import Composer, Tree
from dcmtty.rtstruct.contour_check import Writable, writable
from dcmtty.rtstruct.ds import steps_text
from dcmtty.rtstruct.encoded import LONGEST_SHORT_VALUE, item, joined, sequence, tag_of
from dcmtty.text import visible

ALGORITHMS = frozenset({"AUTOMATIC", "SEMIAUTOMATIC", "MANUAL", ""})
LONGEST_NAME = 64
LONGEST_ECLIPSE_NAME = 16
_CONTOUR_SEQUENCE = tag_of("ContourSequence")


@dataclass(frozen=True, slots=True)
class RoiItems:
    """The encoded items of one ROI."""

    structure: bytes
    contours: bytes
    observation: bytes


def encode_roi(roi: Roi, series: Series, composer: Composer, observation_number: int, notes: list[str]) -> RoiItems:
    """Return the items of an ROI that is new in the file; what a user should know is added to `notes`.

    Raises:
        BuildRefused: name, colour, type, algorithm or a contour is not such that it may be written.
    """
    require_roi(roi, notes)
    encoded = [encode_contour(c, n, roi, series, composer, notes) for n, c in enumerate(roi.contours, 1)]
    contours = composer.elements({"ROIDisplayColor": color_text(roi), "ReferencedROINumber": str(roi.number)})
    if encoded:
        contours[_CONTOUR_SEQUENCE] = sequence(_CONTOUR_SEQUENCE, encoded, composer.syntax)
    structure: Tree = {
        "ROINumber": str(roi.number),
        "ReferencedFrameOfReferenceUID": series.frame_of_reference_uid,
        "ROIName": roi.name.strip(),
        "ROIGenerationAlgorithm": roi.generation_algorithm,
    }
    return RoiItems(
        composer.item(structure),
        item(joined(contours), composer.syntax),
        composer.item(observation_tree(roi, observation_number)),
    )


def observation_tree(roi: Roi, observation_number: int) -> Tree:
    """Return the attributes of an RT ROI Observation (PS3.3 C.8.8.8)."""
    return {
        "ObservationNumber": str(observation_number),
        "ReferencedROINumber": str(roi.number),
        "RTROIInterpretedType": roi.interpreted_type,
        "ROIInterpreter": "",
    }


def color_text(roi: Roi) -> str:
    """Return ROI Display Color (3006,002A)."""
    return "\\".join(str(part) for part in roi.color)


def require_roi(roi: Roi, notes: list[str], unchanged: frozenset[str] = frozenset()) -> None:
    """Check everything of an ROI but its contours; what is `unchanged` stays as its maker wrote it.

    Raises:
        BuildRefused: something of it may not be written.
    """
    which = f"ROI {roi.number}"
    if not 0 <= roi.number < 2**31:
        raise BuildRefused(f"{which}: the number is out of range", remedy="use 1 to 2147483647")
    if "name" not in unchanged:
        _require_name(which, roi.name.strip(), notes)
    if "color" not in unchanged and not all(0 <= part <= 255 for part in roi.color):
        raise BuildRefused(f"{which} has a colour outside 0 to 255", remedy="correct the colour")
    if "interpreted_type" not in unchanged and roi.interpreted_type not in {*INTERPRETED_TYPES, ""}:
        raise BuildRefused(
            f"{which} has the interpreted type {visible(roi.interpreted_type)!r}", remedy="use one of PS3.3 C.8.8.8.1"
        )
    if "generation_algorithm" not in unchanged and roi.generation_algorithm not in ALGORITHMS:
        raise BuildRefused(f"{which} has an unknown generation algorithm", remedy="use MANUAL or leave it empty")
    if len({c.geometric_type for c in roi.contours if c.geometric_type.is_closed}) > 1:
        raise BuildRefused(f"{which} mixes CLOSED_PLANAR and CLOSEDPLANAR_XOR", remedy="use one of them in an ROI")


def _require_name(which: str, name: str, notes: list[str]) -> None:
    if not name:
        raise BuildRefused(f"{which} has no name", remedy="give it one")
    if len(name) > LONGEST_NAME:
        raise BuildRefused(f"{which} has a name of {len(name)} characters", remedy=f"keep it to {LONGEST_NAME}")
    if "\\" in name or visible(name) != name:
        raise BuildRefused(f"{which} has a backslash or a control character in its name", remedy="rename it")
    if len(name) > LONGEST_ECLIPSE_NAME:
        notes.append(f"the name of {which} is longer than {LONGEST_ECLIPSE_NAME} characters; Eclipse cuts it")


def require_distinct(rois: Sequence[Roi], fresh: Iterable[Roi]) -> None:
    """Check that there are ROIs, all with their own numbers, and that no `fresh` one has the name of another.

    Raises:
        BuildRefused: there is none, or two are alike.
    """
    if not rois:
        raise BuildRefused("the structure set has no ROI", remedy="add one; an RTSTRUCT must have at least one")
    if len({roi.number for roi in rois}) < len(rois):
        raise BuildRefused("two ROIs have the same number", remedy="renumber one of them")
    for roi in fresh:
        alike = [other.number for other in rois if other.name.strip() == roi.name.strip()]
        if len(alike) > 1:
            numbers = " and ".join(str(number) for number in alike)
            raise BuildRefused(f"ROIs {numbers} have the same name", remedy="rename one of them")


def encode_contour(
    contour: Contour, number: int, roi: Roi, series: Series, composer: Composer, notes: list[str]
) -> bytes:
    """Return the encoded item of one contour with this Contour Number.

    Raises:
        BuildRefused: the contour may not be written, or its data do not fit the transfer syntax.
    """
    name = f"contour {number} of ROI {roi.number}"
    ready = writable(contour, series, name)
    if ready.crosses_itself:
        notes.append(f"{name} crosses itself; systems differ in what they take for its inside")
    data = steps_text(ready.steps)
    if not composer.syntax.implicit and len(data) > LONGEST_SHORT_VALUE:
        raise BuildRefused(
            f"{name} needs {len(data)} bytes, and Explicit VR holds {LONGEST_SHORT_VALUE}",
            remedy="write Implicit VR (--implicit), or give it fewer points",
        )
    return composer.item(_contour_tree(ready, number, data))


def _contour_tree(ready: Writable, number: int, data: bytes) -> Tree:
    tree: dict[str, str | bytes | Sequence[Tree]] = {
        "ContourGeometricType": str(ready.geometric_type),
        "NumberOfContourPoints": str(len(ready.steps)),
        "ContourNumber": str(number),
        "ContourData": data,
    }
    if ready.image is not None:
        instance = ready.image.instance
        image: dict[str, str] = {
            "ReferencedSOPClassUID": instance.sop_class_uid,
            "ReferencedSOPInstanceUID": instance.sop_instance_uid,
        }
        if len(instance.frames) > 1:
            image["ReferencedFrameNumber"] = str(ready.image.frame)
        tree["ContourImageSequence"] = [image]
    return tree
