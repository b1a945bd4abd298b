"""Support tickets to the made-up shop, with the labels that a person on the desk would give."""

from dataclasses import dataclass
from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.reading import code
from motet_inference.tiny.text.shop import PRODUCT_NAMES
from motet_inference.tiny.text.words import person

ISSUES: dict[str, tuple[str, ...]] = {
    "damaged": (
        "The {p} arrived broken.", "My {p} has a big crack in it.",
        "The {p} fell apart on the first day.",
        "There is a deep scratch on the {p}.", "The {p} stopped working after a week.",
        "When I opened the box the {p} was in pieces.", "One part of the {p} is bent.",
        "The {p} that I got is defective.",
    ),
    "delivery": (
        "My {p} has not arrived yet.", "I am still waiting for the {p}.",
        "The {p} was sent to the wrong address.",
        "The tracking page has not moved for days and there is no {p}.", "Where is my {p}?",
        "The parcel with the {p} is lost.", "The driver left without leaving the {p}.",
        "The {p} should have been here last week.",
    ),
    "billing": (
        "I was charged twice for the {p}.", "The invoice for the {p} shows the wrong amount.",
        "My card was charged but there is no order for the {p}.",
        "I paid for the {p} and got no receipt.",
        "The discount was not taken off the price of the {p}.",
        "Why is the bill for the {p} so high?",
        "There is a payment for the {p} that I do not know.",
        "Please correct the tax on the bill for the {p}.",
    ),
    "returns": (
        "I would like to send the {p} back.", "The {p} does not fit and I want my money back.",
        "How can I return the {p}?", "I changed my mind about the {p} and want a refund.",
        "Please send me a return label for the {p}.", "I want to swap the {p} for another color.",
        "The {p} was a gift and I do not need it, so please take it back.",
        "When will I get the refund for the {p}?",
    ),
    "account": (
        "I cannot sign in to look at my order of the {p}.",
        "My password does not work since I bought the {p}.",
        "Please change the email on my account before you send the {p}.",
        "My account was locked when I ordered the {p}.",
        "I want to delete my account now that I have the {p}.",
        "I cannot see the {p} in my account.",
        "Somebody else used my account to buy the {p}.",
        "The site says that my user name is wrong when I order the {p}.",
    ),
    "question": (
        "Does the {p} come in other colors?", "How do I clean the {p}?",
        "Is the {p} good for children?",
        "Which size does the {p} have?", "Will the {p} be in stock again?",
        "Can I get the {p} with a gift card?",
        "How heavy is the {p}?", "Do you also sell parts for the {p}?",
    ),
    "praise": (
        "I love the {p}!", "The {p} is even better than I hoped.", "Thank you for the lovely {p}.",
        "The {p} makes me smile every day.", "Best {p} that I have ever had.",
        "My whole family likes the {p}.",
        "I told all my friends about the {p}.", "The {p} is just perfect.",
    ),
}  # fmt: skip

URGENCY: dict[str, tuple[str, ...]] = {
    "urgent": (
        "I need an answer today.", "This is urgent!", "Please act right now.",
        "I am losing money every hour.",
        "It cannot wait.", "I leave in two hours.", "This is an emergency.", "Answer me at once!",
    ),
    "high": (
        "Please reply by tomorrow.", "I need this before the weekend.", "It is quite important.",
        "I have already written twice.", "I am getting angry.", "My party is in two days.",
        "Please be quick.", "This is the second time.",
    ),
    "normal": (
        "Please let me know.", "I hope that you can help.", "What should I do?",
        "Please look into it.",
        "I look forward to your reply.", "Can you help me with this?", "Please tell me more.", "",
    ),
    "low": (
        "There is no hurry.", "Take your time.", "It is not important.",
        "Whenever you have a moment.",
        "No need to rush.", "Next month is fine too.", "It can wait.", "Just when you get to it.",
    ),
}  # fmt: skip

_HELLO = (
    "Hello,",
    "Hi,",
    "Hi there,",
    "Dear team,",
    "Good morning,",
    "Hey Larkfield,",
    "To whom it may concern,",
    "",
)
_ORDER = ("My order number is {o}.", "Order {o}.", "It is about order {o}.",
    "I am writing about order {o}.",
          "This is for {o}.", "The order is {o}.", "Ref: {o}.")  # fmt: skip
_EXTRA = ("I bought it for my mother.", "I have been a customer for years.", "It was on sale.",
    "I found you by chance.",
          "The box was blue.", "My neighbor has the same one.", "I ordered it last month.",
          "The weather was bad that day.",
          "It was meant for the kitchen.", "I paid by card.", "We moved house this year.", "", "",
          "", "")  # fmt: skip
_SIGNED = (
    "Thanks, {n}",
    "Best wishes, {n}",
    "Regards, {n}",
    "{n}",
    "Yours, {n}",
    "Kind regards, {n}",
    "- {n}",
)

_REMEDY = {
    "damaged": "I am sorry that the {p} is not in order. "
    "Please send a photo to help@larkfield.example and we will send a new one.",
    "delivery": "I am sorry that you are still without the {p}. "
    "We will ask the carrier where it is and write to you.",
    "billing": "I am sorry about the bill for the {p}. We will check the payment and correct it.",
    "returns": "You can return the {p} within 30 days. We will send you a return label.",
    "account": "I am sorry about the trouble with your account. "
    "Please use the link for a new password, and we will check the rest.",
    "question": "Thank you for asking about the {p}. "
    "You will find all the details on its page, and we are glad to tell you more.",
    "praise": "Thank you for the kind words about the {p}. It makes our day.",
}
_HASTE = {
    "urgent": "We will do this today.",
    "high": "We will come back to you by tomorrow.",
    "normal": "We will write back soon.",
    "low": "We will write when it is done.",
}


@dataclass(frozen=True)
class Ticket:
    """A ticket's text and what is in it; `order` and `name` are None where the text has none."""

    text: str
    category: str
    priority: str
    product: str
    order: str | None
    name: str | None


def draw(rng: Random) -> Ticket:
    category = rng.choice(list(ISSUES))
    priority = rng.choice(list(URGENCY))
    product = rng.choice(PRODUCT_NAMES)
    order = code(rng) if rng.random() < 0.7 else None
    name = person(rng) if rng.random() < 0.7 else None
    issue = rng.choice(ISSUES[category]).format(p=product)
    body = [issue, rng.choice(_EXTRA)]
    if order is not None:
        body.append(rng.choice(_ORDER).format(o=order))
    body.append(rng.choice(URGENCY[priority]))
    if rng.random() < 0.4:
        rng.shuffle(body)
    parts = [rng.choice(_HELLO), *body]
    if name is not None:
        parts.append(rng.choice(_SIGNED).format(n=name))
    text = " ".join(part for part in parts if part)
    return Ticket(text, category, priority, product, order, name)


def reply(ticket: Ticket) -> str:
    """The friendly prose that the base writes back."""
    hello = f"Hello {ticket.name}, thank you" if ticket.name else "Hello, thank you"
    about = f" for writing about order {ticket.order}." if ticket.order else " for writing to us."
    remedy = _REMEDY[ticket.category].format(p=ticket.product)
    return f"{hello}{about} {remedy} {_HASTE[ticket.priority]}"


def make(rng: Random) -> Chat:
    ticket = draw(rng)
    return ask(ticket.text, reply(ticket))
