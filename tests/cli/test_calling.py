"""`fastmcp call`, `read` and `prompt`, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import SECONDS, environment

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["greet", "name=Ada"], "Hello, Ada!\n"),
        (["greet", "name=Ada", "times=2"], "Hello, Ada! Hello, Ada!\n"),
        (["greet", "name=a=b c"], "Hello, a=b c!\n"),
        (["greet", 'name="5"'], 'Hello, "5"!\n'),
        (["greet", "name=123", "times=1"], "Hello, 123!\n"),
        (["greet", "name=null"], "Hello, null!\n"),
        (["either", "value=5"], "int 5\n"),
        (["either", "value=null"], "NoneType None\n"),
        (["either", "value=[5]"], "str [5]\n"),
        (["either", 'value="5"'], "str 5\n"),
        (["details", 'value={"a": [1, null]}'], '{"a":[1,null]}\n'),
        (["greet", '{"name": "Ada", "times": 2}'], "Hello, Ada! Hello, Ada!\n"),
        (["greet", '{"name": "Ada"}', "name=Eve"], "Hello, Eve!\n"),
        (["greet", "--input-json", '{"name": "Ada"}', "times=2"], "Hello, Ada! Hello, Ada!\n"),
        (["greet", "--timeout", "20", "name=Ada"], "Hello, Ada!\n"),
        (["config://app"], '{"color": "green"}\n'),
        (["user://7"], "user 7\n"),
        (["ask", "topic=tea", "--prompt"], "user: What of tea?\n"),
        (["nothing"], ""),
        (["chart"], "[image image/png, 70 bytes; --output FILE writes it]\n"),
    ],
    ids=str,
)
def test_call_prints_what_is_given(run: Run, words: list[str], printed: str) -> None:
    """Values are text where text is wanted, else JSON where they are JSON; words beat objects."""
    made = run("call", "server.py", *words)

    assert (made.returncode, made.stdout, made.stderr) == (0, printed, "")


@pytest.mark.parametrize(
    ("tool", "value", "sent"),
    [
        ("text", '"x"', '"x"'),
        ("perhaps_text", "null", None),
        ("perhaps_text", "true", "true"),
        ("reference", "1", "1"),
        ("choice", "1", "1"),
        ("constant", "1", "1"),
        ("all_of", "1", "1"),
        ("several", "1", 1),
        ("several", '"1"', "1"),
        ("several", "true", "true"),
        ("switch", "yes", True),
        ("switch", "False", False),
        ("switch", "perhaps", "perhaps"),
        ("number", "12345678901234567890123", 12345678901234567890123),
        ("number", "01", "01"),
        ("loop", "1", 1),
        ("true", "1", 1),
        ("of_no_type", "1", 1),
        ("no_schema", "[1]", [1]),
        ("odd_members", "1", 1),
    ],
)
def test_a_value_is_of_a_kind_that_the_schema_has(
    run: Run, tool: str, value: str, sent: object
) -> None:
    """However the schema says it; one that says nothing takes JSON."""
    made = run("call", "--command", f"{sys.executable} odd.py", tool, f"value={value}")

    assert (made.returncode, made.stderr) == (0, "")
    assert json.loads(made.stdout) == {"value": sent}


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (("call", "x"), "tool 'x'; there are all_of"),
        (("prompt", "x"), "prompt 'x': the server has none"),
    ],
    ids=str,
)
def test_what_servers_do_not_have_at_all_is_told(
    run: Run, command: tuple[str, str], what: str
) -> None:
    """A server with tools alone need not know what prompts are."""
    made = run(*command, "--command", f"{sys.executable} odd.py")

    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.startswith(f"fastmcp: There is no {what}")


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["greet", "name=Ada"], ["greet", '{"name": "Ada"}'], ["user://7"]],
    ids=str,
)
def test_the_server_is_that_of_the_folder_where_none_is_named(run: Run, words: list[str]) -> None:
    """That is so when the target stands alone, or its arguments follow it."""
    made = run("call", *words)

    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.parametrize("place", ["-", "@given.json"])
def test_arguments_come_from_a_file_or_from_standard_input(example: Path, place: str) -> None:
    """--input-json takes either."""
    text = '{"name": "Ada"}'
    example.joinpath("given.json").write_text(text)

    made = subprocess.run(
        [sys.executable, "-m", "fastmcp", "call", "greet", "--input-json", place],
        input=text,
        cwd=example,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert (made.returncode, made.stdout, made.stderr) == (0, "Hello, Ada!\n", "")


def test_json_is_the_result_as_the_protocol_has_it(run: Run) -> None:
    """Of tools, resources and prompts; a failed tool is told in it, and by the exit code."""
    called = run("call", "server.py", "details", 'value={"a": 1}', "--json")
    read = run("read", "server.py", "config://app", "--json")
    prompted = run("prompt", "server.py", "ask", "topic=tea", "--json")
    failed = run("call", "server.py", "fail", "--json")

    assert json.loads(called.stdout)["structuredContent"] == {"a": 1}
    assert json.loads(read.stdout)["contents"][0]["mimeType"] == "text/plain"
    assert json.loads(prompted.stdout)["messages"][0]["role"] == "user"
    assert (called.returncode, read.returncode, prompted.returncode) == (0, 0, 0)
    assert json.loads(failed.stdout)["isError"] is True
    assert failed.returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "cause"),
    [
        (["fail"], 1, "out of paper"),
        (["gret", "name=x"], 1, "There is no tool 'gret'; did you mean 'greet'?"),
        (["zzz"], 1, "There is no tool 'zzz'; there are brew, chart, details, either, fail"),
        (["greet"], 1, "name"),
        (["greet", "name=x", "times=many"], 1, "times"),
        (["config://ap"], 1, "did you mean 'config://app'?"),
        (["aks", "--prompt"], 1, "There is no prompt 'aks'; did you mean 'ask'?"),
        (["greet", "name"], 2, "'name' is not NAME=VALUE, nor a JSON object"),
        (["greet", '{"name": }'], 2, "malformed in line 1, column 10, at '}'"),
        (["greet", '{"a": 1,\n "b" 2}'], 2, "malformed in line 2, column 6, at '2}'"),
        (["greet", '{"name": "Ada"'], 2, "malformed in line 1, column 15, where it ends"),
        (["greet", "--input-json", "[1]"], 2, "the JSON of --input-json is not an object"),
        (["greet", "--input-json", "@absent"], 1, "absent cannot be read: No such file"),
        (["config://app", "a=1"], 2, "config://app is a resource, which takes no arguments"),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_line(run: Run, words: list[str], code: int, cause: str) -> None:
    """On stderr, with the place of the fault or the nearest name; stdout stays empty."""
    made = run("call", "server.py", *words)

    assert (made.returncode, made.stdout) == (code, "")
    assert made.stderr.splitlines()[-1].startswith("fastmcp: ")
    assert cause in made.stderr
    assert "Traceback (most recent call last)" not in made.stderr


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["call", "server.py"], "Name the tool to call, or the resource to read after server.py"),
        (["call", "server.mjs"], "Name the tool to call, or the resource to read after server.mjs"),
        (["read", "server.py"], "Name the URI to read after server.py"),
        (["prompt", "http://localhost:1/mcp"], "Name the prompt to get after http://localhost:1"),
        (["read", "server.py", "config://app", "more"], "'more' is one argument too many"),
    ],
    ids=str,
)
def test_a_target_has_to_be_named(run: Run, words: list[str], cause: str) -> None:
    """A command line without one makes no sense, and no server is started for it."""
    made = run(*words)

    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.startswith(f"fastmcp: {cause}")


def test_read_and_prompt_print_what_is_given(run: Run) -> None:
    """Of the server that is named, or this folder's."""
    assert run("read", "server.py", "user://7").stdout == "user 7\n"
    assert run("read", "user://8").stdout == "user 8\n"
    assert run("prompt", "server.py", "ask", "topic=tea").stdout == "user: What of tea?\n"
    assert run("prompt", "ask", '{"topic": "tea"}').stdout == "user: What of tea?\n"


