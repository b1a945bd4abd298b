"""The pages that a person sees in the browser, each labelled as what it is."""

from html import escape

from .cards import CARDS
from .store import Object, Store

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
.label{{background:#fde68a;color:#111;padding:.5rem 1rem;border-radius:.4rem}}
button{{padding:.6rem 1.2rem;font:inherit}} table{{width:100%}} td{{padding:.2rem 0}}</style>
</head><body><p class="label"><b>sandbox, not Stripe</b> — no card is real, no money moves.</p>
<h1>{title}</h1>{body}</body></html>"""


def page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)


def checkout(session: Object, refusal: str = "") -> str:
    """The form of an open session."""
    options = "".join(f"<option>{number}</option>" for number in CARDS)
    tax = session["total_details"]["amount_tax"]
    lines = f"<p>Total: <b>{usd(session['amount_total'])}</b> (tax {usd(tax)})</p>"
    if refusal:
        lines += f'<p role="alert"><b>{escape(refusal)}</b></p>'
    back = escape(session["cancel_url"] or "/", quote=True)
    return page(
        "Pay",
        f'{lines}<form method="post"><label>Test card <select name="card">{options}</select>'
        f"</label> <button>Pay {usd(session['amount_total'])}</button></form>"
        f'<p><a href="{back}">Back</a>',
    )


def bank(session: Object, number: str) -> str:
    """The card's bank asks its person (3DS) before it pays."""
    return page(
        "Your bank asks",
        f"<p>Do you pay {usd(session['amount_total'])} with the card that ends in {number[-4:]}?"
        f'<form method="post"><input type="hidden" name="card" value="{escape(number)}">'
        '<button name="bank" value="confirm">Confirm</button> '
        '<button name="bank" value="fail">Fail</button></form>',
    )


def portal(store: Store, session: Object) -> str:
    """Cards and invoices of a customer, with a form to save or remove a card."""
    customer = store.get("customer", session["customer"])
    default = customer["invoice_settings"]["default_payment_method"]
    cards = "".join(
        f"<tr><td>{escape(method['card']['brand'])} ···· {method['card']['last4']}"
        f"{' (default)' if method['id'] == default else ''}</td><td><form method='post'>"
        f"<input type='hidden' name='remove' value='{method['id']}'><button>Remove</button>"
        "</form></td></tr>"
        for method in store.all("payment_method", customer=customer["id"])
    )
    bills = "".join(
        f"<li><a href='{bill['hosted_invoice_url']}'>{bill['number']}</a> {usd(bill['total'])}"
        for bill in store.all("invoice", customer=customer["id"])
    )
    options = "".join(f"<option>{number}</option>" for number in CARDS)
    back = escape(session["return_url"] or "/", quote=True)
    return page(
        "Customer portal",
        f"<h2>Cards</h2><table>{cards}</table><form method='post'><select name='card'>{options}"
        f"</select> <button>Save card</button></form><h2>Invoices</h2><ul>{bills}</ul>"
        f'<p><a href="{back}">Back</a>',
    )


def invoice(bill: Object) -> str:
    return page(f"Invoice {bill['number']}", f"<p>{usd(bill['total'])}, {escape(bill['status'])}.")


def receipt(charge: Object) -> str:
    return page(
        "Receipt", f"<p>{usd(charge['amount'])}, refunded {usd(charge['amount_refunded'])}."
    )


def usd(cents: int) -> str:
    return f"${cents // 100}.{cents % 100:02d}"
