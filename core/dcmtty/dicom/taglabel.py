"""What an item of a sequence is about, in few words: its frame, ROI, code or reference, from a few of its elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dcmtty.dicom.dictionary import uid_name
from dcmtty.dicom.tags import TagNode, TagTree
from dcmtty.progress import Progress

PER_FRAME = 0x52009230
_STRUCTURE_SET_ROIS = 0x30060020
_ROI_NUMBER, _ROI_NAME, _REFERENCED_ROI = 0x30060022, 0x30060026, 0x30060084
_CODE_VALUE, _CODE_MEANING = 0x00080100, 0x00080104
_SOP_CLASS, _SOP_INSTANCE, _FRAME_NUMBER = 0x00081150, 0x00081155, 0x00081160
_VALUE_TYPE, _CONCEPT_NAME = 0x0040A040, 0x0040A043
_CONTENT_VALUES = (0x0040A160, 0x0040A123, 0x0040A124, 0x0040A121, 0x0040A122, 0x0040A120)
_CONTENT_SEQUENCES = (0x0040A300, 0x0040A168)
_NUMERIC_VALUE = 0x0040A30A
_GEOMETRIC_TYPE, _POINTS = 0x30060042, 0x30060046
_RECORD_TYPE = 0x00041430
_RECORD_KEYS = (0x00100010, 0x00081030, 0x00080060, 0x00200011, 0x00200013, 0x00041500)
_NAMED = (
    (_ROI_NUMBER, _ROI_NAME),
    (0x300A00C0, 0x300A00C2),
    (0x00620004, 0x00620005),
    (0x300A0071, 0x300A0072),
    (0x300A0012, 0x300A0016),
    (0x300A0180, 0x300A0182),
    (0x300A0112, 0x300A0112),
    (0x300C0006, 0x300C0006),
    (0x00209165, 0x00209165),
    (0x00720202, 0x00720203),
)
"""Numbers, and the names that go with them: ROI, beam, segment, fraction group, dose reference, setup.

