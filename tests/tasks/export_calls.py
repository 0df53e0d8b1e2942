"""What exports are asked in their tests, as `fresh_exports` wants it."""

from tests.tiny_lm import LINES
from tests.tiny_ner import SENTENCES

SIZES = (1, 7, 64)

# what texts can hold, bytes that are no UTF-8 among it; then a batch of 64 of mixed lengths
TEXTS = [
    b"",
    b"  \t ",
    b"\n",
    b"\xff\xfe",
    b"Ana \xff\xfe Tim",
    b"Oslo \xe2\x82",
    b"\xed\xa0\x80 Tim \xc0\xaf",
    b"a\x00b",
    "😀 Zoë sings — in  New York… «Bob»\nNever again!".encode(),
    "naïve\u0301 café \u200d".encode(),
    b"...",
    b"Tim lives in Oslo. The screen broke after a week! " * 8,
    *(line.encode() for line in LINES[:2]),
    *(" ".join(sentence.tokens).encode() for sentence in SENTENCES),
    *(f"The boat {number} lies in Paris.".encode() for number in range(38)),
]
FEW = 14  # of these, called in small batches
LONG = b"it is as Tim " * 2500  # 10,000 words
MIXED = [b"Tim sails", LONG, b""]
WIDTH = 12  # of rows of tokens, padding included
TOKENS = [[*s.tokens] for s in SENTENCES] + [[]]
TOKENS = [TOKENS[i % len(TOKENS)] for i in range(64)]
PROMPTS = [b"", b"Anna has", b"The gulls", b"Tom \xff", LINES[4].encode()]
PROMPTS = [PROMPTS[i % len(PROMPTS)] for i in range(64)]
GENRES = [(0, 1, 8, 22)[i % 4] for i in range(64)]
SPEAK = {
    "drawn": {"max_tokens": 8, "temperature": 0.9, "top_k": 20, "top_p": 0.95, "seed": 3},
    "likeliest": {"max_tokens": 8, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "seed": 3},
}
WAYS = {
    "drawn": {},
    "again": {},
    "other": {"seed": 4},
    "greedy": {"temperature": 0.0},
    "greedy too": {"top_k": 1, "seed": 9},
    "few": {"top_k": 3, "temperature": 0.7},
    "probable": {"top_p": 0.5},
}
SPEAK_FREELY = {"max_tokens": 12, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "seed": 3}
STRANGE = ["", "Anna has", "The gulls", "walrus", "Every morning she feeds", "😀", "a " * 40]
PLAY = {
    "drawn": {"steps": 10, "temperature": 0.9, "top_p": 0.95, "seed": 3},
    "likeliest": {"steps": 10, "temperature": 0.0, "top_p": 1.0, "seed": 3},
}


def plain(x):
    """Bytes as Latin-1, as `fresh_exports` wants them."""
    if isinstance(x, list):
        return [plain(item) for item in x]
    return x.decode("latin-1") if isinstance(x, bytes) else x


def in_batches(label, signature, name, rows, few=1, **more):
    """Calls in batches of each size, of so `few` rows at least; of what is drawn, of one batch.

    (A row is drawn by its number in the batch.)
    """
    calls = {}
    for size in SIZES:
        some = rows[: max(size, few)]
        batches = [plain(some[i : i + size]) for i in range(0, len(some), size)]
        calls[f"{label} {size}"] = [signature, [{name: batch, **more} for batch in batches]]
    return calls


def calls_of(task):
    """What an export is asked: by label a signature, and the inputs of its calls."""
    if task == "music":
        calls = {"steps": ["step", [{"genre": GENRES[:7], **PLAY["drawn"]}]]}
        for way, settings in PLAY.items():
            calls |= in_batches(way, "serving_default", "genre", GENRES, **settings)
        return calls
    calls = in_batches("text", "serving_default", "text", TEXTS, FEW)
    calls["mixed"] = ["serving_default", [{"text": plain(MIXED)}]]
    if task == "ner":
        rows = [[token.encode() for token in row] + [b""] * (WIDTH - len(row)) for row in TOKENS]
        calls |= in_batches("tokens", "tokens", "tokens", rows, FEW)
    elif task == "lm":
        for way, settings in SPEAK.items():
            calls |= in_batches(way, "generate", "prompt", PROMPTS, **settings)
        few = {**SPEAK["drawn"], "max_tokens": 3}
        calls["mixed prompts"] = ["generate", [{"prompt": plain(MIXED[:2]), **few}]]
        strange = {"prompt": plain([text.encode() for text in STRANGE])}
        for way, settings in WAYS.items():
            calls[f"way {way}"] = ["generate", [{**strange, **SPEAK_FREELY, **settings}]]
    return calls
