"""Answers over HTTP/1.1, read by llhttp: bytes in, and what an exchange needs of them out. What
may be read in two ways is an error, as is what was not asked for.
"""

from __future__ import annotations

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

# What may come without being of a body: heads, the sizes of chunks, and what follows the last one.
LONGEST_HEAD = 64 * 1024
# A body that is announced to be no longer is waited for together with the head.
SHORT = 64 * 1024


class Incoming:
    """One answer, as far as it has come."""

    def __init__(self) -> None:
        self.status: int = 0
        self.headers: dict[str, str] = {}
        self.cookies: list[str] = []
        self.size: int = 0
        """How many bytes of the body wait to be taken."""
        self.is_complete: bool = False
        self.keeps: bool = False
        """Whether the connection can be used again after it."""
        self.trouble: str | None = None
        """Why no more can come."""
        self._pieces: list[bytes] = []
        self._has_head = False
        self._to_the_end = False
        self._waits_for_all = False
        self._beside_body = 0
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    @property
    def is_ready(self) -> bool:
        """Whether there is anything to begin with, if only trouble."""
        if self.is_complete or self.trouble is not None:
            return True
        return self._has_head and not self._waits_for_all

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        parser = self._parser
        if parser is None:
            self.keeps = False  # it comes after the end
            return
        self._beside_body += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._refuse(f"it sends {data[:40]!r}, which is not HTTP: {error}")
        if self._beside_body > LONGEST_HEAD:
            self._refuse(f"it sends {data[:40]!r}…, and heads without an end")
        if self.is_complete or self.trouble is not None:
            self._parser = None  # whose methods are ours: a circle

    def end(self, why: str, *, cleanly: bool) -> None:
        """Nothing more comes over the connection, which may be how a body ends."""
        if cleanly and self._to_the_end and self.trouble is None:
            self.is_complete = True
        self._refuse(why)
        self._parser = None

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self.size = 0
        return data

    def _refuse(self, why: str) -> None:
        """The answer is of no use from here on, or if it is complete, the connection."""
        self.keeps = False
        if not self.is_complete and self.trouble is None:
            self.trouble = why

    # What the parser says

    def on_message_begin(self) -> None:
        if self.is_complete:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            return  # what is said after the body, or of an answer that nobody asked for
        key = name.decode("latin-1").lower()
        text = value.strip(b" \t").decode("latin-1")
        if key == "set-cookie":
            self.cookies.append(text)
        elif key in self.headers:
            self.headers[key] += f", {text}"
        else:
            self.headers[key] = text

    def on_headers_complete(self) -> None:
        if self._has_head or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status < 200:  # it only says that an answer will come
            if status < 100 or status == 101:
                self._refuse(f"it answers {status}, which was not asked for")
            self.headers.clear()
            self.cookies.clear()
            return
        self.status, self._has_head = status, True
        coding, length = self.headers.get("transfer-encoding"), self.headers.get("content-length")
        if coding is not None and coding.lower() != "chunked":
            self._refuse(f"it encodes the transfer as {coding[:40]!r}")
        encoding = self.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            self._refuse(f"it encodes its answer as {encoding[:40]!r}, which was not asked for")
        self._to_the_end = coding is None and length is None
        self._waits_for_all = length is not None and len(length) < 9 and int(length) <= SHORT

    def on_body(self, data: bytes) -> None:
        self._beside_body = 0
        if not self.is_complete:
            self._pieces.append(data)
            self.size += len(data)

    def on_message_complete(self) -> None:
        if self._has_head and not self.is_complete and self._parser is not None:
            self.is_complete = True
            self.keeps = self.trouble is None and self._parser.should_keep_alive()
