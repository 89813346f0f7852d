"""Lines and server-sent events: bytes in, messages out, wherever the stream happens to be cut."""

from __future__ import annotations

from random import Random

import pytest

from fastmcp._protocol.framing import (
    KEEP_ALIVE,
    EventParser,
    LineSplitter,
    ServerSentEvent,
    encode_event,
)
from fastmcp.exceptions import InvalidRequest

LIMIT = 100


def lines(*chunks: bytes, limit: int = LIMIT) -> list[bytes | str]:
    """What a splitter makes of these chunks; an error as "too long"."""
    splitter = LineSplitter(limit)
    found = [piece for chunk in chunks for piece in splitter.feed(chunk)]
    return ["too long" if isinstance(piece, InvalidRequest) else piece for piece in found]


def events(*chunks: bytes, limit: int = 10_000) -> list[ServerSentEvent]:
    """What a parser makes of these chunks."""
    parser = EventParser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


def bytewise(data: bytes) -> list[bytes]:
    """Each byte as a chunk of its own."""
    return [data[at : at + 1] for at in range(len(data))]


# Lines


def test_a_newline_ends_a_line() -> None:
    """Two lines in one chunk are two messages, the rest waits."""
    assert lines(b"one\ntwo\nthr") == [b"one", b"two"]


def test_a_line_may_come_in_many_chunks() -> None:
    """What is cut is put together again."""
    assert lines(b"o", b"ne\nt", b"", b"wo", b"\n") == [b"one", b"two"]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_other_line_separators_are_data(separator: str) -> None:
    """Only \\n cuts, whatever `str.splitlines` thinks."""
    text = f'"a{separator}b"'.encode()

    assert lines(text + b"\n") == [text]


def test_a_carriage_return_before_the_newline_is_dropped() -> None:
    """Windows' line ends are accepted, a lone CR is not one."""
    assert lines(b"one\r\ntwo\rtoo\r\n") == [b"one", b"two\rtoo"]


def test_blank_lines_are_no_messages() -> None:
    """Neither empty lines nor lines of spaces are handed on."""
    assert lines(b"\n\r\n  \t\n\none\n") == [b"one"]


def test_a_line_as_long_as_the_limit_passes() -> None:
    """The limit itself is allowed."""
    assert lines(b"x" * LIMIT + b"\n") == [b"x" * LIMIT]


def test_a_line_over_the_limit_is_reported_once_and_skipped() -> None:
    """The reader goes on with the line after it."""
    assert lines(b"x" * (LIMIT + 1) + b"\nnext\n") == ["too long", b"next"]


def test_a_line_over_the_limit_is_not_kept_while_it_comes() -> None:
    """Its chunks are thrown away as they come, and its tail is no message."""
    splitter = LineSplitter(LIMIT)

    found = [piece for _ in range(1000) for piece in splitter.feed(b"x" * LIMIT)]
    rest = list(splitter.feed(b"tail\nnext\n"))

    assert len(found) == 1 and isinstance(found[0], InvalidRequest)
    assert len(splitter._buffer) <= LIMIT
    assert rest == [b"next"]


def test_the_rest_at_the_end_of_the_stream_is_a_line() -> None:
    """A last line needs no newline."""
    splitter = LineSplitter(LIMIT)
    assert list(splitter.feed(b"one\n two \r")) == [b"one"]

    assert splitter.rest() == b"two"
    assert splitter.rest() == b""


def test_the_rest_is_stripped_as_any_line_is() -> None:
    """A vertical tab is data at the end of the stream, too."""
    splitter = LineSplitter(LIMIT)
    list(splitter.feed(b"\x0b1\x0c"))

    assert splitter.rest() == b"\x0b1\x0c"


def test_there_is_no_rest_of_a_line_over_the_limit() -> None:
    """Half of a message is no message."""
    splitter = LineSplitter(LIMIT)
    list(splitter.feed(b"x" * (LIMIT + 1)))
    list(splitter.feed(b"tail"))

    assert splitter.rest() == b""


def test_byte_by_byte_is_the_same_as_at_once() -> None:
    """Where the stream is cut makes no difference to any stream."""
    rng = Random(7)
    for _ in range(300):
        data = bytes(rng.choices(b"ab\r\n \t", weights=[9, 9, 1, 2, 1, 1], k=rng.randrange(200)))

        assert lines(data, limit=30) == lines(*bytewise(data), limit=30)


# Server-sent events: writing


def test_an_event_is_written_with_its_type_and_data() -> None:
    """The form that every client reads."""
    assert encode_event(b"{}") == b"event: message\r\ndata: {}\r\n\r\n"


def test_an_event_may_carry_an_id_and_a_retry() -> None:
    """What a client needs to come back."""
    written = encode_event(b"", id="a-1", retry=500)

    assert written == b"event: message\r\nid: a-1\r\nretry: 500\r\ndata: \r\n\r\n"


def test_an_event_without_a_type_has_no_type_line() -> None:
    """None leaves it out."""
    assert encode_event(b"1", event=None) == b"data: 1\r\n\r\n"


def test_what_is_written_is_read_back() -> None:
    """Writer and parser agree on every member."""
    written = encode_event('{"a":"\u2028"}'.encode(), event="endpoint", id="x", retry=7)

    assert events(written) == [ServerSentEvent('{"a":"\u2028"}', "endpoint", "x", 7)]


