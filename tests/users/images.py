"""Pictures to upload, good and hostile."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms

RED, BLUE = (200, 30, 40), (20, 40, 200)
ORIENTATION, GPS, MAKER, SOFTWARE = 0x0112, 0x8825, 0x010F, 0x0131
SECRETS = (b"Exif", b"SecretCam", b"GPS", b"A Kitchen in Lyon", b"xpacket", b"ICC_PROFILE")


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a picture."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def two_colours(width: int = 300, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Return a picture whose left half is red and whose right half is blue."""
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width // 2, height))
    return picture.convert(mode)


def photo(kind: str = "JPEG") -> bytes:
    """Return a photograph that lies on its side and tells where, by whom and with what it was taken."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned a quarter clockwise
    exif[MAKER], exif[SOFTWARE] = "SecretCam", "A Kitchen in Lyon"
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[2] = "N", (45.0, 45.0, 35.0)
    extra = {"comment": b"A Kitchen in Lyon"} if kind == "JPEG" else {}
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(two_colours(), kind, icc_profile=profile, exif=exif, xmp=b"<?xpacket A Kitchen in Lyon?>", **extra)


def png_of_header(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header claims any size: decoded, it would fill the memory with zeros."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    zeros = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", header) + _png_chunk(b"IDAT", zeros) + _png_chunk(b"IEND", b"")


def animated_webp(width: int, height: int) -> bytes:
    """Return a WebP of two frames of two pixels on a canvas of any size."""
    frame = encoded(Image.new("RGB", (2, 2)), "WEBP", lossless=True)[12:]
    placed = bytes(6) + _u24(1) + _u24(1) + _u24(100) + b"\0" + frame
    canvas = bytes([2, 0, 0, 0]) + _u24(width - 1) + _u24(height - 1)
    chunks = [(b"VP8X", canvas), (b"ANIM", bytes(6)), (b"ANMF", placed), (b"ANMF", placed)]
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_many_scans(scans: int) -> bytes:
    """Return a progressive JPEG in which the last pass over all pixels is repeated."""
    body = encoded(two_colours(64, 64), "JPEG", progressive=True)
    last = body[body.rfind(b"\xff\xda") : -2]
    return body[:-2] + last * (scans - body.count(b"\xff\xda")) + body[-2:]


def frames(kind: str) -> bytes:
    """Return an animation of two frames."""
    return encoded(two_colours(), kind, save_all=True, append_images=[Image.new("RGB", (300, 200))], duration=100)


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _u24(number: int) -> bytes:
    return struct.pack("<I", number)[:3]
