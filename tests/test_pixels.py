"""Frames as pictures: against pydicom on every real file, and against hand-made files with known answers."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from dcmtty.dicom.headers import read_instance
from dcmtty.dicom.model import Slice
from dcmtty.dicom.picture import valid_values, value_text
from dcmtty.dicom.pixels import Picture, read_frame
from dcmtty.errors import DcmttyError, InputError, NoPixelData
from dicom_files import image, picture_of, ramp, save

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"


def frames_of(dataset: Dataset) -> list[int]:
    try:
        count = int(dataset.get("NumberOfFrames") or 1)
    except (TypeError, ValueError):
        return []
    return sorted({1, (count + 1) // 2, count})


def oracle(dataset: Dataset, frame: int) -> NDArray[np.float64] | None:
    """What pydicom makes of the frame, or None where it cannot decode it either."""
    try:
        stored: NDArray[np.int64] = pixel_array(dataset, index=frame - 1)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return None
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = apply_color_lut(stored, dataset)
        return np.asarray(stored >> 8 if stored.max() > 255 else stored, dtype=np.float64)
    if stored.ndim == 3:
        return np.asarray(stored.astype(np.float64) // 2 ** max(dataset.BitsStored - 8, 0), dtype=np.float64)
    if "DoseGridScaling" in dataset:
        return np.asarray(stored * float(dataset.DoseGridScaling), dtype=np.float64)
    groups = [
        *(dataset.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame],
        *(dataset.get("SharedFunctionalGroupsSequence") or []),
    ]
    for group in groups:
        for macro in group.get("PixelValueTransformationSequence") or []:
            return np.asarray(stored * float(macro.RescaleSlope) + float(macro.RescaleIntercept), dtype=np.float64)
    return np.asarray(apply_modality_lut(stored, dataset), dtype=np.float64)


def compare_folder(folder: Path) -> int:
    """Compare every frame that pydicom decodes; return how many were equal."""
    compared = 0
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                dataset = pydicom.dcmread(path, force=True)
                if "PixelData" not in dataset or not dataset.PixelData:
                    continue
                dataset.file_meta.setdefault("TransferSyntaxUID", ImplicitVRLittleEndian)
            except (AttributeError, TypeError, ValueError, OSError):
                continue
            for frame in frames_of(dataset):
                expected = oracle(dataset, frame)
                if expected is not None:
                    picture = picture_of(path, frame)
                    np.testing.assert_allclose(picture.values, expected, rtol=1e-6, err_msg=f"{path} frame {frame}")
                    compared += 1
    return compared


def test_every_picture_of_pydicoms_files_has_pydicoms_values() -> None:
    assert compare_folder(PYDICOM_FILES) >= 90


@pytest.mark.parametrize("folder", ["transfer-syntax", "pixel", "preamble", "rt", "charset", "ct-series", "broken"])
def test_every_picture_of_the_real_data_has_pydicoms_values(shared_data: Path, folder: str) -> None:
    assert compare_folder(shared_data / folder) >= 1


def test_one_ct_has_the_same_values_in_every_lossless_syntax(shared_data: Path) -> None:
    folder = shared_data / "transfer-syntax" / "same-ct-in-15-syntaxes"
    lossless = ("BigEndian", "Deflated", "JPEG2000LosslessOnly", "JPEGLSLossless", "Process14", "LittleEndian", "RLE")
    paths = [path for path in sorted(folder.iterdir()) if any(word in path.name for word in lossless)]
    assert len(paths) >= 9
    first = picture_of(paths[0])
    assert first.unit == "HU"
    for path in paths[1:]:
        np.testing.assert_array_equal(picture_of(path).values, first.values, err_msg=path.name)


def test_htj2k_is_decoded_without_pylibjpeg(shared_data: Path) -> None:
    picture = picture_of(shared_data / "transfer-syntax" / "other" / "HTJ2KLossless_08_RGB.dcm")
    assert picture.is_color
    assert picture.values.shape == (480, 640, 3)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_encodings_of_the_data_set_do_not_change_values(tmp_path: Path, syntax: str) -> None:
    pixels = (ramp(dtype="<i2") * 300 - 14000).astype(">i2" if syntax == ExplicitVRBigEndian else "<i2")
    path = save(image(pixels, RescaleSlope="0.5", RescaleIntercept="-10"), tmp_path / "a.dcm", syntax)
    np.testing.assert_array_equal(picture_of(path).values, pixels * 0.5 - 10)


def test_a_file_without_preamble_is_read_as_implicit_little_endian(tmp_path: Path) -> None:
    path = save(image(ramp()), tmp_path / "bare", preamble=False)
    np.testing.assert_array_equal(picture_of(path).values, ramp())


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", "<u4", "<i4"])
def test_integers_of_every_width_keep_their_values(tmp_path: Path, dtype: str) -> None:
    limits = np.iinfo(dtype)
    pixels = np.array([[limits.min, limits.max], [0, 77]], dtype=dtype)
    picture = picture_of(save(image(pixels), tmp_path / "a.dcm"))
    np.testing.assert_array_equal(picture.values, pixels.astype(np.float32))


def test_float_pixel_data_is_shown(tmp_path: Path) -> None:
    pixels = np.linspace(-1.5, 2.5, 96, dtype="<f4").reshape(8, 12)
    dataset = image(ramp(dtype="<u4"))
    del dataset.PixelData, dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit
    dataset.FloatPixelData = pixels.tobytes()
    np.testing.assert_array_equal(picture_of(save(dataset, tmp_path / "a.dcm")).values, pixels)


def test_bits_outside_bits_stored_are_dropped(tmp_path: Path) -> None:
    pixels = ramp(dtype="<u2") | np.uint16(0xF000)
    path = save(image(pixels, BitsStored=12, HighBit=11), tmp_path / "a.dcm")
    np.testing.assert_array_equal(picture_of(path).values, ramp())


def test_a_signed_12_bit_value_keeps_its_sign(tmp_path: Path) -> None:
    pixels = np.array([[0x0FFF, 0x0800], [0x07FF, 1]], dtype="<u2")
    path = save(image(pixels, BitsStored=12, HighBit=11, PixelRepresentation=1), tmp_path / "a.dcm")
    assert picture_of(path).values.tolist() == [[-1, -2048], [2047, 1]]


def test_a_value_in_the_upper_bits_is_brought_down(tmp_path: Path) -> None:
    pixels = ramp(dtype="<u2") * 40
    path = save(image(pixels << 4, BitsStored=12, HighBit=15), tmp_path / "a.dcm")
    np.testing.assert_array_equal(picture_of(path).values, pixels)


def test_padding_that_uses_bits_outside_bits_stored_is_padding(tmp_path: Path) -> None:
    pixels = ramp(dtype="<u2")
    pixels[1, 1] = 0xF830
    dataset = image(pixels, BitsStored=12, HighBit=11)
    dataset.add_new("PixelPaddingValue", "US", 0xF830)
    picture = picture_of(save(dataset, tmp_path / "a.dcm"))
    assert picture.padding is not None
    assert np.argwhere(picture.padding).tolist() == [[1, 1]]


def test_the_frames_of_a_mask_whose_size_is_no_multiple_of_8_are_read(tmp_path: Path) -> None:
    """Frames of one-bit images follow each other without a break (PS3.5 8.1.1)."""
    pixels = np.random.default_rng(5).integers(0, 2, (3, 13, 7)).astype("u1")
    dataset = image(pixels, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    path = save(dataset, tmp_path / "a.dcm")
    for frame in (1, 2, 3):
        np.testing.assert_array_equal(picture_of(path, frame).values, pixels[frame - 1])


def test_padding_is_compared_before_rescaling_and_stays_out_of_statistics(tmp_path: Path) -> None:
    pixels = ramp()
    pixels[0, :4] = -2000
    dataset = image(pixels, PixelPaddingValue=-2000, RescaleSlope="1", RescaleIntercept="-1024")
    picture = picture_of(save(dataset, tmp_path / "a.dcm"))
    assert picture.padding is not None
    assert picture.padding.sum() == 4
    assert valid_values(picture).min() == 4 - 1024
    assert value_text(picture, 0, 0) == "padding"
    assert value_text(picture, 4, 0) == "-1020 HU"
    assert value_text(picture, 12, 0) == "outside"
    assert value_text(picture, -0.6, 0) == "outside"


def test_padding_written_with_the_wrong_signedness_is_still_padding(tmp_path: Path) -> None:
    pixels = ramp()
    pixels[1, 1] = -2000
    dataset = image(pixels)
    dataset.add_new("PixelPaddingValue", "US", 63536)
    picture = picture_of(save(dataset, tmp_path / "a.dcm"))
    assert picture.padding is not None
    assert np.argwhere(picture.padding).tolist() == [[1, 1]]


def test_the_range_limit_makes_a_range_of_padding_whichever_end_is_first(tmp_path: Path) -> None:
    for first, second in ((10, 20), (20, 10)):
        dataset = image(ramp(), PixelPaddingValue=first, PixelPaddingRangeLimit=second)
        picture = picture_of(save(dataset, tmp_path / "a.dcm"))
        assert picture.padding is not None
        assert (picture.values[picture.padding] == np.arange(10, 21)).all()


def test_padding_that_no_pixel_has_is_no_mask(tmp_path: Path) -> None:
    assert picture_of(save(image(ramp(), PixelPaddingValue=-2000), tmp_path / "a.dcm")).padding is None


def per_frame(slopes: list[float]) -> list[Dataset]:
    groups = []
    for slope in slopes:
        transformation, group = Dataset(), Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = str(slope), "5"
        transformation.RescaleType = "HU"
        group.PixelValueTransformationSequence = [transformation]
        groups.append(group)
    return groups


def test_each_frame_has_the_rescale_of_its_own_functional_group(tmp_path: Path) -> None:
    pixels = np.stack([ramp(), ramp()])
    dataset = image(pixels, PerFrameFunctionalGroupsSequence=per_frame([2.0, 3.0]), RescaleSlope="9")
    path = save(dataset, tmp_path / "a.dcm")
    np.testing.assert_array_equal(picture_of(path, 1).values, ramp() * 2 + 5)
    np.testing.assert_array_equal(picture_of(path, 2).values, ramp() * 3 + 5)
    assert picture_of(path, 2).unit == "HU"


def test_the_shared_functional_group_serves_every_frame(tmp_path: Path) -> None:
    dataset = image(np.stack([ramp(), ramp() + 1]), SharedFunctionalGroupsSequence=per_frame([0.25]))
    path = save(dataset, tmp_path / "a.dcm")
    np.testing.assert_array_equal(picture_of(path, 2).values, (ramp() + 1) * 0.25 + 5)


def test_a_frame_that_is_not_there_is_refused_with_the_range(tmp_path: Path) -> None:
    path = save(image(np.stack([ramp(), ramp()])), tmp_path / "a.dcm")
    with pytest.raises(InputError, match="frames 1 to 2"):
        picture_of(path, 3)


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "0"}, "HU"),
        ({"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "HU"}, "HU"),
        ({"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "MGML"}, "MGML"),
        ({"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "US"}, ""),
        ({"Modality": "CT"}, ""),
        ({"Modality": "MR", "RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "HU"}, ""),
        ({"Modality": "MR", "RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "normalized"}, "normalized"),
        ({"Modality": "PT", "RescaleSlope": "2", "RescaleIntercept": "0", "Units": "BQML"}, "BQML"),
        ({"Modality": "RTDOSE", "DoseGridScaling": "0.5", "DoseUnits": "GY"}, "GY"),
    ],
)
def test_the_unit_is_hu_for_ct_alone_and_otherwise_what_the_header_gives(
    tmp_path: Path, attributes: dict[str, str], unit: str
) -> None:
    assert picture_of(save(image(ramp(), **attributes), tmp_path / "a.dcm")).unit == unit


def lut() -> Dataset:
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType = [4, 10, 16], "OD"
    item.add_new("LUTData", "OW", np.array([100, 200, 300, 65535], dtype="<u2").tobytes())
    return item


def test_a_modality_lut_is_looked_up_and_clamped_at_its_ends(tmp_path: Path) -> None:
    path = save(image(ramp(dtype="<u2"), ModalityLUTSequence=[lut()], Modality="CR"), tmp_path / "a.dcm")
    picture = picture_of(path)
    assert picture.values.ravel()[[0, 10, 11, 12, 13, 95]].tolist() == [100, 100, 200, 300, 65535, 65535]
    assert picture.unit == "OD"


def test_two_modality_luts_are_refused(tmp_path: Path) -> None:
    path = save(image(ramp(dtype="<u2"), ModalityLUTSequence=[lut(), lut()]), tmp_path / "a.dcm")
    with pytest.raises(InputError, match="Modality LUT"):
        picture_of(path)


def test_monochrome1_is_marked_as_inverted(tmp_path: Path) -> None:
    path = save(image(ramp(), PhotometricInterpretation="MONOCHROME1"), tmp_path / "a.dcm")
    assert picture_of(path).inverted


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    pixels = np.array([[0, 1], [2, 2]], dtype="u1")
    dataset = image(pixels, PhotometricInterpretation="PALETTE COLOR")
    for color, table in (("Red", [0, 65535, 256]), ("Green", [0, 0, 512]), ("Blue", [65280, 0, 768])):
        setattr(dataset, f"{color}PaletteColorLookupTableDescriptor", [3, 0, 16])
        setattr(dataset, f"{color}PaletteColorLookupTableData", np.array(table, dtype="<u2").tobytes())
    picture = picture_of(save(dataset, tmp_path / "a.dcm"))
    assert picture.values.tolist() == [[[0, 0, 255], [255, 0, 0]], [[1, 2, 3], [1, 2, 3]]]
    assert value_text(picture, 1, 0) == "255 0 0"


def test_rgb_by_plane_is_read_by_pixel(tmp_path: Path) -> None:
    planes = np.arange(3 * 4 * 5, dtype="u1").reshape(3, 4, 5)
    dataset = image(planes[0], SamplesPerPixel=3, PlanarConfiguration=1, PhotometricInterpretation="RGB")
    dataset.PixelData = planes.tobytes()
    np.testing.assert_array_equal(picture_of(save(dataset, tmp_path / "a.dcm")).values, planes.transpose(1, 2, 0))


def test_the_windows_of_the_header_come_with_their_explanations(tmp_path: Path) -> None:
    dataset = image(ramp(), WindowCenter=["40", "-600"], WindowWidth=["400", "0"], VOILUTFunction="SIGMOID")
    dataset.WindowCenterWidthExplanation = ["SOFT\x1b[2J", "LUNG"]
    windows = picture_of(save(dataset, tmp_path / "a.dcm")).windows
    assert [(one.center, one.width, one.function) for one in windows] == [(40, 400, "SIGMOID")]
    assert windows[0].name == r"SOFT\x1b[2J"


def bomb(**attributes: object) -> Dataset:
    dataset = image(ramp(), **attributes)
    dataset.Rows = dataset.Columns = 65535
    return dataset


def test_a_frame_of_more_than_512_mb_is_refused_before_decoding(tmp_path: Path) -> None:
    for name, syntax in (("native", ImplicitVRLittleEndian), ("rle", RLELossless)):
        dataset = bomb()
        if syntax == RLELossless:
            dataset.PixelData = encapsulate([b"\0" * 64])
        with pytest.raises(InputError, match="512 MB"):
            picture_of(save(dataset, tmp_path / name, syntax))


@pytest.mark.parametrize("missing", ["Rows", "Columns", "BitsAllocated"])
def test_a_missing_size_is_one_plain_error(tmp_path: Path, missing: str) -> None:
    path = save(image(ramp()), tmp_path / "a.dcm")
    dataset = pydicom.dcmread(path)
    del dataset[missing]
    pydicom.dcmwrite(path, dataset)
    with pytest.raises(InputError, match=missing):
        read_frame(_forced_slice(path))


def _forced_slice(path: Path) -> Slice:
    instance = read_instance(path)
    return Slice(instance, 1, None, None)


def test_an_object_without_pixels_is_refused_as_such(tmp_path: Path) -> None:
    dataset = image(ramp())
    del dataset.PixelData
    with pytest.raises(NoPixelData, match="no pixel data"):
        picture_of(save(dataset, tmp_path / "a.dcm"))


def test_pixel_data_that_ends_early_is_refused(tmp_path: Path) -> None:
    path = save(image(ramp()), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError):
        picture_of(path)


def test_bits_allocated_that_no_array_has_is_refused(tmp_path: Path) -> None:
    path = save(image(ramp(), BitsAllocated=12, BitsStored=12, HighBit=11), tmp_path / "a.dcm")
    with pytest.raises(InputError, match="Bits Allocated 12"):
        picture_of(path)


DAMAGED = ("SC_rgb_jpeg.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "JPEGLSNearLossless_16.dcm", "SC_rgb_jpeg_dcmtk.dcm")


@pytest.mark.parametrize("name", DAMAGED)
def test_no_damage_to_a_compressed_file_is_more_than_one_plain_error(tmp_path: Path, name: str) -> None:
    whole = (PYDICOM_FILES / name).read_bytes()
    refusals = []
    for seed in range(40):
        chance = random.Random(seed)
        data = bytearray(whole)
        for _ in range(chance.choice((1, 8, 60))):
            data[chance.randrange(300, len(data))] = chance.randrange(256)
        path = tmp_path / f"{seed}.dcm"
        path.write_bytes(data[: chance.randrange(400, len(data))] if seed % 4 == 0 else data)
        try:
            picture = picture_of(path)
        except DcmttyError as error:
            refusals.append(str(error))
        else:
            assert isinstance(picture, Picture)
    assert refusals
    assert not any("\n" in refusal for refusal in refusals)