# Server-sent events: reading


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end_of_the_standard_is_read(end: bytes) -> None:
    """CR, LF and CRLF all end lines."""
    data = end.join([b"event: x", b"data: 1", b"data: 2", b"", b"data: 3", b"", b""])

    found = events(data, b"\n")  # a last CR may be half of a CRLF

    assert found == [ServerSentEvent("1\n2", "x"), ServerSentEvent("3")]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_stream_may_be_cut_anywhere(end: bytes) -> None:
    """In a line end, in a character, in a name: the events are the same."""
    text = "data: é\nid: 1\n\n: c\nretry: 5\ndata: {\ndata:}\n\nevent: e\ndata\n\ndata: z\n\n\n"
    data = text.encode().replace(b"\n", end)
    whole = events(data)

    assert len(whole) == 4
    for at in range(len(data)):
        assert events(data[:at], data[at:]) == whole
    assert events(*bytewise(data)) == whole


def test_one_space_after_the_colon_is_no_data() -> None:
    """A second one is."""
    assert events(b"data:1\n\ndata:  2\n\n") == [ServerSentEvent("1"), ServerSentEvent(" 2")]


def test_comments_are_no_events() -> None:
    """Neither alone nor inside of an event."""
    assert events(KEEP_ALIVE + b": c\ndata: 1\n:data: 2\n\n") == [ServerSentEvent("1")]


def test_unknown_fields_are_ignored() -> None:
    """As is a line without a colon that is no field's name."""
    assert events(b"datum: 0\nhello\ndata: 1\nDATA: 2\n\n") == [ServerSentEvent("1")]


def test_an_event_without_data_is_no_event() -> None:
    """A type alone says nothing, and does not stick."""
    assert events(b"event: x\n\ndata: 1\n\n") == [ServerSentEvent("1")]


def test_an_empty_event_type_means_message() -> None:
    """The standard's default."""
    assert events(b"event:\ndata: 1\n\n") == [ServerSentEvent("1", "message")]


def test_a_priming_event_has_an_id_and_no_data() -> None:
    """It is handed on, so that a reader knows that there is something to come back to."""
    parser = EventParser()

    found = list(parser.feed(b"id: p-0\r\nretry: 300\r\ndata: \r\n\r\n"))

    assert found == [ServerSentEvent("", "message", "p-0", 300)]
    assert (parser.last_id, parser.retry) == ("p-0", 300)


def test_the_last_id_stays_until_another_comes() -> None:
    """Events without an id of their own do not forget it."""
    parser = EventParser()

    found = list(parser.feed(b"id: 1\ndata: a\n\ndata: b\n\n"))

    assert [event.id for event in found] == ["1", None]
    assert parser.last_id == "1"


def test_an_id_counts_when_its_event_is_whole() -> None:
    """A stream that breaks off within an event resumes before it."""
    parser = EventParser()
    list(parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\n"))

    assert parser.last_id == "1"


def test_an_id_with_a_nul_is_ignored() -> None:
    """As the standard says."""
    parser = EventParser()
    list(parser.feed(b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"))

    assert parser.last_id == "1"


@pytest.mark.parametrize("value", [b"soon", b"-1", b"1.5", "٣".encode(), b"", b"9" * 5000])
def test_a_retry_that_is_no_sensible_number_is_ignored(value: bytes) -> None:
    """Nor does it end the stream."""
    parser = EventParser()

    assert list(parser.feed(b"retry: " + value + b"\ndata: 1\n\n")) == [ServerSentEvent("1")]
    assert parser.retry is None


def test_invalid_utf8_is_replaced() -> None:
    """The message is malformed then, the stream is not."""
    assert events(b'data: "\xff"\n\ndata: 1\n\n') == [
        ServerSentEvent('"\ufffd"'),
        ServerSentEvent("1"),
    ]


def test_a_byte_order_mark_before_the_stream_is_dropped() -> None:
    """However it is cut."""
    data = b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n"

    assert events(data) == events(*bytewise(data)) == [ServerSentEvent("1")]


def test_an_event_as_long_as_the_limit_passes() -> None:
    """The limit itself is allowed."""
    assert events(b"data: " + b"x" * 30 + b"\n\n", limit=36) == [ServerSentEvent("x" * 30)]


def test_an_event_over_the_limit_in_many_lines_is_dropped_whole() -> None:
    """Its first lines are not taken for all of it; the next event is read."""
    data = b"data: xxxxx\n" * 10 + b"\ndata: 1\n\n"

    assert events(data, limit=40) == [ServerSentEvent("1")]


def test_a_line_over_the_limit_drops_its_event_and_no_other() -> None:
    """Nor is the tail of the line read as a line."""
    data = b"data: " + b"x" * 50 + b"data: tail\ndata: more\n\ndata: 1\n\n"

    assert events(data, limit=40) == [ServerSentEvent("1")]
    assert events(*bytewise(data), limit=40) == [ServerSentEvent("1")]
    assert events(data[:47], b"data: tail\n\ndata: 1\n\n", limit=40) == [ServerSentEvent("1")]


def test_a_large_event_in_small_chunks_takes_linear_time() -> None:
    """A slow sender of a large message does not keep the reader busy."""
    parser = EventParser()
    chunk = b"x" * 4096

    list(parser.feed(b"data: "))
    for _ in range(4000):
        list(parser.feed(chunk))
    (event,) = parser.feed(b"\n\n")

    assert len(event.data) == 4096 * 4000
