"""Simple arithmetic in words and numbers, and counting."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import THINGS, dressed, person


def _sum(rng: Random) -> Chat:
    a, b = rng.randint(0, 99), rng.randint(0, 99)
    form = rng.choice(("What is {a} + {b}?", "What is {a} plus {b}?", "Add {a} and {b}.",
        "{a} + {b} = ?",
                       "How much is {a} plus {b}?", "Calculate {a} + {b}.", "{a}+{b}"))  # fmt: skip
    return ask(dressed(rng, form.format(a=a, b=b)), f"{a} plus {b} is {a + b}.", str(a + b))


def _difference(rng: Random) -> Chat:
    a, b = sorted((rng.randint(0, 99), rng.randint(0, 99)), reverse=True)
    form = rng.choice(("What is {a} - {b}?", "What is {a} minus {b}?", "Take {b} away from {a}.",
                       "{a} - {b} = ?", "How much is {a} minus {b}?"))  # fmt: skip
    return ask(dressed(rng, form.format(a=a, b=b)), f"{a} minus {b} is {a - b}.", str(a - b))


def _product(rng: Random) -> Chat:
    a, b = rng.randint(0, 12), rng.randint(0, 12)
    form = rng.choice(("What is {a} times {b}?", "What is {a} * {b}?", "Multiply {a} by {b}.",
                       "{a} x {b} = ?", "How much is {a} times {b}?"))  # fmt: skip
    return ask(dressed(rng, form.format(a=a, b=b)), f"{a} times {b} is {a * b}.", str(a * b))


def _comparison(rng: Random) -> Chat:
    a, b = rng.sample(range(1000), 2)
    larger = rng.random() < 0.5
    word = rng.choice(("larger", "bigger", "greater") if larger else ("smaller", "less"))
    winner, loser = (max(a, b), min(a, b)) if larger else (min(a, b), max(a, b))
    form = rng.choice(("Which is {w}, {a} or {b}?", "Which number is {w}: {a} or {b}?",
                       "{a} or {b}: which one is {w}?"))  # fmt: skip
    answer = f"{winner} is {word if word != 'less' else 'less'} than {loser}."
    return ask(dressed(rng, form.format(w=word, a=a, b=b)), answer, str(winner))


def _parity(rng: Random) -> Chat:
    n = rng.randint(0, 999)
    kind = "odd" if n % 2 else "even"
    form = rng.choice(
        ("Is {n} even or odd?", "Is {n} an even number?", "Is {n} odd?", "Tell me if {n} is even.")
    )
    return ask(dressed(rng, form.format(n=n)), f"{n} is {kind}.", kind)


def _story_sum(rng: Random) -> Chat:
    name, thing = person(rng), rng.choice(THINGS)
    a, b = rng.randint(2, 40), rng.randint(1, 30)
    if rng.random() < 0.5:
        verb = rng.choice(("buys", "finds", "gets"))
        text = f"{name} has {a} {thing} and {verb} {b} more. How many {thing} does {name} have now?"
        return ask(text, f"{a} plus {b} is {a + b}, so {name} has {a + b} {thing}.", str(a + b))
    a += b
    verb = rng.choice(("loses", "sells", "gives away"))
    text = f"{name} has {a} {thing} and {verb} {b}. How many {thing} does {name} have now?"
    return ask(text, f"{a} minus {b} is {a - b}, so {name} has {a - b} {thing}.", str(a - b))


def _counting(rng: Random) -> Chat:
    first = rng.choice((1, 1, 1, rng.randint(0, 60)))
    last = first + rng.choice((rng.randint(2, 20), rng.randint(10, 60), rng.randint(40, 200)))
    form = rng.choice(("Count from {a} to {b}.", "Please count from {a} to {b}.",
                       "Count to {b}, starting at {a}.",
                       "List the numbers from {a} to {b}."))  # fmt: skip
    if first == 1 and rng.random() < 0.3:
        form = "Count to {b}."
    numbers = ", ".join(str(n) for n in range(first, last + 1))
    return ask(form.format(a=first, b=last), numbers + ".", str(last))


def _next(rng: Random) -> Chat:
    start, step = rng.randint(0, 40), rng.randint(1, 10)
    terms = [str(start + step * i) for i in range(5)]
    form = rng.choice(("What comes next: {t}?", "Which number comes after {t}?", "Continue: {t}."))
    return ask(form.format(t=", ".join(terms[:4])), f"The next number is {terms[4]}.", terms[4])


def make(rng: Random) -> Chat:
    kinds = (_sum, _difference, _product, _comparison, _parity, _story_sum, _counting, _next)
    return rng.choices(kinds, (6, 4, 4, 2, 2, 4, 3, 1))[0](rng)
