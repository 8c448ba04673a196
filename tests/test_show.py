"""`dcmtty show` as a process: what it prints, what it refuses, and the PNG it writes."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from dcmtty.dicom.scan import scan
from dcmtty.dicom.window import Window, grey
from dicom_files import image, picture_of, save
from run_cli import run_cli

ESCAPE = "\x1b"


def rows_of(text: str) -> list[str]:
    return text.split("\n")[1:-1]


def test_the_middle_slice_is_printed_under_a_line_that_says_who_what_and_where(phantom_dir: Path) -> None:
    done = run_cli("show", phantom_dir)
    assert done.code == 0, done.err
    header = done.out.split("\n")[0]
    assert header.startswith("PHANTOM^THORAX  ID SYNTHETIC-1 | CT | slice 23 of 45 | at ")
    assert "axial R-L A-P" in header
    assert re.search(r"W\d+ L-?\d+", header)
    assert done.out.isascii()


def test_off_a_terminal_and_with_no_color_there_is_no_escape_sequence(phantom_dir: Path) -> None:
    environment = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    assert ESCAPE not in run_cli("show", phantom_dir, env=environment).out
    assert ESCAPE not in run_cli("show", phantom_dir, "--glyphs", "half", env={**environment, "NO_COLOR": "1"}).out
    assert ESCAPE not in run_cli("show", phantom_dir, "--color", "none", "--glyphs", "half", env=environment).out


@pytest.mark.parametrize(("color", "code"), [("truecolor", "38;2;"), ("256", "8;5;"), ("16", "[9")])
def test_a_depth_that_is_asked_for_is_given(phantom_dir: Path, color: str, code: str) -> None:
    done = run_cli("show", phantom_dir, "--color", color, "--glyphs", "half", env={"LC_ALL": "C.UTF-8"})
    assert done.code == 0
    assert code in done.out


def test_the_slice_position_in_the_header_line_is_that_of_the_file(phantom_dir: Path) -> None:
    positions = sorted(
        float(dcmread(path, stop_before_pixels=True).ImagePositionPatient[2])
        for path in phantom_dir.iterdir()
        if path.is_file()
    )
    for number in (1, 7, len(positions)):
        header = run_cli("show", phantom_dir, "--slice", str(number), "--size", "20x8").out.split("\n")[0]
        assert f"slice {number} of {len(positions)} | at z {positions[number - 1]:.2f} mm" in header


@pytest.mark.parametrize("number", ["0", "-1", "46", "9999"])
def test_a_slice_out_of_range_is_a_usage_error_that_names_the_range(phantom_dir: Path, number: str) -> None:
    done = run_cli("show", phantom_dir, "--slice", number)
    assert done.code == 2
    assert "1 to 45" in done.err
    assert done.out == ""


def test_the_picture_keeps_within_its_size_and_its_aspect(phantom_dir: Path) -> None:
    rows = rows_of(run_cli("show", phantom_dir, "--size", "64x20").out)
    assert len(rows) <= 20
    assert max(len(row) for row in rows) <= 64
    first = next(path for path in sorted(phantom_dir.iterdir()) if path.is_file())
    header = dcmread(first, stop_before_pixels=True)
    wide = header.Columns * header.PixelSpacing[1]
    high = header.Rows * header.PixelSpacing[0]
    colored = rows_of(run_cli("show", phantom_dir, "--size", "64x20", "--glyphs", "half", "--color", "none").out)
    columns = max(len(row) for row in colored)
    assert columns / (2 * len(colored)) == pytest.approx(wide / high, rel=0.12)


@pytest.mark.parametrize("size", ["0x0", "10", "x", "4x4", "100000x2", "80x24x2", "-5x20"])
def test_an_impossible_size_is_a_usage_error(phantom_dir: Path, size: str) -> None:
    done = run_cli("show", phantom_dir, "--size", size)
    assert done.code == 2
    assert "COLUMNSxROWS" in done.err


def test_a_window_is_taken_by_numbers_or_name_and_a_wrong_one_is_a_usage_error(phantom_dir: Path) -> None:
    assert "W400 L40" in run_cli("show", phantom_dir, "--window", "40/400").out
    assert "W1500 L-600 LUNG" in run_cli("show", phantom_dir, "--window", "lung").out
    assert "W40 L35 stroke" in run_cli("show", phantom_dir, "--window", "stroke").out
    wrong = run_cli("show", phantom_dir, "--window", "nonsense")
    assert wrong.code == 2
    assert "lung" in wrong.err


def test_coronal_and_sagittal_views_have_the_head_up_and_show_the_missing_slice(phantom_dir: Path) -> None:
    for view, letters in (("coronal", "R-L H-F"), ("sagittal", "A-P H-F")):
        done = run_cli("show", phantom_dir, "--view", view, "--size", "160x60")
        assert done.code == 0, done.err
        assert f"{view} reformatted {letters}" in done.out.split("\n")[0]
        assert any("~~~~~~~~" in row for row in rows_of(done.out))


def test_the_acquired_view_by_name_is_the_slices_themselves(phantom_dir: Path) -> None:
    assert run_cli("show", phantom_dir, "--view", "axial").out == run_cli("show", phantom_dir).out


def test_a_number_beyond_a_reformatted_view_names_its_own_range(phantom_dir: Path) -> None:
    first = next(path for path in sorted(phantom_dir.iterdir()) if path.is_file())
    rows = dcmread(first, stop_before_pixels=True).Rows
    done = run_cli("show", phantom_dir, "--view", "coronal", "--slice", str(rows + 1))
    assert done.code == 2
    assert f"1 to {rows}" in done.err


def test_what_has_no_picture_is_refused_with_exit_code_3(tmp_path: Path, shared_data: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("hello")
    structure_set = shared_data / "ct-rtstruct" / "ibsi-sts-019" / "RTSTRUCT" / "RS_CT.dcm"
    header_only = shared_data / "broken" / "GH1146.dcm"
    for path in (text, structure_set, header_only, tmp_path / "missing", tmp_path):
        done = run_cli("show", path)
        assert (done.code, done.out) == (3, ""), path
        assert done.err.count("\n") == 1
        assert done.err.startswith("dcmtty: ")


def test_a_name_with_escape_codes_and_markup_is_shown_as_text(tmp_path: Path) -> None:
    dataset = image(np.full((8, 8), 50, dtype="<i2"), PatientName="[/]\x1b[2Jx", PatientID="\x9b31m")
    dataset.SpecificCharacterSet = "ISO_IR 100"
    done = run_cli("show", save(dataset, tmp_path / "a.dcm"))
    assert done.code == 0, done.err
    assert r"[/]\x1b[2Jx" in done.out
    assert ESCAPE not in done.out
    assert "\x9b" not in done.out


def test_of_several_series_the_first_is_shown_and_the_way_to_choose_is_told(shared_data: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019"
    done = run_cli("show", folder, "--size", "20x8")
    assert done.code == 0
    assert "1 of 3 series" in done.err
    uid = scan([folder / "MR_T1"]).series[0].series_uid
    chosen = run_cli("show", folder, "--series", uid, "--size", "20x8")
    assert "| MR |" in chosen.out
    assert "series" not in chosen.err
    wrong = run_cli("show", folder, "--series", "1.2.3")
    assert wrong.code == 2
    assert uid in wrong.err


def test_contours_are_drawn_over_their_slice(shared_data: Path) -> None:
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019"
    structures = folder / "RTSTRUCT" / "RS_CT.dcm"
    arguments = ("show", folder / "CT", "--size", "100x40", "--glyphs", "half", "--color", "truecolor")
    plain = run_cli(*arguments).out
    drawn = run_cli(*arguments, "--structures", structures)
    assert drawn.code == 0, drawn.err
    assert drawn.out != plain
    assert "GTV" in drawn.out


def test_a_structure_set_of_another_frame_of_reference_is_not_drawn(shared_data: Path) -> None:
    other = shared_data / "ct-rtstruct" / "rt-utils-mock" / "rt.dcm"
    folder = shared_data / "ct-rtstruct" / "ibsi-sts-019" / "CT"
    arguments = ("show", folder, "--size", "60x20")
    done = run_cli(*arguments, "--structures", other)
    assert done.code == 0
    assert "Frame of Reference" in done.err
    assert done.out == run_cli(*arguments).out


def test_a_png_is_the_slice_itself_in_square_pixels(tmp_path: Path) -> None:
    pixels = np.arange(30 * 20, dtype="<i2").reshape(30, 20)
    path = save(image(pixels, RescaleSlope="1", RescaleIntercept="-100"), tmp_path / "a.dcm")
    done = run_cli("show", path, "--window", "200/400", "--png", tmp_path / "a.png")
    assert (done.code, done.out) == (0, "")
    with Image.open(tmp_path / "a.png") as png:
        shown = np.asarray(png)
    np.testing.assert_array_equal(shown, grey(picture_of(path), Window(200, 400)))


def test_a_png_of_pixels_that_are_not_square_is_stretched_to_millimetres(tmp_path: Path, phantom_dir: Path) -> None:
    first = next(path for path in sorted(phantom_dir.iterdir()) if path.is_file())
    header = dcmread(first, stop_before_pixels=True)
    assert run_cli("show", phantom_dir, "--png", tmp_path / "a.png").code == 0
    with Image.open(tmp_path / "a.png") as png:
        width, height = png.size
    row_mm, column_mm = header.PixelSpacing
    assert width / height == pytest.approx(header.Columns * column_mm / (header.Rows * row_mm), rel=0.01)
    assert min(width / header.Columns, height / header.Rows) == pytest.approx(1, abs=0.01)


def test_a_png_goes_to_standard_output_and_never_over_another_kind_of_file(tmp_path: Path, phantom_dir: Path) -> None:
    done = run_cli("show", phantom_dir, "--png", "-")
    assert Image.open(io.BytesIO(done.stdout)).format == "PNG"
    precious = tmp_path / "plan.dcm"
    precious.write_bytes(b"precious")
    refused = run_cli("show", phantom_dir, "--png", precious)
    assert refused.code == 7
    assert precious.read_bytes() == b"precious"
    assert run_cli("show", phantom_dir, "--png", tmp_path / "no" / "a.png").code == 7
