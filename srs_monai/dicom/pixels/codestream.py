"""The size that compressed pixels state themselves, which may differ from the DICOM header."""

import struct

_START_OF_JPEG = b"\xff\xd8"
_START_OF_JPEG_2000 = b"\xff\x4f\xff\x51"  # with the marker of the sizes, which always follows
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # JPEG's, and JPEG-LS's


def stated_size(codestream: bytes) -> tuple[int, int, int] | None:
    """Rows, columns and samples per pixel of a JPEG, JPEG-LS or JPEG 2000 frame; None for other and broken frames."""
    try:
        if codestream.startswith(_START_OF_JPEG):
            return _jpeg(codestream)
        start = codestream.find(_START_OF_JPEG_2000)
        return None if start < 0 else _jpeg_2000(codestream, start + len(_START_OF_JPEG_2000))
    except struct.error:
        return None


def run_length_pixels(frame: bytes) -> int:
    """The number of pixels in the first segment of a run-length encoded frame, with padding."""
    first, second = struct.unpack_from("<2I", frame, 4)
    at, end = first, second or len(frame)
    pixels = 0
    while at < end:
        control = frame[at]
        if control < 128:  # that many bytes follow, plus one
            pixels += control + 1
            at += control + 2
        else:  # one byte is repeated; 128 repeats none
            pixels += 257 - control if control > 128 else 0
            at += 2 if control > 128 else 1
    return pixels


def _jpeg(codestream: bytes) -> tuple[int, int, int] | None:
    at = len(_START_OF_JPEG)
    while True:
        prefix, marker = struct.unpack_from(">BB", codestream, at)
        if prefix != 0xFF:
            return None
        if marker == 0xFF:  # fill bytes may precede a marker
            at += 1
            continue
        if marker in _FRAME_MARKERS:
            rows, columns, samples = struct.unpack_from(">HHB", codestream, at + 5)
            return rows, columns, samples
        (length,) = struct.unpack_from(">H", codestream, at + 2)
        at += 2 + length


def _jpeg_2000(codestream: bytes, at: int) -> tuple[int, int, int]:
    right, bottom, left, top = struct.unpack_from(">4I", codestream, at + 4)
    (samples,) = struct.unpack_from(">H", codestream, at + 36)
    return bottom - top, right - left, samples
