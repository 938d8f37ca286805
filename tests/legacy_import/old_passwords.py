"""The password `Legacy-pass-00` as Node's crypto, bcryptjs and the argon2 library wrote it, in every form we know."""

from dataclasses import dataclass, field

from legacy_import.passwords import PasswordRules

PASSWORD = "Legacy-pass-00"
SALT = "9f86d081884c7d659a2feaa0c55ad015"
SCRYPT = (
    "0fdae24fc9c8377e32152927b14996bc969b2e709f178a54e74909a1308f6177"
    "00877322c2c9641263a8c3ced41b64c9cec0a492afa247ce61ff41148043765a"
)
SCRYPT_R16 = (
    "3e092cec381a0e49391b88d0186b31c4b03c65a79240bedf6a1d40865cb000af"
    "29d7b8ebaaebb708cc896c0f66e4a616e895c3e22e27f5cfb9aed9c616a5474e"
)
PBKDF2_100000 = (
    "ad275a9b51c364d64e8324623b09aa109038cd9416f64a2d5b181a44eff8be47"
    "901f5f2f8c13befb0b4e6d8e6cfbffc22b9b63158df442996421439107c05a96"
)
PBKDF2_1000 = (
    "adaba593254ace30753272ef0854514bf48181ae7daa28a19801d283e6382bfc"
    "d47ad4e53653d3cd2ed3cf057ccc79ca095d99086f5a0978a9e3781f7e7d70d9"
)
# The first 32 bytes are from Node; nothing looks at the other 480 of passport-local's key.
PASSPORT = "a01522912bcda7414e407fdbd894c07399c049c740d5fd63b52b5e7014303e26" + "00" * 480
HMAC512 = (
    "27cb6a96e1b06c22fc9dcdb5c28c1d77a3a9d51c8e3a88b8c4a1709bc979c1c0"
    "75b623aa858e121f008ac6550272b899a500a5ca7e894a2701e06c144f40d0da"
)
SHA256_AFTER = "40f25e1a25852a8258139e3ef5790d73bb2c2ee85f46cb27ac4a08acacf871f3"
BCRYPT = "$2b$12$rIoo0KZJmiAMaCVLB2/p2O1BXnaS1Da1VrfD7wJC0BjBv9K5xbGSS"
ARGON2 = "${}$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA${}"


@dataclass(frozen=True)
class Stored:
    """One row's password column, the salt's column beside it, and what the mapping file says."""

    password: str
    salt: str = ""
    rules: PasswordRules = field(default_factory=PasswordRules)


KEPT = {
    "bcrypt": Stored(BCRYPT),
    "bcrypt 2a": Stored(BCRYPT.replace("$2b$", "$2a$")),
    "bcrypt 2y": Stored(BCRYPT.replace("$2b$", "$2y$")),
    "argon2id": Stored(
        "$argon2id$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$oeY+G/NZZcFNLGdnwc+unbkWuwpNAITsA8fs2rxP46M"
    ),
    "argon2id of Adonis": Stored(
        "$argon2id$v=19$t=2,m=1024,p=1$c2FsdHNhbHRzYWx0c2FsdA$oeY+G/NZZcFNLGdnwc+unbkWuwpNAITsA8fs2rxP46M"
    ),
    "argon2i": Stored(
        "$argon2i$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$wqTOUIzUwS7kvmzp5Br5zGzHZpcii6sOVyIAV1V8ma4"
    ),
    "argon2d": Stored(
        "$argon2d$v=19$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$UgybgzkwNY+oOqnGQ24+FfpAtMx4OGWio+OU2hUUmao"
    ),
    "scrypt salt:hash": Stored(f"{SALT}:{SCRYPT}"),
    "scrypt hash.salt": Stored(f"{SCRYPT}.{SALT}"),
    "scrypt werkzeug": Stored(f"scrypt:16384:8:1${SALT}${SCRYPT}"),
    "scrypt Lucia": Stored(f"s2:{SALT}:{SCRYPT_R16}"),
    "scrypt mapped": Stored(f"{SALT}:{SCRYPT_R16}", rules=PasswordRules(r=16)),
    "scrypt PHC": Stored("$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$sYIHwFJfO4dBuo6JbDc7EWS8XM8cydewbNAF+2fOfJ4"),
    "pbkdf2 named": Stored(f"pbkdf2$100000${SALT}${PBKDF2_100000}"),
    "pbkdf2 werkzeug": Stored(f"pbkdf2:sha512:100000${SALT}${PBKDF2_100000}"),
    "pbkdf2 own salt": Stored(PBKDF2_1000, SALT, PasswordRules(iterations=1000)),
    "pbkdf2 pair": Stored(f"{SALT}:{PBKDF2_100000}", rules=PasswordRules(scheme="pbkdf2", iterations=100_000)),
    "passport-local": Stored(PASSPORT, SALT),
}
HASHED = {
    "md5": Stored("a708552cc4764c391d84410cee644d26"),
    "sha1 in base64": Stored("OPS19k+3ker+InREGWuA2taSKlc="),
    "salt before": Stored("b0d659ada076425fb99b8b9d85f9f45516441799", SALT),
    "salt before, named": Stored(f"sha1${SALT}$b0d659ada076425fb99b8b9d85f9f45516441799"),
    "salt behind": Stored(f"{SALT}:{SHA256_AFTER}", rules=PasswordRules(order="password_salt")),
    "hmac": Stored(HMAC512, SALT, PasswordRules(scheme="digest", order="hmac")),
    "password-hash": Stored("sha256$abcd1234$3$489e0b60194f8e3c343d54eb90331db5b62e358af01587c4e3406bbf17d072a8"),
    "plain": Stored(PASSWORD),
}
