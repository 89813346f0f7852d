"""Image, Audio and File: from bytes or a path to content."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import mcp_types as official
import pytest

from fastmcp.utilities.types import Audio, File, Image
from fastmcp.wire import Annotations

DATA = b"\x89bytes"
DATA_64 = base64.b64encode(DATA).decode()


@pytest.mark.parametrize(
    ("name", "kind", "mime_type"),
    [
        ("a.png", Image, "image/png"),
        ("a.JPG", Image, "image/jpeg"),
        ("a.webp", Image, "image/webp"),
        ("a.tiff", Image, "image/tiff"),
        ("a.unheard-of", Image, "application/octet-stream"),
        ("a.mp3", Audio, "audio/mpeg"),
        ("a.flac", Audio, "audio/flac"),
        ("a.unheard-of", Audio, "application/octet-stream"),
        ("a.pdf", File, "application/pdf"),
        ("a.txt", File, "text/plain"),
        ("a.unheard-of", File, "application/octet-stream"),
    ],
)
def test_the_suffix_of_a_path_tells_the_type(
    name: str, kind: Any, mime_type: str, tmp_path: Path
) -> None:
    """A type that nothing tells is that of any bytes."""
    assert kind(tmp_path / name).mime_type == mime_type


@pytest.mark.parametrize(
    ("media", "mime_type"),
    [
        (Image(data=DATA), "image/png"),
        (Image(data=DATA, format="JPEG"), "image/jpeg"),
        (Audio(data=DATA), "audio/wav"),
        (Audio(data=DATA, format="ogg"), "audio/ogg"),
        (File(data=DATA), "application/octet-stream"),
        (File(data=DATA, format="pdf"), "application/pdf"),
        (File(data=DATA, format="TXT"), "text/plain"),
    ],
)
def test_bytes_have_the_type_of_their_format(media: Any, mime_type: str) -> None:
    """Without a format, what is most likely."""
    assert media.mime_type == mime_type


def test_a_content_block_can_be_told_otherwise() -> None:
    """The methods of 3.x take a type and annotations for this block only."""
    image = Image(data=DATA, annotations=Annotations(priority=0.1))

    told = image.to_image_content(mime_type="image/x", annotations={"priority": 1})

    assert (told.mime_type, told.data) == ("image/x", DATA_64)
    assert told.annotations == Annotations(priority=1)
    assert image.to_image_content().annotations == Annotations(priority=0.1)
    assert Audio(data=DATA).to_audio_content(mime_type="audio/x").mime_type == "audio/x"
    assert image.to_data_uri() == f"data:image/png;base64,{DATA_64}"
    assert image.to_data_uri(mime_type="image/x") == f"data:image/x;base64,{DATA_64}"


def test_annotations_may_be_official_or_a_mapping() -> None:
    """They are accepted by shape."""
    given = [official.Annotations(audience=["user"]), {"audience": ["user"]}]

    for each in given:
        block = File(data=DATA, annotations=each).to_resource_content()
        assert block.annotations == Annotations(audience=["user"])


def test_a_file_is_an_embedded_resource() -> None:
    """Bytes have the URI of a file of that name; text is sent as text."""
    binary = File(data=DATA, format="pdf", name="my report").to_resource_content().resource
    named = File(data=b"a", format="plain", name="note.txt").to_resource_content().resource
    latin = File(data=b"\xe9", format="text").to_resource_content().resource
    told = File(data=b"<a/>").to_resource_content(mime_type="text/xml").resource

    assert (binary.uri, binary.blob) == ("file:///my%20report.pdf", DATA_64)
    assert (named.uri, named.text) == ("file:///note.txt", "a")
    assert (latin.uri, latin.text) == ("file:///resource.plain", "é")
    assert (told.mime_type, told.text) == ("text/xml", "<a/>")


def test_a_path_is_expanded_and_read_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables and `~` stand in configuration files."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FOLDER", "pictures")

    image = Image("~/$FOLDER/a.png")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").write_bytes(DATA)

    assert image.to_image_content().data == DATA_64
    assert File("~/$FOLDER/a.png").uri == (tmp_path / "pictures" / "a.png").as_uri()


@pytest.mark.parametrize("kind", [Image, Audio, File])
def test_media_are_given_by_path_or_as_data(kind: Any) -> None:
    """Neither and both are mistakes."""
    with pytest.raises(ValueError, match="either path= or data="):
        kind()
    with pytest.raises(ValueError, match="either path= or data="):
        kind("a.png", data=DATA)