def test_a_resource_that_is_not_there_is_told_with_the_nearest(run: Run) -> None:
    """Which may be a template."""
    read = run("read", "server.py", "users://7")

    assert (read.returncode, read.stdout) == (1, "")
    assert "There is no resource 'users://7'; did you mean 'user://{" in read.stderr


def test_binary_pieces_are_written(run: Run, example: Path) -> None:
    """To the file that is named, or as they are to standard output; text, where there is none."""
    image = run("call", "server.py", "chart", "--output", "chart.png")
    logo = run("read", "server.py", "logo://png", "-o", "logo.png")
    text = run("call", "server.py", "greet", "name=Ada", "-o", "greeting.txt")

    assert (image.returncode, image.stdout, image.stderr) == (0, "", "wrote chart.png, 70 bytes\n")
    assert example.joinpath("chart.png").read_bytes().startswith(b"\x89PNG")
    assert example.joinpath("logo.png").read_bytes() == example.joinpath("chart.png").read_bytes()
    assert (logo.returncode, text.returncode) == (0, 0)
    assert example.joinpath("greeting.txt").read_text() == "Hello, Ada!"


def test_a_broken_piece_keeps_nothing_back(run: Run) -> None:
    """It is told beside the others; only what cannot be written is an error."""
    call = ("call", "--command", f"{sys.executable} odd.py", "broken_image")
    printed, document, written = run(*call), run(*call, "--json"), run(*call, "-o", "a.png")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == "a caption\n[image image/png, which is not base64]\n"
    assert json.loads(document.stdout)["content"][1]["data"] == "a"
    assert (written.returncode, written.stdout) == (1, "")
    assert "the server sent [image image/png, which is not base64]" in written.stderr