Control points, referenced beams and dimensions have no name beside their number."""
_LOOKED_AT_BYTES = 1 << 17
"""How far into an item that says no length a label is looked for at once; `Labels.find_missing` looks further."""
_LONGEST = 64
_MOST_ROIS = 4096
Elements = Mapping[int, TagNode]


class _FarEnough(Exception):
    """A label is not worth looking further."""


class Labels:
    """The labels of the items of one file; each is looked for once."""

    def __init__(self, tree: TagTree) -> None:
        self._tree = tree
        self._known: dict[int, str] = {}
        self._roi_names: dict[str, str] | None = None
        self.missing: dict[int, TagNode] = {}
        """Items whose label takes longer to find, by their offset."""

    def of(self, node: TagNode) -> str:
        """Return the label of an item, empty when there is none or it would take long to find."""
        if not node.is_item or node.vr:
            return ""
        found = self._known.get(node.offset)
        if found is None:
            found = self._look(node)
        return found

    def find_missing(self, progress: Progress) -> None:
        """Look for the labels that would have taken long.

        Raises:
            Cancelled: nobody wants them any more.
        """
        for offset, node in list(self.missing.items()):
            self._known[offset] = self._label(node, lambda at: progress.step(at, 0, "bytes", "reading labels"))
            self.missing.pop(offset, None)

    def _look(self, node: TagNode) -> str:
        last = node.offset + _LOOKED_AT_BYTES

        def tick(offset: int) -> None:
            if offset > last:
                raise _FarEnough

        try:
            label = self._known[node.offset] = self._label(node, tick)
        except _FarEnough:
            self.missing[node.offset] = node
            return ""
        return label

    def _label(self, node: TagNode, tick: Callable[[int], None]) -> str:
        if node.path[-2:-1] == (PER_FRAME,):
            return f"frame {node.path[-1] + 1}"
        listing = self._tree.listing(node)
        listing.run(tick)
        elements: dict[int, TagNode] = {}
        for one in listing:
            if not one.error:
                elements.setdefault(one.element.tag, one)
        return self._say(elements)

    def _say(self, elements: Elements) -> str:
        for say in (self._roi, _numbered, _code, self._content, _contour, _record, _reference):
            if text := say(elements):
                return text
        return _first_value(elements)

    def _roi(self, elements: Elements) -> str:
        number = _value(elements, _REFERENCED_ROI)
        if not number:
            return ""
        if self._roi_names is None:
            self._roi_names = self._names_of_rois()
        return f"ROI {number} {self._roi_names.get(number, '')}".rstrip()

    def _names_of_rois(self) -> dict[str, str]:
        tree, names = self._tree, {}
        for root in tree.roots():
            if root.element.tag == _STRUCTURE_SET_ROIS and root.is_sequence:
                for item in tree.children(root)[:_MOST_ROIS]:
                    elements = {one.element.tag: one for one in tree.children(item)}
                    names[_value(elements, _ROI_NUMBER)] = _value(elements, _ROI_NAME)
        return names

    def _content(self, elements: Elements) -> str:
        """Say what a content item of a report holds (PS3.3 C.17.3)."""
        kind = _value(elements, _VALUE_TYPE)
        if not kind:
            return ""
        concept = self._inside(elements, _CONCEPT_NAME, _CODE_MEANING)
        value = next((text for tag in _CONTENT_VALUES if (text := _value(elements, tag))), "")
        for tag, inner in zip(_CONTENT_SEQUENCES, (_NUMERIC_VALUE, _CODE_MEANING), strict=True):
            value = value or self._inside(elements, tag, inner)
        return " ".join(part for part in (kind, concept, f"= {value}" if value else "") if part)

    def _inside(self, elements: Elements, tag: int, wanted: int) -> str:
        """Return a value of the first item of a sequence."""
        node = elements.get(tag)
        if node is None or not node.is_sequence:
            return ""
        for item in self._tree.children(node)[:1]:
            return _value({one.element.tag: one for one in self._tree.children(item)}, wanted)
        return ""


def _value(elements: Elements, tag: int) -> str:
    node = elements.get(tag)
    return "" if node is None or node.has_children else node.text(_LONGEST).strip()


def _numbered(elements: Elements) -> str:
    for number, name in _NAMED:
        if text := _value(elements, number):
            label = _value(elements, name) if name != number else ""
            return f"{elements[number].keyword} {text} {label}".rstrip()
    return ""


def _code(elements: Elements) -> str:
    meaning, code = _value(elements, _CODE_MEANING), _value(elements, _CODE_VALUE)
    return f"{meaning} ({code})" if meaning and code else meaning or code


def _contour(elements: Elements) -> str:
    kind, count = _value(elements, _GEOMETRIC_TYPE), _value(elements, _POINTS)
    return f"{kind} {count} points" if kind and count else kind


def _record(elements: Elements) -> str:
    """Say what a record of a DICOMDIR is for."""
    kind = _value(elements, _RECORD_TYPE)
    return " ".join((kind, *(text for tag in _RECORD_KEYS if (text := _value(elements, tag))))) if kind else ""


def _reference(elements: Elements) -> str:
    node = elements.get(_SOP_INSTANCE)
    if node is None:
        return ""
    class_uid = elements[_SOP_CLASS].plain(_LONGEST) if _SOP_CLASS in elements else ""
    frame = _value(elements, _FRAME_NUMBER)
    parts = (uid_name(class_uid), node.plain(_LONGEST), f"frame {frame}" if frame else "")
    return " ".join(part for part in parts if part)


def _first_value(elements: Elements) -> str:
    """Return the first short value, with its keyword."""
    for tag, node in elements.items():
        if text := _value(elements, tag):
            return f"{node.keyword or node.name} {text}"
    return ""
