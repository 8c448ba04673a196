"""The other side of `isolated`: decodes compressed frames in a process of its own, one request after the other.

The C libraries behind the decoders end the whole process on some damaged files and print on its terminal; here neither
reaches the user.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGExtended12Bit

from dcmtty.dicom.pixelfile import FOREIGN_ERRORS, StoredArray, quiet

MAX_MEMORY_BYTES = 6 << 30
_LENGTH = struct.Struct(">I")
_HTJ2K = frozenset({"1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"})


def write_message(stream: IO[bytes], head: Mapping[str, object], body: bytes = b"") -> None:
    """Write one message: the length of its head, the head as JSON, and the bytes whose count the head gives."""
    text = json.dumps({**head, "bytes": len(body)}).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one message; None when the other side is gone."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    text = stream.read(_LENGTH.unpack(length)[0])
    try:
        head: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    body = stream.read(int(head["bytes"]))
    return (head, body) if len(body) == head["bytes"] else None


def decode(syntax: str, options: Mapping[str, Any], codestream: bytes) -> tuple[StoredArray, str]:
    """Decode one frame; return its values and its photometric interpretation after decoding."""
    photometric = str(options["photometric_interpretation"])
    if syntax in _HTJ2K:
        return _with_openjpeg(codestream, photometric)
    if syntax == JPEGExtended12Bit and options["bits_stored"] > 8:
        return _with_gdcm(codestream, options), photometric
    array, after = get_decoder(UID(syntax)).as_array(encapsulate([codestream], has_bot=False), index=0, **options)
    return array, str(after["photometric_interpretation"])


def _with_openjpeg(codestream: bytes, photometric: str) -> tuple[StoredArray, str]:
    """Decode High-Throughput JPEG 2000: pydicom reaches OpenJPEG only through one more package."""
    from openjpeg.utils import decode as decode_j2k

    array: StoredArray = np.asarray(decode_j2k(codestream))
    return array, "RGB" if photometric in {"YBR_ICT", "YBR_RCT"} else photometric


def _with_gdcm(codestream: bytes, options: Mapping[str, Any]) -> StoredArray:
    """Decode 12-bit JPEG Extended: GDCM can, but pydicom does not ask it to."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((options["columns"], options["rows"], 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(options["photometric_interpretation"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(JPEGExtended12Bit))))
    stored, signed = options["bits_stored"], options["pixel_representation"]
    image.SetPixelFormat(gdcm.PixelFormat(options["samples_per_pixel"], 16, stored, stored - 1, signed))
    data = image.GetBuffer()
    raw = data if isinstance(data, bytes) else data.encode("utf-8", errors="surrogateescape")
    return np.frombuffer(raw, dtype="<i2" if signed else "<u2").reshape(options["rows"], options["columns"])


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the other side closes its end."""
    while (message := read_message(requests)) is not None:
        head, codestream = message
        try:
            with quiet():
                array, photometric = decode(head["syntax"], head["options"], codestream)
        except FOREIGN_ERRORS as error:
            write_message(answers, {"error": type(error).__name__})
            continue
        shape = {"dtype": array.dtype.str, "shape": array.shape, "photometric": photometric}
        write_message(answers, shape, np.ascontiguousarray(array).tobytes())


def main() -> None:
    """Serve on standard input and output; what the C libraries print there goes nowhere."""
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MAX_MEMORY_BYTES)):
        _, hard = resource.getrlimit(limit)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (soft, hard))
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, answers)