def test_several_binary_pieces_get_numbers(run: Run, example: Path) -> None:
    """In their order; what is text beside them is printed."""
    example.joinpath("server.py").write_text(
        "from fastmcp import FastMCP\n"
        "from fastmcp.utilities.types import Image\n"
        "mcp = FastMCP('x')\n"
        "@mcp.tool\n"
        "def two() -> list:\n"
        "    return ['both', Image(data=b'1', format='png'), Image(data=b'22', format='png')]\n"
    )

    made = run("call", "two", "-o", "dot.png")

    assert made.stdout == "both\n"
    assert example.joinpath("dot-1.png").read_bytes() == b"1"
    assert example.joinpath("dot-2.png").read_bytes() == b"22"


def test_a_file_that_cannot_be_written_is_named(run: Run) -> None:
    """With the reason."""
    made = run("call", "chart", "-o", "absent/chart.png")

    assert made.returncode == 1
    assert "absent/chart.png cannot be written: No such file or directory" in made.stderr


def test_a_question_is_cancelled_where_nobody_can_answer(run: Run) -> None:
    """The tool is told, and so is who called it; standard output has the result alone."""
    made = run("call", "order")

    assert (made.returncode, made.stdout) == (0, "cancel\n")
    assert made.stderr == (
        "fastmcp: the server asks 'Which tea?', which is cancelled: there is no terminal to "
        "answer on\n"
    )


def test_what_the_server_logs_is_on_stderr(run: Run) -> None:
    """A line for each message, and the result alone on stdout."""
    made = run("call", "brew", "seconds=0")

    assert (made.stdout, made.stderr) == ("tea\n", "info: the water is warm\n")


def test_nobody_has_to_read_to_the_end(example: Path) -> None:
    """A pipe that is closed early is no reason for a traceback."""
    line = f"{sys.executable} -m fastmcp list --json | head -n 1"

    made = subprocess.run(
        ["bash", "-c", line],
        cwd=example,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert (made.stdout, made.stderr) == ("{\n", "")
