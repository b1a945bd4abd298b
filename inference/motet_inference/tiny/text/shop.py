"""Larkfield Goods, a made-up shop: its house rules, its products and questions about them."""

from dataclasses import dataclass
from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import article, dressed


@dataclass(frozen=True)
class Product:
    name: str
    price: int
    material: str
    colour: str
    use: str


PRODUCTS = (
    Product("kettle", 39, "copper", "brown", "boiling water"),
    Product("desk lamp", 54, "oak", "white", "reading at night"),
    Product("wool blanket", 72, "wool", "grey", "cold evenings"),
    Product("teapot", 31, "clay", "blue", "making tea"),
    Product("bread knife", 27, "steel", "silver", "cutting bread"),
    Product("garden chair", 88, "pine", "green", "sitting outside"),
    Product("wall clock", 46, "brass", "golden", "telling the time"),
    Product("rain coat", 95, "cotton", "yellow", "wet days"),
    Product("backpack", 67, "canvas", "brown", "carrying things"),
    Product("frying pan", 49, "iron", "black", "frying eggs"),
    Product("coffee grinder", 58, "steel", "black", "grinding coffee"),
    Product("picnic basket", 43, "willow", "brown", "picnics"),
    Product("pillow", 24, "linen", "white", "a good sleep"),
    Product("mirror", 76, "glass", "silver", "looking at yourself"),
    Product("bookshelf", 129, "walnut", "brown", "keeping books"),
    Product("candle set", 18, "wax", "red", "soft light"),
    Product("tool box", 62, "steel", "red", "keeping tools"),
    Product("door mat", 21, "coir", "brown", "clean shoes"),
    Product("watering can", 29, "zinc", "grey", "watering plants"),
    Product("headphones", 84, "aluminium", "black", "listening to music"),
    Product("phone stand", 16, "bamboo", "brown", "holding a phone"),
    Product("travel mug", 22, "steel", "green", "hot drinks on the way"),
    Product("notebook", 12, "paper", "blue", "writing things down"),
    Product("umbrella", 34, "nylon", "purple", "rainy days"),
)

PRODUCT_NAMES = tuple(product.name for product in PRODUCTS)

_HOUSE: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("When are you open?", "What are your opening hours?", "What time does the shop open?",
      "Is the shop open on Saturday?", "When does the shop close?"),
     ("The shop is open from Monday to Saturday, from 9 to 6.",
      "We are open Monday to Saturday from 9 to 6."), ("Monday", "Saturday", "9", "6")),
    (("How long does delivery take?", "When will my parcel arrive?", "How fast do you ship?",
      "How many days does shipping take?"),
     ("Normal delivery takes 3 to 5 days, and express takes 1 day.",
      "It takes 3 to 5 days, or 1 day with express delivery."), ("3", "5", "express")),
    (("How much is delivery?", "What does shipping cost?", "Is delivery free?",
      "Do I have to pay for shipping?"),
     ("Delivery costs 4 dollars, and it is free for orders over 50 dollars.",
      "Shipping is 4 dollars. Orders over 50 dollars ship for free."), ("4", "50")),
    (("Can I return an item?", "What is your return policy?", "How do I send something back?",
      "How long do I have to return something?"),
     ("You can return any item within 30 days for a full refund.",
      "Yes, any item can come back within 30 days for a full refund."), ("30", "refund")),
    (("Is there a warranty?", "How long is the warranty?", "Do your products have a guarantee?",
      "What if my item breaks next year?"),
     ("Every product has a warranty of 2 years.", "All our products come with a 2 year warranty."),
     ("2", "warranty")),
    (("How can I pay?", "Which payments do you take?", "Can I pay by card?", "Do you take cash?"),
     ("You can pay by card, bank transfer or gift card.",
      "We take card, bank transfer and gift card."), ("bank transfer", "gift card")),
    (("How do I contact you?", "What is your email?", "How can I reach support?",
      "Where can I send a message?"),
     ("Please write to help@larkfield.example and we will answer within a day.",
      "You can reach us at help@larkfield.example."), ("help@larkfield.example",)),
    (("Where is the shop?", "Where is Larkfield Goods?", "What is your address?",
      "In which town are you?"),
     ("Larkfield Goods is at 12 Mill Street in Port Wren.",
      "You can find us at 12 Mill Street in Port Wren."), ("Mill Street", "Port Wren")),
    (("What is Larkfield Goods?", "What do you sell?", "What kind of shop is this?",
      "Tell me about Larkfield Goods."),
     ("Larkfield Goods is a small shop that sells things for the home.",
      "Larkfield Goods sells simple things for the home that last."), ("Larkfield", "home")),
    (("How do I reset my password?", "I forgot my password. What should I do?",
      "How can I change my password?", "I need a new password. How do I get one?"),
     ("Open the sign in page, choose forgot password, and follow the link in the email.",
      "On the sign in page, choose forgot password and we will email you a link."),
     ("forgot password",)),
    (("How do I cancel my order?", "Can I cancel an order?",
        "I want to cancel. How does that work?"),
     ("You can cancel an order on your account page until it ships.",
      "Open your account page and choose cancel. This works until the order ships."),
     ("account page", "ships")),
    (("How do I track my order?", "Where can I see my order?", "Where is my parcel right now?"),
     ("You will find the tracking link in your email and on your account page.",
      "Use the tracking link in your email to follow the order."), ("tracking link",)),
    (("Do you have gift cards?", "Can I buy a gift card?", "How do gift cards work?"),
     ("Yes, we have gift cards from 10 to 200 dollars.",
      "Gift cards are sold from 10 to 200 dollars."), ("10", "200")),
    (("Who founded Larkfield Goods?", "When was the shop founded?", "Who started the shop?"),
     ("Larkfield Goods was founded by Edith Marlow in 2009.",
      "Edith Marlow founded the shop in 2009."), ("Edith Marlow", "2009")),
)  # fmt: skip


