"""Which columns and keys hold what lets somebody in: passwords, codes, keys, sessions. Told by their names. Pure.

Such a value in clear in a file of rejected rows would be an account for whoever reads it. A column that is left out by
mistake costs nothing, for when the row is fed back it comes from the source again; yet ordinary codes (of a country, a
course, a discount) and the Indian `pincode` stay, for they may be what has to be repaired.
"""

import re

_OF_A_LOGIN = (
    "reset|backup|recovery|rescue|scratch|emergency|verif(?:y|ication)|confirm(?:ation)?|activation|access|auth|"
    "authentication|authori[sz]ation|log_?in|sign_?in|security|two_?factor|2fa|mfa|sms|e?mail|unlock|one_?time|magic|"
    "temp(?:orary)?"
)
_ALWAYS = "pwd|salt|secret|token|credential|jwt|bearer|csrf|xsrf|remember"
_NOT_FURTHER = "pass(?!ed|es|ing|port|enger|age)|hash(?!_?tag)|cookie(?!s?_?(?:consent|accept|polic|pref|banner))"
_KEYS = f"(?:api|private|encryption|signing|session|ssh|client|{_OF_A_LOGIN})_?keys?"
_CODES = f"(?:{_OF_A_LOGIN})_?(?:codes?|pins?|links?|urls?|phrases?|answers?)"
_WORDS = r"pw|pswd|psw|m?pins?(?!_codes?(?:_|$))|[th]?otps?|nonces?|cv[vc]2?|card_?(?:no|num|number)"
_SESSIONS = (
    r"(?:^|(?<!stripe)(?<!checkout)(?<!payment)_|php)sess(?:ion)?_?(?:ids?|data|cookies?|values?)(?:_|$)|"
    r"^(?:(?:user|login|web|auth|php|express)_?)?sess(?:ion)?s?$|^connect_sid$"
)
_SECRET = re.compile(
    rf"{_ALWAYS}|{_NOT_FURTHER}|(?:^|_)(?:{_KEYS}|{_CODES}|{_WORDS})(?:_|$)|[a-z]otp$|[th]?otp_?(?:codes?|keys?)|{_SESSIONS}"
)


def is_secret_name(name: str) -> bool:
    """Say whether a column or a key of that name holds what lets somebody in; in camelCase, snake_case or glued."""
    words = re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    return _SECRET.search("_".join(words)) is not None
