"""How much work and memory an old password hash may ask for. Pure.

A hash says itself how long its check takes, so whoever can write one row of the old database could stop every login
here: a bcrypt hash of cost 31 keeps a processor busy for days. What asks for more is refused, when it is imported and
again when it is checked.
"""

LOWEST_BCRYPT_COST, HIGHEST_BCRYPT_COST = 4, 15  # 15: about two seconds
SCRYPT_BYTES = 64 * 2**20
SCRYPT_LANES = 16
PBKDF2_ITERATIONS = 10_000_000
ARGON2_KIB = 256 * 2**10
ARGON2_WORK_KIB = 4 * ARGON2_KIB  # memory times passes: about a second
ARGON2_LANES = 16


def is_bearable_bcrypt(cost: int) -> bool:
    """Return whether 2 to the power of `cost` rounds are bearable."""
    return LOWEST_BCRYPT_COST <= cost <= HIGHEST_BCRYPT_COST


def is_bearable_scrypt(n: int, r: int, p: int) -> bool:
    """Return whether the parameters are valid, and bearable in memory (128 * n * r bytes) and in time."""
    is_power_of_two = n > 1 and n & (n - 1) == 0
    return is_power_of_two and r > 0 and 0 < p <= SCRYPT_LANES and 128 * n * r <= SCRYPT_BYTES


def is_bearable_pbkdf2(iterations: int) -> bool:
    """Return whether so many iterations are bearable: ten million take some seconds."""
    return 0 < iterations <= PBKDF2_ITERATIONS


def is_bearable_argon2(kib: int, passes: int, lanes: int) -> bool:
    """Return whether the parameters are valid, and bearable in memory and in time."""
    is_valid = passes > 0 and 0 < lanes <= ARGON2_LANES and kib >= 8 * lanes
    return is_valid and kib <= ARGON2_KIB and kib * passes <= ARGON2_WORK_KIB
