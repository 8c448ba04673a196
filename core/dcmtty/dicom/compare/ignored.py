"""Which attributes a comparison leaves out, as a user names them: `SOPInstanceUID,0008,0013,0029,*,private`."""

from __future__ import annotations

import re
from dataclasses import replace

from dcmtty.dicom.compare.model import DEFAULT_OPTIONS, Options
from dcmtty.dicom.dictionary import tag_of
from dcmtty.errors import UsageError

_NAME = re.compile(r"\s*\(?(?P<group>[0-9A-Fa-f]{4}),\s?(?P<element>[0-9A-Fa-f]{4}|\*)\)?|[^,]+")


def ignoring(text: str, options: Options = DEFAULT_OPTIONS) -> Options:
    """Return options that leave out what a list names: keywords, tags, `gggg,*` for a group, `private`.

    Raises:
        UsageError: a name is no attribute.
    """
    tags, groups, private = set(options.ignore), set(options.ignore_groups), options.ignore_private
    for match in _NAME.finditer(text):
        name = match[0].strip()
        if match["element"] == "*":
            groups.add(int(match["group"], 16))
        elif name.lower() == "private":
            private = True
        elif name:
            tags.add(_tag(name))
    return replace(options, ignore=frozenset(tags), ignore_groups=frozenset(groups), ignore_private=private)


def _tag(name: str) -> int:
    tag = tag_of(name)
    if tag is None:
        remedy = "use a keyword, e.g. SOPInstanceUID, a tag gggg,eeee, a group gggg,* or private"
        raise UsageError(f"--ignore: {name!r} is no attribute", remedy=remedy)
    return tag
