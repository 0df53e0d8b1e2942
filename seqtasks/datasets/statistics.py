"""What is in a split of tagged or labelled text, for people."""

from collections import Counter
from collections.abc import Sequence

from seqtasks.datasets.examples import LabelledText, TaggedSentence, TaggedText
from seqtasks.datasets.tags import spans

Example = TaggedSentence | TaggedText


def statistics(examples: Sequence[Example]) -> str:
    """One line: how many examples, words and entities of each type."""
    words, types = 0, Counter[str]()
    for example in examples:
        if isinstance(example, TaggedSentence):
            words += len(example.tokens)
            types.update(span.type for span in spans(example.tags))
        else:
            words += len(example.text.split())
            types.update(entity.type for entity in example.entities)
    each = ", ".join(f"{type_} {count:,}" for type_, count in sorted(types.items()))
    return f"{len(examples):,} sentences, {words:,} words, {types.total():,} entities ({each})"


def marked(example: Example) -> str:
    """One line: the text with its entities marked, as in `[PER Ana] slept.`."""
    if isinstance(example, TaggedSentence):
        pieces: list[str] = []
        place = 0
        for start, end, type_ in spans(example.tags):
            pieces += example.tokens[place:start]
            pieces.append(f"[{type_} {' '.join(example.tokens[start:end])}]")
            place = end
        return " ".join([*pieces, *example.tokens[place:]])
    shown, place = "", 0
    for start, end, type_ in example.entities:
        shown += f"{example.text[place:start]}[{type_} {example.text[start:end]}]"
        place = end
    return shown + example.text[place:]


def label_statistics(examples: Sequence[LabelledText]) -> str:
    """One line: how many texts and words, and texts of each label."""
    words = sum(len(example.text.split()) for example in examples)
    labels = Counter(example.label for example in examples)
    each = ", ".join(f"{label} {count:,}" for label, count in sorted(labels.items()))
    return f"{len(examples):,} texts, {words:,} words ({each})"


def labelled(example: LabelledText) -> str:
    """One line: the label and the text, as in `positive  I loved it.`."""
    return f"{example.label}  {' '.join(example.text.split())}"


def text_statistics(documents: Sequence[str]) -> str:
    """Counts of plain text in one line: documents, lines, words between blanks, characters."""
    lines = sum(len(text.splitlines()) for text in documents)
    words = sum(len(text.split()) for text in documents)
    characters = sum(map(len, documents))
    return (
        f"{len(documents):,} documents, {lines:,} lines, {words:,} words, {characters:,} characters"
    )


def beginning(document: str) -> str:
    """The first 200 characters of a document, on one line."""
    text = " ".join(document[:1000].split())
    return text if len(text) <= 200 else text[:199] + "…"
