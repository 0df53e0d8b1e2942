"""How `seqtasks lm` prints figures, scores and texts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from seqtasks.datasets.printable import json_line, printable

if TYPE_CHECKING:
    from seqtasks.tasks.lm.language_model import Score


def table(scores: dict[str, Any]) -> str:
    """Figures for people."""
    rows = [
        ("perplexity", f"{scores['perplexity']:.2f}"),
        ("bits a token", f"{scores['bits_per_token']:.3f}"),
        ("bits a character", f"{scores['bits_per_char']:.3f}"),
        ("nats a token", f"{scores['nats_per_token']:.4f}"),
        ("unknown tokens", f"{100 * scores['unknown_rate']:.2f}%"),
        ("tokens", f"{scores['tokens']:,}"),
    ]
    if "ngram_perplexity" in scores:
        name = f"{scores['ngram_order']}-grams, Kneser-Ney"
        rows.insert(1, (name, f"{scores['ngram_perplexity']:.2f}"))
    if "true_perplexity" in scores:
        rows.insert(1, ("the grammar's own", f"{scores['true_perplexity']:.2f}"))
        if not scores["unknown_rate"]:  # <unk> is foreseen more easily than the word it stands for
            above = 100 * (scores["perplexity"] / scores["true_perplexity"] - 1)
            rows.insert(1, ("above the best possible", f"{above:.1f}%"))
    wide = max(len(name) for name, _ in rows)
    lines = [f"{name:{wide}}  {value:>9}" for name, value in rows]
    if "agreement" in scores:
        lines += ["", "words between subject and verb: how often the verb agrees"]
        each = [f"{d:>3}: {100 * share:3.0f}%" for d, share in scores["agreement"].items()]
        lines += ["  ".join(each[i : i + 7]) for i in range(0, len(each), 7)]
    return "\n".join(lines)


def write_score(found: "Score", format_: str, tokens: bool) -> None:
    """A text's score: figures and text, every token as KenLM prints it, or JSON."""
    if format_ == "json":
        record = found._asdict()
        detail = record.pop("detail")
        if tokens:
            record["detail"] = [token._asdict() for token in detail]
        click.echo(json_line(record))
        return
    if tokens:
        each = [f"{t.text}={t.id} {n + 1} {t.log10:.4f}" for n, t in enumerate(found.detail)]
        line = "\t".join([*each, f"Total: {found.log10:.4f} OOV: {found.unknown}"])
        click.echo(printable(line))
        return
    line = f"log10 p {found.log10:9.3f}  perplexity {found.perplexity:9.2f}"
    if found.unknown:
        line += f"  (without {found.unknown} unknown: {found.log10_known:.3f}, "
        line += f"{found.perplexity_known:.2f})"
    click.echo(f"{line}  {printable(' '.join(found.text.split()))}")


def comparison(scores: "Sequence[Score]") -> str:
    """Which text is likelier, and by what factor."""
    ranked = sorted(scores, key=lambda s: -s.log10)
    best, second = (printable(" ".join(s.text.split())) for s in ranked[:2])
    factor = ranked[0].log10 - ranked[1].log10
    shown = f"{10**factor:,.{0 if factor > 2 else 2}f}" if factor < 6 else f"10^{factor:.1f}"
    if len(scores) > 2:
        return f"likeliest, {shown} times as likely as the next: {best}"
    return f"{shown} times as likely as {second!r}: {best}"


def write_text(text: str, format_: str, **more: float) -> None:
    """A generated text, with its log10 p where that is given."""
    if format_ == "json":
        click.echo(json_line({"text": text, **more}))
        return
    figure = f"{more['log10']:9.3f}  " if more else ""
    click.echo(figure + printable(text.rstrip("\n")))
