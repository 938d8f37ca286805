"""Posts that anybody may send without end: each has its line in logs/security.log, and few of them a row in the log.

Whoever knows the address of a webhook may post what nobody signed, as fast as they like: webhooks have no rate limit,
for a delivery that is refused is money or mail that we do not hear of. A row for each would let anyone fill the table.

An attacker may try

- to fill it from one address: of an address (of IPv6, its /64) the 1st, 10th, 100th ... forgery of an hour has a row;
- to fill it from many addresses: an hour has MOST_ROWS rows in all, and the last says that no further one follows;
- to hide by that: behind a flood the audit log knows of nobody new, but security.log has each forgery with its address,
  and the metrics count those in Stripe's name;
- to fill what counts: a window in the database lasts an hour and is swept like every other (titanobova/throttling.py);
- to end the count by crashing Redis: it is not asked;
- to be refused in another way once the rows are used up: the answer knows nothing of all this.
"""

from audit.actor import Actor
from audit.services import log_fact, unlogged_fact
from titanobova.prepared import insert_together
from titanobova.throttling import count_in_database, key_of, network_of

HOUR = 3600  # seconds
MOST_ROWS = 60  # an hour, of one kind of event


def record_forgery(event: str, *, by: Actor) -> None:
    """Log a post that is not from whom it says, and write its row if it is one of the few; the rest is counted.

    `count` says how many have come from there in this hour so far: of an hour's rows of an address the last one tells
    how many there were, within a factor of ten.
    """
    log_fact(event, by=by)
    forged = count_in_database(key_of(event, network_of(by.ip_address or "")), HOUR).used
    if not _is_power_of_ten(forged):
        return
    rows = count_in_database(key_of(event, "all"), HOUR).used
    if rows > MOST_ROWS:
        return
    details: dict[str, object] = {"count": forged}
    if rows == MOST_ROWS:
        details["left_out"] = "all further ones of this hour"
    insert_together(unlogged_fact("update", event, by=by, details=details, outcome="failure"))


def _is_power_of_ten(number: int) -> bool:
    return str(number).strip("0") == "1"
