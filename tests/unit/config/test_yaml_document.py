"""YAML read safely: plain values, each with its place; and limits against documents that exhaust a parser."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awsprov.config.yaml_document import MAX_DEPTH, MAX_SIZE, Document, read
from awsprov.errors import UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def parsed(file: Path, text: str | bytes) -> Document:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(file)


def refusal(file: Path, text: str | bytes) -> str:
    with pytest.raises(UsageError) as caught:
        parsed(file, text)
    return caught.value.why


def test_plain_values_are_what_yaml_says(file: Path) -> None:
    text = "a: 1\nb: [x, 2.5, true, null]\nc: {d: 'text', e: \"more\"}\nf: |\n  lines\n"
    assert parsed(file, text).value == {
        "a": 1,
        "b": ["x", 2.5, True, None],
        "c": {"d": "text", "e": "more"},
        "f": "lines\n",
    }


def test_keys_are_always_text(file: Path) -> None:
    assert parsed(file, "1: a\nyes: b\nnull: c\n").value == {"1": "a", "yes": "b", "null": "c"}


def test_every_value_and_key_has_its_place(file: Path) -> None:
    document = parsed(file, "a:\n  b: [1, x]\n")
    assert document.position(("a", "b")) == (2, 6)
    assert document.position(("a", "b", 1)) == (2, 10)
    assert document.position(("a", "b"), of_key=True) == (2, 3)
    assert document.position(("a", "missing", "more")) == (2, 3)  # the nearest that encloses it
    assert document.position(("elsewhere",)) == (1, 1)


def test_overrides_give_keys_at_the_top_their_positions(file: Path) -> None:
    document = parsed(file, "a: 1\nover:\n  a: 2\n  b: {c: 3}\n")
    document.apply_overrides(("over",))
    assert document.position(("a",)) == (3, 6)
    assert document.position(("b", "c")) == (4, 10)
    assert document.position(("over", "a")) == (3, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "config.yaml:1:4: not valid YAML: `[` is not closed"),
        ("a: {b: [1, 2]\n", "config.yaml:1:4: not valid YAML: `{` is not closed"),
        ("a: [1, 2}\n", "config.yaml:1:9: not valid YAML: expected ',' or ']'"),
        ("b: 1\na: 'x\n", "config.yaml:2:4: not valid YAML: the quotes are not closed"),
        ("a: 'it's'\n", "config.yaml:1:8: not valid YAML: text after the closing quotes"),
        ("a:\tb: c\n", "config.yaml:1:3: not valid YAML: a tab; YAML is indented with spaces"),
        ("\tx: 1\n", "config.yaml:1:1: not valid YAML: a tab"),
        ("a: 1\n---\nb: 2\n", "config.yaml:2:1: not valid YAML: a second document"),
        ("a: \x01\n", "config.yaml:1:4: not valid YAML: U+0001 is not text"),
        ("a: @x\n", "config.yaml:1:4: not valid YAML: text that begins with @ must be in quotes"),
        ("a: *\n", "config.yaml:1:5: not valid YAML: text that begins with `&` or `*` must be in quotes"),
        ("a: b: c\n", "config.yaml:1:5: not valid YAML: a colon in the wrong place"),
        ("a: - b\n", "config.yaml:1:4: not valid YAML: a hyphen in the wrong place"),
        ("a:\n  b: 1\n c: 2\n", "config.yaml:3:2: not valid YAML: not indented like the lines before it"),
        ("a:\n  b: 1\n  c\n", "config.yaml:3:3: not valid YAML: a key without a colon after it"),
        ("a: [,]\n", "config.yaml:1:5: not valid YAML: a value is missing here"),
        ('a: "\\p"\n', "config.yaml:1:6: not valid YAML: found unknown escape character"),
        ("a: 1\nb: 2\na: 3\n", "config.yaml:3:1: duplicate key `a`"),
        ("x: {a: 1, a: 1}\n", "config.yaml:1:11: duplicate key `a`"),
        ("[1, 2]: x\n", "config.yaml:1:1: a key must be plain text"),
        ("{a: b}: x\n", "config.yaml:1:1: a key must be plain text"),
        ("a: &x 1\nb: *x\n", "config.yaml:2:4: aliases are not allowed"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "aliases are not allowed"),
        ("a: 2001-99-99\n", "config.yaml:1:4: not a plain value"),
        ("a: =\n", "not a plain value"),
    ],
)
def test_each_error_has_its_position(file: Path, text: str, message: str) -> None:
    assert message in refusal(file, text)


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['echo x']",
        "!!python/name:os.system",
        "!!python/object:os.PathLike {}",
        "!!python/tuple [1]",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!binary aGVsbG8=",
        "!!int x",
        "!!int ''",
        "!!float x",
        "!!bool x",
        "!!timestamp x",
        "!!str 5",
        "!custom x",
        "!custom {a: 1}",
        "!custom [1]",
        "!<tag:elsewhere> x",
    ],
)
def test_tags_are_refused_where_they_stand(file: Path, value: str) -> None:
    assert "config.yaml:2:4: " in refusal(file, f"x: 1\na: {value}\n")


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 5000), (5000, 0), (5000, 5000)])
def test_of_a_long_line_an_error_shows_the_part_with_the_mistake(file: Path, before: int, after: int) -> None:
    why = refusal(file, f"{{b: {'y' * before}, a: !!x 1, c: {'z' * after}}}")
    assert "a: !!x 1" in why
    assert max(map(len, why.splitlines())) < 200


def test_all_errors_are_reported_together(file: Path) -> None:
    message = refusal(file, "a: 1\na: 2\n? [b]\n: 3\nc: 2001-99-99\n")
    assert [line[:13] for line in message.splitlines() if "config" in line] == [
        "config.yaml:2",
        "config.yaml:3",
        "config.yaml:5",
    ]


def test_a_bomb_of_aliases_is_refused_at_once(file: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    began = time.process_time()
    assert "aliases" in refusal(file, "\n".join(rows))
    assert time.process_time() - began < 5  # seconds of CPU: it would expand to 9 ** 30 values


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5000, "- " * 3000 + "x", "[" * 3000 + "]" * 3000])
def test_what_is_nested_without_end_is_refused(file: Path, text: str) -> None:
    began = time.process_time()
    assert "nested too deeply" in refusal(file, text)
    assert time.process_time() - began < 10  # seconds of CPU; the parser alone would take minutes


def test_the_depth_that_is_allowed(file: Path) -> None:
    assert parsed(file, "[" * MAX_DEPTH + "]" * MAX_DEPTH).value
    assert "nested too deeply" in refusal(file, "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))


def test_a_file_that_is_too_large_is_refused_unread(file: Path) -> None:
    assert f"larger than {MAX_SIZE // 1024} KB" in refusal(file, b"#" * (MAX_SIZE + 1))


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"a: \xe4\n", "name: x".encode("utf-16")])
def test_a_file_that_is_not_utf_8_is_an_error(file: Path, raw: bytes) -> None:
    assert "not UTF-8" in refusal(file, raw)


def test_the_first_byte_that_is_not_utf_8_has_a_place(file: Path) -> None:
    assert "config.yaml:2:4: not UTF-8" in refusal(file, b"\xc3\xa4: 1\nb: \xe4\n")


def test_what_a_windows_editor_puts_before_it_does_no_harm(file: Path) -> None:
    assert parsed(file, b"\xef\xbb\xbfname: x\r\n").value == {"name": "x"}


def test_a_directory_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


@given(st.binary(max_size=200) | st.text(alphabet="abc:{}[]&*!|>-'\"\n \t#?,%@`=<~0.", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_ends_in_anything_but_plain_values_or_an_error_for_a_person(file: Path, text: Any) -> None:
    assert plain(outcome(file, text))


def outcome(file: Path, text: Any) -> Any:
    try:
        return parsed(file, text).value
    except UsageError as error:
        return error.why


def plain(value: Any) -> bool:
    """Return whether a value consists of types of JSON and YAML's dates."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(item) for key, item in value.items())
    return all(map(plain, value)) if isinstance(value, list) else not isinstance(value, bytes | set | tuple)
