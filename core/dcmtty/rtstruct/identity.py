"""Patient, study and trial attributes, copied from the images: identity is never altered, at most re-encoded."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from dcmtty.dicom.model import Series
from dcmtty.dicom.pixelfile import FOREIGN_ERRORS
from dcmtty.dicom.values import comparable
from dcmtty.errors import BuildRefused, TruncatedFile
from dcmtty.files import read_error
from dcmtty.rtstruct import charset
from dcmtty.rtstruct.encoded import Syntax, element, item, joined, sequence, tag_of
from dcmtty.text import visible

REQUIRED: Final = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex",
    "StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
)  # fmt: skip
"""Type 1 and 2 of Patient and General Study (PS3.3 C.7.1.1, C.7.2.1): written empty when the images lack them."""

OPTIONAL: Final = (
    "IssuerOfPatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence", "QualityControlSubject",
    "ReferencedPatientSequence", "PatientBirthTime", "PatientBirthDateInAlternativeCalendar",
    "PatientDeathDateInAlternativeCalendar", "PatientAlternativeCalendar", "OtherPatientIDs",
    "OtherPatientIDsSequence", "OtherPatientNames", "EthnicGroup", "PatientComments", "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence", "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence",
    "StrainDescription", "ResponsiblePerson", "ResponsiblePersonRole", "ResponsibleOrganization",
    "PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
    "StudyDescription", "ReferringPhysicianIdentificationSequence", "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence", "IssuerOfAccessionNumberSequence", "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence", "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence", "RequestingServiceCodeSequence", "ReferencedStudySequence",
    "ProcedureCodeSequence", "ReasonForPerformedProcedureCodeSequence",
    "AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence", "PatientAge", "PatientSize",
    "PatientSizeCodeSequence", "PatientBodyMassIndex", "MeasuredAPDimension", "MeasuredLateralDimension",
    "PatientWeight", "MedicalAlerts", "Allergies", "SmokingStatus", "PregnancyStatus", "LastMenstrualDate",
    "PatientState", "Occupation", "AdditionalPatientHistory", "AdmissionID", "IssuerOfAdmissionIDSequence",
    "ServiceEpisodeID", "IssuerOfServiceEpisodeIDSequence", "ServiceEpisodeDescription", "PatientSexNeutered",
    "ReasonForVisit", "ReasonForVisitCodeSequence", "SpecialNeeds",
    "ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "ClinicalTrialSiteID",
    "ClinicalTrialSiteName", "ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID",
    "ClinicalTrialProtocolEthicsCommitteeName", "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
    "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription", "LongitudinalTemporalOffsetFromEvent",
    "LongitudinalTemporalEventType", "ConsentForClinicalTrialUseSequence",
)  # fmt: skip
"""Type 3 of those, and Patient Study, Clinical Trial Subject and Clinical Trial Study, where the images have them."""

_SAME_IN_EVERY_IMAGE = (
    ("PatientID", "Patient ID"),
    ("PatientName", "Patient's Name"),
    ("PatientBirthDate", "Patient's Birth Date"),
    ("StudyInstanceUID", "Study Instance UID"),
    ("SeriesInstanceUID", "Series Instance UID"),
    ("FrameOfReferenceUID", "Frame of Reference UID"),
)
_NUMBER_BYTES = {"AT": 2, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "UL": 4, "US": 2}
_CHARSET_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})

Value: TypeAlias = "bytes | list[list[Node]]"


@dataclass(frozen=True, slots=True)
class Node:
    """One attribute with its value as encoded in the source (numbers in little endian), or its items."""

    tag: int
    vr: str
    value: Value


@dataclass(frozen=True, slots=True)
class Copied:
    """What the images say of patient and study."""

    nodes: tuple[Node, ...]
    character_set: tuple[str, ...]
    """The set that the bytes are in; empty when not declared."""
    timezone: str
    """Timezone Offset From UTC (0008,0201), which rules every copied date and time; empty when not declared."""

    @property
    def is_plain(self) -> bool:
        """Whether every text is ASCII."""
        return all(charset.is_plain(raw) for _, raw in _texts(self.nodes))

    @property
    def is_readable(self) -> bool:
        """Whether every text is valid in the declared character set."""
        return all(
            charset.decode(raw, self.character_set, person_name=vr == "PN") is not None
            for vr, raw in _texts(self.nodes)
        )

    def elements(self, syntax: Syntax, character_set: tuple[str, ...]) -> dict[int, bytes]:
        """Return the attributes encoded, by tag; texts are re-encoded where the character sets differ."""
        return {node.tag: self._element(node, syntax, character_set) for node in self.nodes}

    def _element(self, node: Node, syntax: Syntax, character_set: tuple[str, ...]) -> bytes:
        if isinstance(node.value, bytes):
            raw = self._text(node, character_set)
            return element(node.tag, node.vr, raw + b" " * (len(raw) % 2), syntax)
        bodies = ({inner.tag: self._element(inner, syntax, character_set) for inner in nodes} for nodes in node.value)
        return sequence(node.tag, (item(joined(body), syntax) for body in bodies), syntax)

    def _text(self, node: Node, character_set: tuple[str, ...]) -> bytes:
        raw = node.value if isinstance(node.value, bytes) else b""
        if node.vr not in _CHARSET_VRS or character_set == self.character_set or charset.is_plain(raw):
            return raw
        text = charset.decode(raw, self.character_set, person_name=node.vr == "PN")
        encoded = None if text is None else charset.encode(text, character_set)
        if encoded is None:
            raise BuildRefused(f"{Tag(node.tag)} of the images cannot be re-encoded", remedy="correct the images")
        return encoded


def copied_from(series: Series) -> Copied:
    """Read the attributes that a structure set shares with the images of a series, from its first slice.

    Raises:
        BuildRefused: the images do not agree on patient, study, series or Frame of Reference.
        InputError: the file cannot be read any more.
    """
    require_one_patient(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _copied(series.first.path)
        except FOREIGN_ERRORS as error:
            raise _damaged(series.first.path) from error


def _copied(path: Path) -> Copied:
    dataset = _read(path, [*REQUIRED, *OPTIONAL, "TimezoneOffsetFromUTC"])
    swap = dataset.original_encoding[1] is False
    nodes = {tag_of(keyword): Node(tag_of(keyword), dictionary_VR(tag_of(keyword)), b"") for keyword in REQUIRED}
    for keyword in (*REQUIRED, *OPTIONAL):
        if tag_of(keyword) in dataset:
            nodes[tag_of(keyword)] = _node(dataset, tag_of(keyword), swap=swap)
    declared = dataset.get("SpecificCharacterSet") or ()
    terms = (declared,) if isinstance(declared, str) else tuple(str(term) for term in declared)
    return Copied(tuple(nodes.values()), terms, str(dataset.get("TimezoneOffsetFromUTC") or ""))


def require_one_patient(series: Series) -> None:
    """Check that all images of a series are of one patient, study, series and Frame of Reference.

    Raises:
        BuildRefused: they are not; the values are not shown.
    """
    for keyword, name in _SAME_IN_EVERY_IMAGE:
        if len({comparable(keyword, item.instance.text(keyword)) for item in series.slices}) > 1:
            raise BuildRefused(f"the images of the series differ in {name}", remedy="open one patient's series alone")


def _read(path: Path, keywords: Sequence[str]) -> Dataset:
    try:
        return dcmread(path, stop_before_pixels=True, force=True, specific_tags=[tag_of(word) for word in keywords])
    except OSError as error:
        raise read_error(path, error) from error
    except FOREIGN_ERRORS as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> TruncatedFile:
    return TruncatedFile(f"{visible(path)}: its header cannot be read", remedy="fetch the file again")


def _node(dataset: Dataset, tag: int, *, swap: bool) -> Node:
    found: object = dataset.get_item(tag, keep_deferred=True)
    vr = dictionary_VR(tag)
    if vr == "SQ":
        return Node(tag, vr, [_nodes(inner, swap=swap) for inner in dataset[tag].value or ()])
    if not isinstance(found, RawDataElement):
        raise TruncatedFile(f"{Tag(tag)} of the images cannot be read as it is", remedy="fetch the files again")
    raw = bytes(found.value or b"")
    if swap and vr in _NUMBER_BYTES:
        width = _NUMBER_BYTES[vr]
        raw = b"".join(raw[at : at + width][::-1] for at in range(0, len(raw), width))
    return Node(tag, vr, raw)


def _nodes(dataset: Dataset, *, swap: bool) -> list[Node]:
    """Return the attributes of an item that the standard knows; private ones stay with the images."""
    known = (tag for tag in sorted(dataset.keys()) if not tag.is_private and tag.element != 0)
    return [_node(dataset, int(tag), swap=swap) for tag in known if _has_plain_vr(int(tag))]


def _has_plain_vr(tag: int) -> bool:
    try:
        return len(dictionary_VR(tag)) == 2
    except KeyError:
        return False


def _texts(nodes: Iterable[Node]) -> Iterable[tuple[str, bytes]]:
    for node in nodes:
        if isinstance(node.value, bytes):
            if node.vr in _CHARSET_VRS:
                yield node.vr, node.value
        else:
            for inner in node.value:
                yield from _texts(inner)
