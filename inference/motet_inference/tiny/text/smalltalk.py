"""Small talk: greetings, thanks, feelings, jokes, and who the assistant is."""

from random import Random

from motet_inference.tiny.text.chat import Chat, ask
from motet_inference.tiny.text.words import dressed, person

_HELLO = ("Hello", "Hi", "Hey", "Hi there", "Hello there", "Good morning", "Good afternoon",
          "Good evening", "Greetings", "Hey there")  # fmt: skip
_OFFER = ("How can I help you today?", "What can I do for you?", "How can I help?",
          "What would you like to talk about?")  # fmt: skip

_IDENTITY = {
    "name": (
        ("What is your name?", "Who are you?", "What should I call you?", "Do you have a name?",
         "Who am I talking to?", "Introduce yourself.", "Tell me about yourself."),
        ("My name is Motet Tiny. I am a small assistant.",
         "I am Motet Tiny, a small assistant who likes to help."),
        ("Motet Tiny",),
    ),
    "size": (
        ("How big are you?", "How many parameters do you have?", "Are you a large model?",
         "How large are you?"),
        ("I am quite small: about five million parameters.",
         "I have about five million parameters, so I am a very small model."),
        ("five million",),
    ),
    "human": (
        ("Are you a human?", "Are you a real person?", "Are you a robot?", "Are you an AI?",
         "Am I talking to a machine?"),
        ("I am not a person. I am a small language model.",
         "No, I am a small language model, but I am happy to talk."),
        ("small language model",),
    ),
    "skill": (
        ("What can you do?", "How can you help me?", "What are you good at?", "What do you know?",
         "Can you help me?", "I need help.", "Help!"),
        ("I can answer questions, do simple sums, make lists, rewrite sentences and tell stories.",
         "I can help with questions about the shop, simple sums, lists, rewriting and stories."),
        ("stories",),
    ),
    "made": (
        ("Who made you?", "Where do you come from?", "Who built you?", "Who trained you?"),
        ("I come with Motet, and I was trained on text made for me.",
         "I am part of Motet. I learned from simple texts."),
        ("Motet",),
    ),
}  # fmt: skip

_FEELINGS = {
    "tired": "I am sorry to hear that. A short rest and a glass of water may help.",
    "sad": "I am sorry that you feel sad. Would you like to hear a story?",
    "happy": "That is lovely to hear. What made your day so good?",
    "bored": "Let us do something fun. I could tell you a story or a joke.",
    "hungry": "Then it is time for a snack. Some fruit or bread would be nice.",
    "cold": "A warm drink and a blanket should help.",
    "worried": "I understand. Tell me what is on your mind, and we can look at it together.",
    "excited": "How nice! Tell me what you are looking forward to.",
    "angry": "I am sorry that it made you angry. Take a slow breath and tell me what happened.",
    "lonely": "I am glad that you are here. We can talk for as long as you like.",
}

_JOKES = (
    "Why did the lamp go to school? It wanted to be a little brighter.",
    "What do you call a sleeping kettle? A little steamed out.",
    "Why was the broom late? It overswept.",
    "What did the wall say to the other wall? I will meet you at the corner.",
    "Why did the clock leave the table? It had no more time to eat.",
    "What has many teeth but never bites? A comb.",
)

_REPLIES = {
    ("Thank you!", "Thanks a lot!", "Thanks for your help.", "That was helpful.", "Great, thanks.",
     "Thanks, that is all."): (
        "You are welcome! Let me know if there is anything else.",
        "I am glad that I could help.", "You are very welcome."),
    ("Goodbye!", "Bye!", "See you later.", "Good night!", "I have to go now.",
        "Talk to you soon."): (
        "Goodbye! Have a lovely day.", "Goodbye, and come back soon.",
        "Take care, and see you soon."),
    ("How are you?", "How are you doing?", "How do you feel today?", "How is it going?",
     "What is up?", "Are you well?"): (
        "I am doing well, thank you. How are you?", "I am well, thanks for asking. How about you?"),
    ("I am sorry.", "Sorry about that.", "My mistake.", "I was wrong."): (
        "No problem at all.", "That is quite all right."),
    ("You are great.", "You are very kind.", "I like you.", "Good job!", "Well done!"): (
        "Thank you, that is very kind of you.", "Thank you! I do my best."),
    ("Yes.", "Okay.", "Sure.", "Fine.", "All right.", "Sounds good."): (
        "Good. What would you like to do next?", "All right. How can I help?"),
    ("No.", "Not really.", "No, thanks.", "Maybe later."): (
        "That is fine. I am here if you need me.",),
    ("What time is it?", "What day is it today?", "What is the date?",
        "What is the weather like?"): (
        "I cannot see that from here, but your phone or computer can tell you.",),
}  # fmt: skip


def _greeting(rng: Random) -> Chat:
    hello = rng.choice(_HELLO)
    if rng.random() < 0.35:
        mark = rng.choice(["!", ".", "", ", assistant!", "."])
        return ask(hello + mark, f"Hello! {rng.choice(_OFFER)}", "Hello")
    name = person(rng)
    form = rng.choice(("{h}, I am {n}.", "{h}! My name is {n}.", "{h}. {n} here.",
        "{h}, this is {n}.",
                       "{h}! They call me {n}.", "My name is {n}.",
                       "I am {n}, nice to meet you."))  # fmt: skip
    extra = rng.choice(("", "", " Nice to meet you.", " How are you?", " I am new here.",
                        " Can you help me?", " It is a fine day.",
                        " I found you today."))  # fmt: skip
    return ask(form.format(h=hello, n=name) + extra, f"Hello, {name}! {rng.choice(_OFFER)}", name)


def _identity(rng: Random) -> Chat:
    questions, answers, facts = _IDENTITY[rng.choice(list(_IDENTITY))]
    return ask(dressed(rng, rng.choice(questions)), rng.choice(answers), *facts)


def _feeling(rng: Random) -> Chat:
    feeling = rng.choice(list(_FEELINGS))
    form = rng.choice(("I am {f}.", "I feel {f}.", "I am so {f} today.", "I feel a bit {f}.",
                       "Today I am {f}.", "I feel very {f} right now.",
                       "My friend is {f}."))  # fmt: skip
    return ask(dressed(rng, form.format(f=feeling)), _FEELINGS[feeling])


def _joke(rng: Random) -> Chat:
    question = rng.choice(("Tell me a joke.", "Do you know a joke?", "Make me laugh.",
                           "Say something funny.", "I want to hear a joke."))  # fmt: skip
    return ask(dressed(rng, question), rng.choice(_JOKES))


def _reply(rng: Random) -> Chat:
    questions = rng.choice(list(_REPLIES))
    return ask(rng.choice(questions), rng.choice(_REPLIES[questions]))


def make(rng: Random) -> Chat:
    kind = rng.choices((_greeting, _identity, _feeling, _joke, _reply), (5, 3, 2, 1, 3))[0]
    return kind(rng)
