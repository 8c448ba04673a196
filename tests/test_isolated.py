"""The decoder's own process: it may die, hang or print what it likes, and nobody sees more than one plain error."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEGBaseline8Bit

from dcmtty.dicom.isolated import DecoderEnded, IsolatedDecoder, decoder
from dcmtty.errors import InputError
from dicom_files import image, picture_of, ramp, save
from peers import peer

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"
OPTIONS = {
    "rows": 3, "columns": 3, "samples_per_pixel": 3, "bits_allocated": 8, "bits_stored": 8, "number_of_frames": 1,
    "photometric_interpretation": "YBR_FULL_422", "planar_configuration": 0, "pixel_representation": 0,
    "pixel_keyword": "PixelData", "pixel_vr": "OB",
}  # fmt: skip


def codestream() -> bytes:
    dataset = dcmread(PYDICOM_FILES / "SC_rgb_small_odd_jpeg.dcm")
    return get_frame(dataset.PixelData, 0)


@pytest.fixture
def own() -> Iterator[IsolatedDecoder]:
    made = IsolatedDecoder()
    yield made
    made.close()


def test_a_frame_that_ends_the_decoder_is_an_error_and_the_next_one_is_decoded(own: IsolatedDecoder) -> None:
    first, photometric = own.decode(JPEGBaseline8Bit, OPTIONS, codestream())
    assert (first.shape, photometric) == ((3, 3, 3), "RGB")
    hasty = IsolatedDecoder(seconds=0)
    with pytest.raises(DecoderEnded):
        hasty.decode(JPEGBaseline8Bit, OPTIONS, codestream())
    hasty.close()
    own.close()
    again, _ = own.decode(JPEGBaseline8Bit, OPTIONS, codestream())
    np.testing.assert_array_equal(again, first)


def test_what_no_decoder_reads_is_an_error_of_its_own(own: IsolatedDecoder) -> None:
    with pytest.raises(ValueError, match="RuntimeError"):
        own.decode(JPEGBaseline8Bit, OPTIONS, b"\xff\xd8 this is no picture")
    assert own.decode(JPEGBaseline8Bit, OPTIONS, codestream())[0].shape == (3, 3, 3)


def test_the_decoders_print_nothing_on_our_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = codestream()
    dataset = image(
        ramp(3, 3, "u1"), SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0
    )
    for cut in (200, 300, len(whole) - 8):
        dataset.PixelData = encapsulate([whole[:cut] + b"\xff\xd9"])
        dataset["PixelData"].is_undefined_length = True
        path = save(dataset, tmp_path / f"{cut}.dcm", JPEGBaseline8Bit)
        try:
            picture_of(path)
        except InputError:
            continue
    decoder.close()
    assert capfd.readouterr() == ("", "")


def test_the_helper_goes_when_its_owner_is_killed() -> None:
    script = (
        "import sys, os; sys.path[:0] = sys.argv[1:3]\n"
        "from test_isolated import OPTIONS, codestream\n"
        "from dcmtty.dicom.isolated import decoder\n"
        "decoder.decode('1.2.840.10008.1.2.4.50', OPTIONS, codestream())\n"
        "print(decoder._process.pid, flush=True)\n"
        "os._exit(9)\n"
    )
    root = Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, "-c", script, str(root), str(root.parent / "core")],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 9, done.stderr
    try:
        watched = os.pidfd_open(int(done.stdout))
    except ProcessLookupError:
        return
    try:
        assert select.select([watched], [], [], 20)[0], "the helper still runs"
    finally:
        os.close(watched)


def test_12_bit_jpeg_has_the_values_that_dcmtk_decodes(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "transfer-syntax" / "same-ct-in-15-syntaxes"
    path = next(file for file in folder.iterdir() if "JPEGProcess2_4" in file.name)
    plain = tmp_path / "plain.dcm"
    subprocess.run([peer("dcmdjpeg"), path, plain], check=True, capture_output=True)
    dataset = dcmread(plain)
    expected = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    np.testing.assert_allclose(picture_of(path).values, expected, atol=1e-3)
