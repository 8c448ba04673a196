"""The documentation check finds what it is there to find."""

from pathlib import Path

import check_docs
import make_commands_doc
import make_keys_doc
from dcmtty_tui.actions import ACTIONS
from dcmtty_tui.cli.main import dcmtty


def test_a_link_to_nothing_and_a_path_to_nothing_are_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    readme = tmp_path / "README.md"
    readme.write_text("[a](docs) [b](docs/none.md#part) `tests/none.py` `docs` [c](https://example.org/x) `a/b`\n")
    assert list(check_docs.missing_files(readme, tmp_path)) == [
        "README.md: the link docs/none.md leads to no file",
        "README.md: there is no tests/none.py",
    ]


def test_every_exit_code_of_the_contract_has_a_meaning() -> None:
    codes = make_commands_doc.exit_codes()
    assert list(codes) == [0, 1, 2, 3, 4, 5, 6, 7, 70, 129, 130, 141, 143]
    assert all(meaning.endswith(".") or ";" in meaning for meaning in codes.values())


def test_every_command_and_option_is_in_the_generated_document() -> None:
    text = make_commands_doc.render()
    for path, command in make_commands_doc.all_commands(dcmtty, "dcmtty"):
        assert f"\n## {path}\n" in text
        for option in (name for parameter in command.params for name in parameter.opts if name.startswith("-")):
            assert f"`{option}`" in text


def test_every_key_and_word_is_in_the_generated_document() -> None:
    lines = make_keys_doc.render().splitlines()
    for action in ACTIONS:
        (line,) = [line for line in lines if f"| {action.help} |" in line]
        for shown in (*action.keys, *(f":{word}" for word in action.words)):
            assert f"`{shown}".replace("|", "\\|") in line, action.id
