"""Values are compared by what they mean; what only looks different is told apart from what is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from compared import differences
from dcmtty.dicom.compare.files import Comparison, compare_files
from dcmtty.dicom.compare.ignored import ignoring
from dcmtty.dicom.compare.model import DEFAULT_OPTIONS, Kind, Options, Pair
from dcmtty.errors import NotDicom, UsageError
from dicom_bytes import (
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    element,
    identity,
    item,
    mark,
    nest,
    part10,
    sequence,
    text,
)

RLE = "1.2.840.10008.1.2.5"


@pytest.fixture
def pair(tmp_path: Path) -> _Pair:
    return _Pair(tmp_path)


class _Pair:
    """Two files made of bytes."""

    def __init__(self, folder: Path) -> None:
        self.a, self.b = folder / "a.dcm", folder / "b.dcm"

    def compare(
        self,
        a: bytes,
        b: bytes,
        options: Options = DEFAULT_OPTIONS,
        *,
        syntax_a: str = EXPLICIT_LE,
        syntax_b: str = EXPLICIT_LE,
    ) -> Comparison:
        """Compare two data sets."""
        self.a.write_bytes(part10(a, syntax_a))
        self.b.write_bytes(part10(b, syntax_b))
        with compare_files(self.a, self.b, options) as found:
            return found

    def only(
        self,
        a: bytes,
        b: bytes,
        options: Options = DEFAULT_OPTIONS,
        *,
        syntax_a: str = EXPLICIT_LE,
        syntax_b: str = EXPLICIT_LE,
    ) -> Pair:
        """The one thing that is not plainly the same."""
        (found,) = self.compare(a, b, options, syntax_a=syntax_a, syntax_b=syntax_b).data_set
        return found


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("1.0", "1.00", Kind.WRITTEN),
        ("1", "+1.0E0", Kind.WRITTEN),
        ("-0", "0", Kind.WRITTEN),
        ("0.1\\2", "0.10\\2.0", Kind.WRITTEN),
        ("1.00000000000001", "1.00000000000002", Kind.CHANGED),
        ("0.30000000000000001", "0.3", Kind.CHANGED),
        ("1", "1\\2", Kind.CHANGED),
        ("1e400", "1e401", Kind.CHANGED),
        ("1_0", "10", Kind.CHANGED),
        ("one", "two", Kind.CHANGED),
        ("", "0", Kind.CHANGED),
        ("1" * 65, "1" * 65 + ".0", Kind.CHANGED),
    ],
)
def test_decimal_strings_are_compared_as_exact_numbers(pair: _Pair, a: str, b: str, kind: Kind) -> None:
    assert pair.only(text(0x00180050, "DS", a), text(0x00180050, "DS", b)).kind is kind


def test_padding_is_no_difference_of_any_kind(pair: _Pair) -> None:
    for vr, a, b in (
        ("DS", b"1.5 ", b" 1.5"),
        ("UI", b"1.2\0", b"1.2"),
        ("LO", b"x ", b"x"),
        ("CS", b"A \\B ", b"A \\B"),
    ):
        found = pair.compare(element(0x00091001, vr, a), element(0x00091001, vr, b))
        assert found.data_set == (), vr
        assert found.counts.same == 1


def test_names_do_not_differ_by_empty_components_but_by_letters(pair: _Pair) -> None:
    for a, b, kind in (
        ("Doe^Jane", "Doe^Jane^^^", Kind.WRITTEN),
        ("Doe^Jane", "Doe^jane", Kind.CHANGED),
        ("Doe^Jane", "Doe^^Jane", Kind.CHANGED),
    ):
        assert pair.only(text(0x00100010, "PN", a), text(0x00100010, "PN", b)).kind is kind


def test_text_is_compared_after_its_character_set(pair: _Pair) -> None:
    def named(terms: str, codec: str, name: str) -> bytes:
        return text(0x00080005, "CS", terms) + element(0x00100010, "PN", name.encode(codec) + b" " * 2)

    latin, utf8 = named("ISO_IR 100", "latin-1", "Müller^Jörg"), named("ISO_IR 192", "utf-8", "Müller^Jörg")
    found = pair.compare(latin, utf8)
    assert [one.node.tag for one in found.data_set] == ["0008,0005"]
    assert found.counts.changed == 1
    same_bytes = named("ISO_IR 100", "latin-1", "ü"), named("ISO_IR 101", "latin-1", "ü")
    assert pair.compare(*same_bytes).counts.changed == 1
    other_text = text(0x00080005, "CS", "ISO_IR 144") + element(0x00100010, "PN", "ü".encode("latin-1") + b" ")
    assert [one.node.tag for one in pair.compare(same_bytes[0], other_text).data_set] == ["0008,0005", "0010,0010"]


def test_one_attribute_in_another_vr_is_told_and_no_difference(pair: _Pair) -> None:
    one = pair.only(text(0x00189087, "DS", "0.5"), element(0x00189087, "FD", bytes.fromhex("000000000000e03f")))
    assert one.kind is Kind.WRITTEN
    assert "VR DS in A, FD in B" in one.notes
    assert pair.compare(text(0x00100020, "LO", "X1"), element(0x00100020, "UN", b"X1")).counts.different == 0
    changed = pair.only(text(0x00189087, "DS", "0.5"), element(0x00189087, "FD", bytes(8)))
    assert changed.kind is Kind.CHANGED


def test_exact_makes_a_difference_of_another_text(pair: _Pair) -> None:
    a, b = text(0x00180050, "DS", "1.0"), text(0x00180050, "DS", "1.00")
    assert pair.compare(a, b).is_same
    assert not pair.compare(a, b, Options(exact=True)).is_same


def test_unknown_vr_is_little_endian_in_a_big_endian_file(pair: _Pair) -> None:
    creator = text(0x00090010, "LO", "GEMS_IDEN_01")
    big = text(0x00090010, "LO", "GEMS_IDEN_01", big=True) + element(0x00091027, "UN", b"\1\2\3\4", big=True)
    found = pair.compare(creator + element(0x00091027, "SL", b"\1\2\3\4"), big, syntax_b=EXPLICIT_BE)
    assert found.counts.different == 0


def test_private_elements_find_each_other_by_creator_whatever_their_block(pair: _Pair) -> None:
    def block(number: int, creator: str, value: str) -> bytes:
        return text(0x00090000 | number, "LO", creator) + text(0x00090000 | number << 8 | 1, "LO", value)

    acme, other = ("ACME", "one"), ("OTHER", "two")
    moved = pair.compare(block(0x10, *acme) + block(0x11, *other), block(0x10, *other) + block(0x12, *acme))
    assert moved.counts.different == 0
    assert any("private block 10 in A, 12 in B" in one.notes for one in moved.data_set)
    foreign = pair.compare(block(0x10, *acme), block(0x10, *other))
    assert (foreign.counts.only_a, foreign.counts.only_b, foreign.counts.changed) == (2, 2, 0)


def test_a_private_sequence_of_unknown_vr_is_compared_as_one(pair: _Pair) -> None:
    creator = text(0x00090010, "LO", "ACME")
    content = item(text(0x00080100, "SH", "A"))
    implicit = item(text(0x00080100, "SH", "A", implicit=True))
    a = creator + sequence(0x00091001, content)
    b = text(0x00090010, "LO", "ACME", implicit=True) + element(0x00091001, "UN", implicit, implicit=True)
    assert pair.compare(a, b, syntax_b=IMPLICIT_LE).counts.different == 0


def test_binary_data_is_told_by_digest_length_and_first_byte(pair: _Pair) -> None:
    before, after = bytes(3 << 20), bytes(2 << 20) + b"\1" + bytes((1 << 20) - 1)
    one = pair.only(element(0x7FE00010, "OW", before), element(0x7FE00010, "OW", after))
    assert one.finding.first == 2 << 20
    assert one.finding.digests == (hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
    shorter = pair.only(element(0x7FE00010, "OB", bytes(1000)), element(0x7FE00010, "OB", bytes(900)))
    assert (shorter.kind, shorter.finding.first) == (Kind.CHANGED, 900)


def frames(*fragments: bytes, table: bytes = b"") -> bytes:
    parts = b"".join(mark(0xE000, len(part)) + part for part in (table, *fragments))
    return element(0x7FE00010, "OB", parts + mark(0xE0DD), length=0xFFFFFFFF)


def test_compressed_pixels_are_compared_as_they_are_stored(pair: _Pair) -> None:
    assert pair.compare(frames(b"abcd"), frames(b"abcd"), syntax_a=RLE, syntax_b=RLE).counts.same == 1
    cut_up = pair.only(frames(b"abcdef"), frames(b"ab", b"cdef", table=bytes(4)), syntax_a=RLE, syntax_b=RLE)
    assert (cut_up.kind, cut_up.notes) == (Kind.WRITTEN, ("1 fragments in A, 2 in B",))
    assert pair.only(frames(b"abcd"), frames(b"abce"), syntax_a=RLE, syntax_b=RLE).notes == ("stored bytes differ",)
    plain = pair.only(frames(b"abcd"), element(0x7FE00010, "OB", b"abcd"), syntax_a=RLE)
    assert plain.kind is Kind.CHANGED
    assert plain.notes == ("different transfer syntax, stored bytes differ",)


def test_a_long_text_is_told_with_both_lengths_and_where_it_parts(pair: _Pair) -> None:
    one = pair.only(text(0x00204000, "LT", "x" * 500 + "A"), text(0x00204000, "LT", "x" * 500 + "BC"))
    assert one.finding.first == 500
    assert one.notes == ("501 characters in A, 502 in B, the first that differs is 501",)


def test_of_many_numbers_the_first_that_differs_is_named(pair: _Pair) -> None:
    numbers = [str(number / 2) for number in range(30_000)]
    other = [*numbers[:20_000], "77", *numbers[20_001:]]
    a, b = ("\\".join(values).encode() for values in (numbers, other))
    assert pair.compare(
        element(0x30060050, "DS", b"1", implicit=True), element(0x30060050, "DS", b"1.0 ", implicit=True),
        syntax_a=IMPLICIT_LE, syntax_b=IMPLICIT_LE,
    ).is_same  # fmt: skip
    implicit = [element(0x30060050, "DS", value + b" " * (len(value) % 2), implicit=True) for value in (a, b)]
    told = pair.only(implicit[0], implicit[1], syntax_a=IMPLICIT_LE, syntax_b=IMPLICIT_LE)
    assert told.notes == ("1 of 30000 values differ, the first is value 20001 (10000.0 / 77)",)


def test_items_in_another_order_are_matched_and_told(pair: _Pair) -> None:
    def rois(*numbers: int) -> bytes:
        items = (item(text(0x30060022, "IS", str(n)) + text(0x30060026, "LO", f"ROI {n}")) for n in numbers)
        return sequence(0x30060020, b"".join(items))

    one = pair.only(rois(1, 2, 3), rois(3, 1, 2))
    assert one.kind is Kind.WRITTEN
    assert one.notes == ("items in another order", "items matched by ROI Number")
    assert pair.only(rois(1, 2, 3), rois(3, 1, 2), Options(exact=True)).is_different


def test_codes_are_matched_by_value_and_scheme(pair: _Pair) -> None:
    def codes(*pairs: tuple[str, str]) -> bytes:
        items = (
            item(text(0x00080100, "SH", code) + text(0x00080102, "SH", scheme) + text(0x00080104, "LO", f"{code}!"))
            for code, scheme in pairs
        )
        return sequence(0x00082218, b"".join(items))

    a, b = codes(("1", "SCT"), ("2", "SCT")), codes(("1", "DCM"), ("1", "SCT"), ("2", "SCT"))
    one = pair.only(a, b)
    assert [(inner.kind, inner.label) for inner in one.inside] == [(Kind.ONLY_B, "Code 1 DCM")]


def test_what_is_ignored_is_no_difference_at_any_depth(pair: _Pair) -> None:
    def data(name: str) -> bytes:
        inner = sequence(0x00081140, item(text(0x00081155, "UI", name)))
        return text(0x00080018, "UI", name) + inner + text(0x00091001, "LO", name) + text(0x00100020, "LO", name)

    options = ignoring("SOPInstanceUID, 0008,1155,private,(0010,*)")
    found = pair.compare(data("1.2"), data("1.3"), options)
    assert (found.counts.different, found.counts.ignored) == (0, 4)
    assert not pair.compare(data("1.2"), data("1.3"), ignoring("private")).is_same
    with pytest.raises(UsageError, match="'Nonsense' is no attribute"):
        ignoring("PatientID,Nonsense")


def test_lengths_of_groups_and_trailing_padding_are_of_the_encoding_alone(pair: _Pair) -> None:
    extra = element(0x00080000, "UL", b"\x0a\0\0\0") + identity() + element(0xFFFCFFFC, "OB", bytes(10))
    assert pair.compare(extra, identity()).data_set == ()


def test_a_damaged_file_is_compared_as_far_as_it_can_be_read(pair: _Pair) -> None:
    whole = identity() + text(0x00100010, "PN", "A^B") + text(0x00180050, "DS", "1.0") + text(0x00200013, "IS", "1 ")
    pair.a.write_bytes(part10(whole))
    pair.b.write_bytes(
        part10(text(0x00080016, "UI", "1.9") + whole[len(text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2")) :])[:-1]
    )
    with compare_files(pair.a, pair.b) as found:
        assert found.damage is not None
        assert "(0020,0013) InstanceNumber" in found.b.damage
        assert found.a.damage == ""
        kinds = {one.node.tag: one.kind for one in found.data_set}
    assert kinds["0008,0016"] is Kind.CHANGED
    assert kinds["0020,0013"] is Kind.UNKNOWN
    assert found.counts.only_a == 0
    assert not found.is_same


def test_a_nest_too_deep_on_both_sides_ends_as_damage(pair: _Pair) -> None:
    for delimited in (False, True):
        found = pair.compare(nest(3000, delimited=delimited), nest(3001, delimited=delimited))
        assert found.damage is not None
        assert "more than 32 deep" in found.damage.message


def test_thousands_of_like_items_do_not_take_their_square(pair: _Pair) -> None:
    same = item(text(0x00080100, "SH", "AA")) * 15_000
    odd = item(text(0x00080100, "SH", "BB"))
    one = pair.only(
        sequence(0x00082218, same), sequence(0x00082218, same[: len(odd) * 7000] + odd + same[: len(odd) * 8000])
    )
    assert sum(inner.kind is Kind.ONLY_B for inner in one.inside) == 1


def test_a_flood_of_one_tag_is_compared_in_order(pair: _Pair) -> None:
    flood = text(0x00100020, "LO", "X1") * 20_000
    assert pair.compare(flood, flood + text(0x00100020, "LO", "X2")).counts.only_b == 1


def test_a_deflated_file_is_the_same_as_its_plain_twin(pair: _Pair) -> None:
    import zlib

    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = engine.compress(identity()) + engine.flush()
    found = pair.compare(identity(), deflated, syntax_b=DEFLATED)
    assert found.data_set == ()
    assert found.b.is_deflated
    assert [one.node.tag for one in found.meta] == ["0002,0010"]


def test_what_is_no_dicom_file_is_refused(pair: _Pair) -> None:
    pair.a.write_bytes(part10(identity()))
    pair.b.write_bytes(b"hello")
    with pytest.raises(NotDicom):
        compare_files(pair.a, pair.b)
    with pytest.raises(NotDicom):
        compare_files(pair.b, pair.a)


def test_all_pairs_hold_what_differs_and_what_does_not(pair: _Pair) -> None:
    a = identity() + sequence(0x00081140, item(text(0x00080100, "SH", "AA") + text(0x00080104, "LO", "same")))
    b = identity() + sequence(0x00081140, item(text(0x00080100, "SH", "BB") + text(0x00080104, "LO", "same")))
    pair.a.write_bytes(part10(a))
    pair.b.write_bytes(part10(b))
    with compare_files(pair.a, pair.b) as found:
        everything = found.all_data_set()
        assert [one.kind for one in everything] == [Kind.SAME] * 3 + [Kind.CHANGED]
        (only,) = found.children(everything[-1])
        assert [one.kind for one in found.children(only)] == [Kind.CHANGED, Kind.SAME]
    assert differences(pair.a, pair.a) == set()


def test_differences_beyond_the_cap_are_counted_and_told(pair: _Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmtty.dicom.compare.comparer.KEPT_DIFFERENCES", 3)
    a = b"".join(text(0x00091000 + n, "DS", "1.0") + text(0x00091100 + n, "LO", "a") for n in range(9))
    b = b"".join(text(0x00091000 + n, "DS", "1.00") + text(0x00091100 + n, "LO", "b") for n in range(9))
    found = pair.compare(a, b)
    assert (found.counts.written, found.counts.changed, found.counts.unlisted) == (9, 9, 6)
    assert sorted(one.kind for one in found.data_set) == [Kind.CHANGED] * 3 + [Kind.WRITTEN] * 3
    inside = pair.compare(sequence(0x00081140, item(a)), sequence(0x00081140, item(b)))
    assert inside.data_set[0].kind is Kind.CHANGED


def test_a_flood_is_compared_up_to_a_bound(pair: _Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmtty.dicom.compare.nodes.MOST_NODES", 1000)
    flood = text(0x00100020, "LO", "X1") * 5000
    for many in (flood, sequence(0x00081140, item(text(0x00080100, "SH", "AA")) * 5000)):
        found = pair.compare(many, many + text(0x00200013, "IS", "1"))
        assert found.damage is None or "more than 1000 elements side by side" in found.damage.message
    found = pair.compare(flood, flood)
    assert found.damage is not None
    assert not found.is_same
