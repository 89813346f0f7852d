"""Files of variables, as `.env`."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastmcp._env_file import read_env_file


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A = two words  ", "two words"),
        ("  A=a=b", "a=b"),
        ("A=", ""),
        ("A=text # a comment", "text"),
        ("A=# a comment", "# a comment"),
        ("A= # a comment", ""),
        ("A=a#b", "a#b"),
        ("A='single ${X} \\n # quotes' # a comment", "single ${X} \\n # quotes"),
        ("A='it\\'s'", "it's"),
        ('A="double\\tquotes # \\"in\\" \\$X"', 'double\tquotes # "in" $X'),
        ('A="more\nlines"', "more\nlines"),
        ("X=one\nA=${X}-${X:-two}-${NOBODY:-three}-${NOBODY}.", "one-one-three-."),
        ("A=${FROM_OUTSIDE}", "outside"),
        ("A=$X", "$X"),
        ('A="not closed', '"not closed'),
        ("no line of this kind\nA=1\n= 2\nexport\n", "1"),
        ("\ufeffA=1\r\nB=2", "1"),
        ("# A=2\nA=1", "1"),
        ("A=1\nA=2", "2"),
    ],
)
def test_a_value_is_read_as_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, value: str
) -> None:
    """As shells and other readers of such files do."""
    monkeypatch.setenv("FROM_OUTSIDE", "outside")
    monkeypatch.delenv("NOBODY", raising=False)
    path = tmp_path / ".env"
    path.write_bytes(line.encode())

    assert read_env_file(path)["A"] == value
