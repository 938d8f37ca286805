"""Profile pictures: what is stored is drawn anew from the pixels of what was uploaded, and holds nothing else.

An attacker may send a page or a script under a picture's name (the content decides, and only our own encoder's bytes
are stored), a file of a few kilobytes that unfolds into gigabytes (the size in the header is checked before a pixel is
decoded), a JPEG whose thousands of passes each visit all pixels, many large ones at once (one is decoded at a time), or
learn from somebody's picture where they live (EXIF, and with it GPS, is gone).
"""

import io
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

from titanobova.errors import FieldError, TemporarilyUnavailable

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 1024  # pixels
# A scan over 36 megapixels takes 59 bytes and 45 ms (measured), so 5 MB of them would take an hour; cameras write 10.
# https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
MAX_SCANS = 50
START_OF_SCAN = b"\xff\xda"
PATIENCE = 5  # seconds to wait while the pictures of others are decoded
QUALITY = 85

_decoding = threading.BoundedSemaphore(1)  # a picture of 40 megapixels takes 160 MB and more


def redraw(upload: "UploadedFile[Any]") -> "ContentFile[bytes]":
    """Return the picture in `upload` as a file of ours: upright, at most MAX_SIDE on the longer side, only pixels.

    A picture that can be seen through stays WebP or becomes PNG, any other becomes JPEG. The name is random: it tells
    neither whose it is nor what the person called it.

    :raises FieldError: on `profile_picture`, for whatever is no such picture.
    :raises TemporarilyUnavailable: when the pictures of others take too long.
    """
    body = upload.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise _refusal("A picture may have at most 5 MB.", "picture_too_large")
    with _place_to_decode():
        try:
            picture = _open(body)
            kind = _kind_for(picture)
            drawn = _draw(picture)
            file = io.BytesIO()
            drawn.save(file, kind, quality=QUALITY)
        except FieldError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_many_pixels() from None
        except Exception:  # decoders raise whatever their bytes led them to: a dozen classes were seen
            raise _refusal("The picture is broken.", "picture_broken") from None
    suffix = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[kind]
    return ContentFile(file.getvalue(), name=f"{secrets.token_hex(16)}.{suffix}")


def _open(body: bytes) -> Image.Image:
    """Return the picture with its header read and nothing decoded."""
    if body.count(START_OF_SCAN) > MAX_SCANS and body.startswith(b"\xff\xd8"):
        raise _refusal("The picture is broken.", "picture_broken")
    try:
        picture = Image.open(io.BytesIO(body), formats=FORMATS)
    except UnidentifiedImageError:
        raise _refusal("Send a picture in JPEG, PNG or WebP format.", "picture_not_supported") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_many_pixels()
    # A camera's JPEG may carry further pictures behind the first ("MPO"); that is no animation.
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        raise _refusal("The picture must not be animated.", "picture_animated")
    return picture


def _kind_for(picture: Image.Image) -> str:
    if not picture.has_transparency_data:
        return "JPEG"
    return "WEBP" if picture.format == "WEBP" else "PNG"


def _draw(picture: Image.Image) -> Image.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.format in {"PNG", "WEBP"}:
        picture = picture.convert(mode)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))  # a JPEG is decoded at a fraction of its size then
    upright = ImageOps.exif_transpose(picture).convert(mode)
    pixels = Image.new(mode, upright.size)
    pixels.paste(upright)
    return pixels


@contextmanager
def _place_to_decode() -> Iterator[None]:
    if not _decoding.acquire(timeout=PATIENCE):
        raise TemporarilyUnavailable(retry_after=PATIENCE)
    try:
        yield
    finally:
        _decoding.release()


def _too_many_pixels() -> FieldError:
    return _refusal("The picture has too many pixels: at most 40 million.", "picture_too_many_pixels")


def _refusal(text: str, code: str) -> FieldError:
    return FieldError("profile_picture", text, code)
