"""A page for people: what waits to be paid, and buttons that pay it with test money.

The buttons use the control API from the same origin; it refuses whatever a page from elsewhere could send.
"""

import base64
import hashlib
from decimal import Decimal
from html import escape

from examples.stripe_sandbox.answers import Answer, Json
from examples.stripe_sandbox.world import StripeWorld

PATH = "/"
MOST = 50  # intents on the page, the newest first
PAYABLE = frozenset({"requires_payment_method", "requires_confirmation", "processing"})
_WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
WITHOUT_DECIMALS = frozenset(_WITHOUT_DECIMALS.split())
WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# What may be done with an intent: the words on the button, and the command.
PAY = (("Pay with test money", "pay"), ("Let the card decline", "decline"))
AFTERWARDS = (("Refund, as in Stripe's dashboard", "refund"), ("Let the bank dispute it", "dispute"))

SCRIPT = """
document.addEventListener("click", async (click) => {
  const {command, intent} = click.target.dataset;
  if (!command) return;
  const answer = await fetch("/control/" + command, {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({intent_id: intent}),
  });
  if (answer.ok) location.reload(); else alert((await answer.json()).error.message);
});
"""
STYLE = """
body { margin: 0 auto; max-width: 50rem; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1d2733; }
.warning { padding: .8rem 1rem; border: 2px dashed #b45309; background: #fef3c7; font-weight: 600; }
li { margin: 1rem 0; padding: 1rem; border: 1px solid #dfe3e8; border-radius: 10px; list-style: none; }
ul { padding: 0; }
button { font: inherit; padding: .4rem .9rem; margin: .5rem .5rem 0 0; cursor: pointer; }
.quiet { color: #5a6675; font-size: .9rem; overflow-wrap: anywhere; }
"""
SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)


def page_of_intents(world: StripeWorld) -> Answer:
    """Return the page."""
    with world.lock:
        intents = list(world.intents.rows.values())[: -MOST - 1 : -1]
    items = "".join(_item(intent) for intent in intents)
    waiting = f"<ul>{items}</ul>" if items else "<p>Nothing has been started yet. Reload once a payment has.</p>"
    html = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test money</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<h1>Test money</h1>
<p class="warning">TEST MONEY. This page stands in for Stripe on this machine. No card is charged.</p>
{waiting}
<script>{SCRIPT}</script>
</body>
</html>
"""
    return Answer(200, html.encode(), content_type="text/html; charset=utf-8")


def _item(intent: Json) -> str:
    description = escape(intent["description"] or "A payment")
    return (
        f"<li><strong>{_amount(intent)}</strong> for {description}: {escape(intent['status'])}"
        f"<div class=quiet>{escape(intent['id'])}</div>{_buttons(intent)}</li>"
    )


def _buttons(intent: Json) -> str:
    offered = PAY if intent["status"] in PAYABLE else AFTERWARDS if intent["status"] == "succeeded" else ()
    intent_id = escape(intent["id"])
    return "".join(
        f'<button data-command="{command}" data-intent="{intent_id}">{escape(words)}</button>'
        for words, command in offered
    )


def _amount(intent: Json) -> str:
    currency = str(intent["currency"])
    decimals = 0 if currency in WITHOUT_DECIMALS else 3 if currency in WITH_THREE_DECIMALS else 2
    return f"{Decimal(intent['amount']).scaleb(-decimals)} {escape(currency.upper())}"
