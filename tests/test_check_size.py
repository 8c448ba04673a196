"""The size check names what is too large and is silent about what is not."""

import check_size


def test_a_long_function_is_named_with_its_line() -> None:
    source = "x = 1\n\ndef f() -> None:\n" + "    print()\n" * check_size.FUNCTION_LINES
    assert list(check_size.findings("m.py", source)) == ["m.py:3: f has 51 lines; at most 50"]
    assert not list(check_size.findings("m.py", source.removesuffix("    print()\n")))


def test_a_class_of_many_methods_is_named() -> None:
    methods = [f"    def f{number}(self): ...\n" for number in range(check_size.CLASS_METHODS + 1)]
    assert list(check_size.findings("m.py", "class C:\n" + "".join(methods))) == [
        "m.py:1: C has 16 methods; at most 15"
    ]
    assert not list(check_size.findings("m.py", "class C:\n" + "".join(methods[1:])))


def test_a_long_module_is_named() -> None:
    assert list(check_size.findings("m.py", "x = 1\n" * 401)) == ["m.py: 401 lines; at most 400, so split the module"]