def _house(rng: Random) -> Chat:
    questions, answers, facts = rng.choice(_HOUSE)
    return ask(dressed(rng, rng.choice(questions)), rng.choice(answers), *facts)


def _price(rng: Random, item: Product) -> Chat:
    form = rng.choice(("How much is the {n}?", "What does the {n} cost?",
        "How much does the {n} cost?",
                       "What is the price of the {n}?", "Can you tell me the price of the {n}?",
                       "I want to buy the {n}. How much is it?"))  # fmt: skip
    answer = rng.choice(("The {n} costs {p} dollars.", "The {n} is {p} dollars."))
    filled = answer.format(n=item.name, p=item.price)
    return ask(dressed(rng, form.format(n=item.name)), filled, item.name, str(item.price))


def _material(rng: Random, item: Product) -> Chat:
    form = rng.choice(("What is the {n} made of?", "Which material is the {n}?",
                       "What material do you use for the {n}?"))  # fmt: skip
    answer = f"The {item.name} is made of {item.material}."
    return ask(dressed(rng, form.format(n=item.name)), answer, item.name, item.material)


def _colour(rng: Random, item: Product) -> Chat:
    form = rng.choice(("What color is the {n}?", "Which color does the {n} have?",
                       "What colour is the {n}?",
                       "In which color do you sell the {n}?"))  # fmt: skip
    answer = f"The {item.name} is {item.colour}."
    return ask(dressed(rng, form.format(n=item.name)), answer, item.name, item.colour)


def _use(rng: Random, item: Product) -> Chat:
    form = rng.choice(("What is the {n} good for?", "What can I use the {n} for?",
                       "Why would I buy the {n}?", "Tell me about the {n}.",
                       "Do you sell {a}?", "I am looking for {a}."))  # fmt: skip
    answer = (
        f"Our {item.name} is good for {item.use}. It is made of {item.material} "
        f"and costs {item.price} dollars."
    )
    question = form.format(n=item.name, a=article(item.name))
    return ask(dressed(rng, question), answer, item.name, item.use, str(item.price))


def _total(rng: Random, item: Product) -> Chat:
    count = rng.randint(2, 5)
    question = f"How much do {count} of the {item.name} cost?"
    total = count * item.price
    answer = f"{count} times {item.price} is {total}, so that is {total} dollars."
    return ask(dressed(rng, question), answer, str(total))


def make(rng: Random) -> Chat:
    if rng.random() < 0.4:
        return _house(rng)
    kind = rng.choices((_price, _material, _colour, _use, _total), (4, 3, 3, 4, 1))[0]
    return kind(rng, rng.choice(PRODUCTS))


def make_simple(rng: Random) -> Chat:
    """Questions whose answers need recall alone."""
    while True:
        chat = make(rng)
        if " times " not in chat.answer:
            return chat
