"""The domain of an e-mail address, in the one form that the DNS knows it by."""

import unicodedata

import idna


def ascii_domain(domain: str) -> str:
    """Return the domain in ASCII, as IDNA 2008 writes it (RFC 5891, UTS 46 without transitional mapping).

    Python's own codec and Unicode's case folding follow older rules, by which `straße.de` is `strasse.de`: a domain
    that belongs to somebody else. A domain that cannot be written so is only folded; no mail reaches it.
    """
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode()
    except idna.IDNAError:
        return unicodedata.normalize("NFKC", domain.casefold())


def with_ascii_domain(address: str) -> str:
    """Return the address as mail servers take it; what stands before the domain stays."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"
