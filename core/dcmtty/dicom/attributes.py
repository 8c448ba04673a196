"""The attributes that every reading of a header gives, with what implicit encodings leave out."""

from __future__ import annotations

from typing import NamedTuple


class Attribute(NamedTuple):
    """A name and a value representation (PS3.6)."""

    keyword: str
    vr: str


MEDIA_STORAGE_SOP_CLASS = 0x00020002
"""Of the file meta information; tells a DICOMDIR, which has no SOP Class UID of its own."""

MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, Media Storage Directory Storage."""
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
"""SOP class of structure sets, RT Structure Set Storage."""

ATTRIBUTES = {
    0x00100010: Attribute("PatientName", "PN"),
    0x00100020: Attribute("PatientID", "LO"),
    0x00100021: Attribute("IssuerOfPatientID", "LO"),
    0x00100030: Attribute("PatientBirthDate", "DA"),
    0x00100040: Attribute("PatientSex", "CS"),
    0x00101010: Attribute("PatientAge", "AS"),
    0x0020000D: Attribute("StudyInstanceUID", "UI"),
    0x00200010: Attribute("StudyID", "SH"),
    0x00080020: Attribute("StudyDate", "DA"),
    0x00080030: Attribute("StudyTime", "TM"),
    0x00081030: Attribute("StudyDescription", "LO"),
    0x00080050: Attribute("AccessionNumber", "SH"),
    0x00080090: Attribute("ReferringPhysicianName", "PN"),
    0x0020000E: Attribute("SeriesInstanceUID", "UI"),
    0x00200011: Attribute("SeriesNumber", "IS"),
    0x00080021: Attribute("SeriesDate", "DA"),
    0x00080031: Attribute("SeriesTime", "TM"),
    0x0008103E: Attribute("SeriesDescription", "LO"),
    0x00080060: Attribute("Modality", "CS"),
    0x00180015: Attribute("BodyPartExamined", "CS"),
    0x00185100: Attribute("PatientPosition", "CS"),
    0x00181030: Attribute("ProtocolName", "LO"),
    0x00200052: Attribute("FrameOfReferenceUID", "UI"),
    0x00201040: Attribute("PositionReferenceIndicator", "LO"),
    0x00080070: Attribute("Manufacturer", "LO"),
    0x00081090: Attribute("ManufacturerModelName", "LO"),
    0x00080080: Attribute("InstitutionName", "LO"),
    0x00081010: Attribute("StationName", "SH"),
    0x00181020: Attribute("SoftwareVersions", "LO"),
    0x00080005: Attribute("SpecificCharacterSet", "CS"),
    0x00080016: Attribute("SOPClassUID", "UI"),
    0x00080018: Attribute("SOPInstanceUID", "UI"),
    0x00200013: Attribute("InstanceNumber", "IS"),
    0x00080008: Attribute("ImageType", "CS"),
    0x00080023: Attribute("ContentDate", "DA"),
    0x00080033: Attribute("ContentTime", "TM"),
    0x00080022: Attribute("AcquisitionDate", "DA"),
    0x00080032: Attribute("AcquisitionTime", "TM"),
    0x00200012: Attribute("AcquisitionNumber", "IS"),
    0x00200100: Attribute("TemporalPositionIdentifier", "IS"),
    0x00209128: Attribute("TemporalPositionIndex", "UL"),
    0x00181060: Attribute("TriggerTime", "DS"),
    0x00180086: Attribute("EchoNumbers", "IS"),
    0x00180081: Attribute("EchoTime", "DS"),
    0x00180080: Attribute("RepetitionTime", "DS"),
    0x00189087: Attribute("DiffusionBValue", "FD"),
    0x00181120: Attribute("GantryDetectorTilt", "DS"),
    0x00181210: Attribute("ConvolutionKernel", "SH"),
    0x00180060: Attribute("KVP", "DS"),
    0x00280301: Attribute("BurnedInAnnotation", "CS"),
    0x00200032: Attribute("ImagePositionPatient", "DS"),
    0x00200037: Attribute("ImageOrientationPatient", "DS"),
    0x00280030: Attribute("PixelSpacing", "DS"),
    0x00181164: Attribute("ImagerPixelSpacing", "DS"),
    0x00180050: Attribute("SliceThickness", "DS"),
    0x00180088: Attribute("SpacingBetweenSlices", "DS"),
    0x00201041: Attribute("SliceLocation", "DS"),
    0x00280010: Attribute("Rows", "US"),
    0x00280011: Attribute("Columns", "US"),
    0x00280008: Attribute("NumberOfFrames", "IS"),
    0x00280002: Attribute("SamplesPerPixel", "US"),
    0x00280004: Attribute("PhotometricInterpretation", "CS"),
    0x00280006: Attribute("PlanarConfiguration", "US"),
    0x00280100: Attribute("BitsAllocated", "US"),
    0x00280101: Attribute("BitsStored", "US"),
    0x00280102: Attribute("HighBit", "US"),
    0x00280103: Attribute("PixelRepresentation", "US"),
    0x00281050: Attribute("WindowCenter", "DS"),
    0x00281051: Attribute("WindowWidth", "DS"),
    0x00281055: Attribute("WindowCenterWidthExplanation", "LO"),
    0x00281056: Attribute("VOILUTFunction", "CS"),
    0x00281052: Attribute("RescaleIntercept", "DS"),
    0x00281053: Attribute("RescaleSlope", "DS"),
    0x00281054: Attribute("RescaleType", "LO"),
    0x00541001: Attribute("Units", "CS"),
    0x00282110: Attribute("LossyImageCompression", "CS"),
    0x30040002: Attribute("DoseUnits", "CS"),
    0x30040004: Attribute("DoseType", "CS"),
    0x3004000A: Attribute("DoseSummationType", "CS"),
    0x30060002: Attribute("StructureSetLabel", "SH"),
    0x30060004: Attribute("StructureSetName", "LO"),
    0x30060008: Attribute("StructureSetDate", "DA"),
    0x300A0002: Attribute("RTPlanLabel", "SH"),
    0x300E0002: Attribute("ApprovalStatus", "CS"),
}
"""Tag to keyword and value representation, of the data set itself."""

FRAME_ATTRIBUTES = {
    0x00200032: Attribute("ImagePositionPatient", "DS"),
    0x00200037: Attribute("ImageOrientationPatient", "DS"),
    0x00280030: Attribute("PixelSpacing", "DS"),
    0x00180050: Attribute("SliceThickness", "DS"),
    0x00180088: Attribute("SpacingBetweenSlices", "DS"),
    0x00209128: Attribute("TemporalPositionIndex", "UL"),
    0x00209156: Attribute("FrameAcquisitionNumber", "US"),
    0x00209056: Attribute("StackID", "SH"),
    0x00209057: Attribute("InStackPositionNumber", "UL"),
    0x00189082: Attribute("EffectiveEchoTime", "FD"),
    0x00189087: Attribute("DiffusionBValue", "FD"),
    0x00209153: Attribute("NominalCardiacTriggerDelayTime", "FD"),
    0x00089007: Attribute("FrameType", "CS"),
    0x00209157: Attribute("DimensionIndexValues", "UL"),
    0x0062000B: Attribute("ReferencedSegmentNumber", "US"),
}
"""Tag to keyword and value representation, in the functional groups of enhanced multi-frame images (PS3.3 C.7.6.16)."""
