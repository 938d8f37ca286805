"""Profile pictures: what is stored is drawn anew from the pixels of what was uploaded, and holds nothing else.

An attacker may send a page or a script under a picture's name (the content decides, and only our own encoder's bytes
are stored), a file of a few kilobytes that unfolds into gigabytes (the size in the header is checked before a pixel is
decoded), a JPEG whose thousands of passes each visit all pixels, many large ones at once (one is decoded at a time), or
learn from somebody's picture where they live (EXIF, and with it GPS, is gone).
"""

import io
import itertools
import math
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from PIL import Image, ImageOps, UnidentifiedImageError

from titanobova.errors import FieldError, TemporarilyUnavailable

MAX_BYTES = 5 * 1024 * 1024
# By format. Decoding takes 4 bytes a pixel, but 20 of a WebP, whose decoder keeps several canvases.
MAX_PIXELS = {"JPEG": 40_000_000, "MPO": 40_000_000, "PNG": 40_000_000, "WEBP": 12_500_000}
FORMATS = ("JPEG", "PNG", "WEBP")
MAX_SIDE = 1024  # pixels, of what is stored
MAX_SIDE_SENT = 65_535  # the longest that a JPEG can have; a PNG of one line of 40 million took 450 MB
# A scan over 36 megapixels takes 59 bytes and 45 ms (measured), so 5 MB of them would take an hour; cameras write 10.
# https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
MAX_SCANS = 50
START_OF_SCAN = b"\xff\xda"
PATIENCE = 5  # seconds to wait while the pictures of others are decoded
QUALITY = 85

_decoding = threading.BoundedSemaphore(1)  # the largest pictures take 200 to 260 MB each (measured)


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


@contextmanager
def stored_picture(upload: "UploadedFile[Any] | None", *, folder: str, field: str) -> Iterator[str]:
    """Keep the picture, drawn anew, in the storage and give its name, empty for none.

    A failure inside leaves no file behind.

    :raises FieldError: on `field`, for whatever is no picture.
    """
    if upload is None:
        yield ""
        return
    try:
        picture = redraw(upload)
    except FieldError as refused:
        raise FieldError(field, refused.reason, refused.reason_code) from None
    name = default_storage.save(f"{folder}/{picture.name}", picture)
    try:
        yield name
    except BaseException:
        default_storage.delete(name)
        raise


def _open(body: bytes) -> Image.Image:
    """Return the picture with its header read and nothing decoded."""
    if body.count(START_OF_SCAN) > MAX_SCANS and body.startswith(b"\xff\xd8"):
        raise _refusal("The picture is broken.", "picture_broken")
    try:
        picture = Image.open(io.BytesIO(body), formats=FORMATS)
    except UnidentifiedImageError:
        raise _refusal("Send a picture in JPEG, PNG or WebP format.", "picture_not_supported") from None
    if max(picture.size) > MAX_SIDE_SENT or picture.width * picture.height > MAX_PIXELS[str(picture.format)]:
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
        picture = _shrunk(picture, mode)
    picture.thumbnail((MAX_SIDE, MAX_SIDE))  # a JPEG is decoded at a fraction of its size then
    upright = ImageOps.exif_transpose(picture).convert(mode)
    pixels = Image.new(mode, upright.size)
    pixels.paste(upright)
    return pixels


def _shrunk(picture: Image.Image, mode: str) -> Image.Image:
    """Return the picture in `mode` and at about twice the size that it will have.

    Tile by tile, because every conversion and every resizing of the whole would hold one more copy of it.
    """
    factor = max(1, max(picture.size) // (2 * MAX_SIDE))
    side = factor * 256
    small = Image.new(mode, (math.ceil(picture.width / factor), math.ceil(picture.height / factor)))
    for left, top in itertools.product(range(0, picture.width, side), range(0, picture.height, side)):
        corner = (min(left + side, picture.width), min(top + side, picture.height))
        tile = picture.crop((left, top, *corner)).convert(mode)
        small.paste(tile.reduce(factor), (left // factor, top // factor))
    small.info.update(picture.info)  # EXIF says which side is up
    return small


@contextmanager
def _place_to_decode() -> Iterator[None]:
    if not _decoding.acquire(timeout=PATIENCE):
        raise TemporarilyUnavailable(retry_after=PATIENCE)
    try:
        yield
    finally:
        _decoding.release()


def _too_many_pixels() -> FieldError:
    text = "The picture has too many pixels: at most 40 million, in WebP 12.5 million."
    return _refusal(text, "picture_too_many_pixels")


def _refusal(text: str, code: str) -> FieldError:
    return FieldError("profile_picture", text, code)
