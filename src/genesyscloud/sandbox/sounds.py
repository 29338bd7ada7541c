"""Sound files made on the spot: a short tone as WAV, a moment of silence in the other formats of recordings.

Each is a file that players and tools take for what it says it is. Sources: RIFF/WAVE as in Microsoft's multimedia
description, Ogg (RFC 3533), Opus in Ogg (RFC 7845), Matroska (RFC 9559), MPEG-1 layer III frame headers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

__all__ = ["FORMATS", "Sound"]

RATE = 8000
#: A file says more than this only in its header: recordings of an hour need not be an hour's bytes.
LONGEST = 2.0
#: Twenty milliseconds of silence, as an Opus packet (SILK, narrow band).
SILENCE = b"\x08\x0b\xe4\xc1\x36\xec\xc5\x80"
#: A layer III frame at 32 kbit/s and 44.1 kHz, mono, without sound: its side information says that there is none.
MP3_FRAME = b"\xff\xfb\x10\xc4" + bytes(100)


class Sound:
    """What a format is: its media type, the ending of file names, and what makes a file of some seconds."""

    def __init__(self, content_type: str, ending: str, make: Callable[[float], bytes]) -> None:
        self.content_type = content_type
        self.ending = ending
        self._make = make

    def bytes(self, seconds: float) -> bytes:
        """A file of that length, or of two seconds when it is longer."""
        return self._make(max(0.1, min(seconds, LONGEST)))


def _samples(seconds: float) -> list[int]:
    """A quiet tone of 440 Hz."""
    return [round(4000 * math.sin(2 * math.pi * 440 * at / RATE)) for at in range(int(seconds * RATE))]


def _riff(form: bytes, data: bytes) -> bytes:
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    body += b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _wav(seconds: float) -> bytes:
    data = struct.pack(f"<{int(seconds * RATE)}h", *_samples(seconds))
    return _riff(struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16), data)


def _mu_law(sample: int) -> int:
    """A sample as ITU-T G.711 writes it."""
    sign, level = (0x80, -sample) if sample < 0 else (0, sample)
    level = min(level, 32635) + 132
    exponent = max(0, level.bit_length() - 8)
    return ~(sign | exponent << 4 | level >> exponent + 3 & 0x0F) & 0xFF


def _wav_mu_law(seconds: float) -> bytes:
    data = bytes(map(_mu_law, _samples(seconds)))
    return _riff(struct.pack("<HHIIHHH", 7, 1, RATE, RATE, 1, 8, 0), data)


def _mp3(seconds: float) -> bytes:
    return MP3_FRAME * math.ceil(seconds * 44_100 / 1152)


# --- Opus ---------------------------------------------------------------------------------------

HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, RATE, 0, 0)
TAGS = b"OpusTags" + struct.pack("<I", 7) + b"sandbox" + struct.pack("<I", 0)


def _table() -> list[int]:
    """The checksums of single bytes, for the polynomial of Ogg."""
    found: list[int] = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        found.append(value)
    return found


_TABLE = _table()


def checksum(data: bytes) -> int:
    """The checksum of an Ogg page whose own checksum is 0."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def _page(number: int, flags: int, position: int, packet: bytes) -> bytes:
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, 1, number, 0, len(lacing)) + lacing
    return head[:22] + struct.pack("<I", checksum(head + packet)) + head[26:] + packet


def _ogg(seconds: float) -> bytes:
    packets = math.ceil(seconds * 50)
    pages = [_page(0, 2, 0, HEAD), _page(1, 0, 0, TAGS)]
    pages += [_page(at + 2, 4 if at == packets - 1 else 0, (at + 1) * 960, SILENCE) for at in range(packets)]
    return b"".join(pages)


def _element(name: int, data: bytes) -> bytes:
    """An EBML element; its length always takes eight bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8) + (len(data) | 1 << 56).to_bytes(8) + data


def _number(name: int, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8)))


def _webm(seconds: float) -> bytes:
    head = _element(0x1A45DFA3, _number(0x4286, 1) + _number(0x42F7, 1) + _number(0x42F2, 4) + _number(0x42F3, 8)
                    + _element(0x4282, b"webm") + _number(0x4287, 4) + _number(0x4285, 2))  # fmt: skip
    length = _element(0x4489, struct.pack(">d", seconds * 1000))
    information = _element(0x1549A966, _number(0x2AD7B1, 1_000_000) + length
                           + _element(0x4D80, b"sandbox") + _element(0x5741, b"sandbox"))  # fmt: skip
    audio = _element(0xE1, _element(0xB5, struct.pack(">d", float(RATE))) + _number(0x9F, 1))
    track = _element(0xAE, _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 2) + _element(0x86, b"A_OPUS")
                     + _element(0x63A2, HEAD) + audio)  # fmt: skip
    blocks = [
        _element(0xA3, b"\x81" + struct.pack(">h", at * 20) + b"\x80" + SILENCE)
        for at in range(math.ceil(seconds * 50))
    ]
    cluster = _element(0x1F43B675, _number(0xE7, 0) + b"".join(blocks))
    return head + _element(0x18538067, information + _element(0x1654AE6B, track) + cluster)


#: By the names that the API has for them. There is no Vorbis encoder here: what asks for it gets Opus in Ogg.
FORMATS = {
    "WAV": Sound("audio/wav", "wav", _wav),
    "WAV_ULAW": Sound("audio/wav", "wav", _wav_mu_law),
    "WEBM": Sound("audio/webm", "webm", _webm),
    "OGG_OPUS": Sound("audio/ogg", "ogg", _ogg),
    "OGG_VORBIS": Sound("audio/ogg", "ogg", _ogg),
    "MP3": Sound("audio/mpeg", "mp3", _mp3),
}
