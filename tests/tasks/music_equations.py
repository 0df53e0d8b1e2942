"""The music model's equations in NumPy, token by token, from the weights of a network."""

import numpy as np

from seqtasks.tasks.music.network import ABOVE, COLUMNS, GAP, MOVE, REACH, SPEED


def pitch(token):
    """127 + 60 is 60, held over."""
    return int(token) - 127 if token > 127 else int(token)


STILL = 255  # said first and alone of a step in which all is held over


def log_probabilities(network, rows, known, genre):
    """ln p of each step, and the log odds that the piece is over before the last one.

    network: of one layer of the cell `rnn`. rows: tokens, (steps, columns); known: the clock.
    """
    w = {
        v.path.removeprefix("music_model/"): v.numpy().astype(np.float64)
        for v in network.trainable_variables
    }
    table = {path.split("/")[0]: value for path, value in w.items() if "embeddings" in path}
    notation = network.notation
    into, inside, bias = (
        next(w[path] for path in w if path.startswith("recurrent_0") and path.endswith(end))
        for end in ("/kernel", "/recurrent_kernel", "/bias")
    )
    h, before, found = np.zeros(network.config.units), [0] * len(rows[0]), []
    for row, c in zip(rows, known, strict=True):
        x, y = (
            sum(table[f"heard_{n}"][_row(notation, k, i)] for i, k in _counted(notation, before))
            + sum(table[f"seen_{j}_{n}"][number] for j, number in enumerate([*c, genre]))
            for n in (0, 1)
        )
        tonic = (genre - 1) % 12 if notation.by_tonic and genre else None
        for i, k in _counted(notation, before):
            y = y + table["degrees_before"][_degree(k, tonic) + 13 * i * bool(notation.voices)]
        h = np.tanh(x @ into + h @ inside + bias)
        s = h @ w["remembered/kernel"] + w["remembered/bias"] + y
        asked = len(row) if notation.voices else sum(k > 0 for k in row) + 1
        still = notation.ties and list(row) == _held_over(before)
        said, logs = ([STILL], 0.0) if still else (row[:asked], 0.0)
        for i, token in enumerate(said):
            so_far = sum(table["so_far"][_row(notation, row[j], j)] for j in range(i))
            u = _logits(w, table, s + so_far, before, row[:i], tonic)
            may_be = possible(notation, before, row[:i])
            u[[k not in may_be for k in range(256)]] = -np.inf
            logs += u[token] - u.max() - np.log(np.exp(u - u.max()).sum())
        found.append(logs)
        before = row
    return found, (s @ w["ending/kernel"] + w["ending/bias"])[0]


def _logits(w, table, a, before, tones, tonic):
    """Of the token behind `tones`, in the step after `before`."""
    i = len(tones)
    own = pitch(before[i])
    above = [pitch(tones[i - j]) if i >= j else 0 for j in range(1, ABOVE + 1)]
    past = [pitch(before[i - j]) if i >= j else 0 for j in range(1, ABOVE + 1)]
    gaps = [_distance(own, p, GAP) for p in past]
    a = a + table["same_place"][before[i]] + table["latest"][tones[-1] if tones else 0]
    a = a + table["columns"][min(i, COLUMNS - 1)]
    for j in range(ABOVE):
        a = a + table["gaps"][j * (2 * GAP + 2) + gaps[j]]
        a = a + table["moves"][j * (2 * MOVE + 2) + _distance(past[j], above[j], MOVE)]
    for j, p in enumerate([own, *above]):
        a = a + table["degrees_near"][13 * j + _degree(p, tonic)]
    z = np.maximum(a, 0) @ w["middle/kernel"] + w["middle/bias"]
    z = np.maximum(z, 0)
    u = z @ w["tokens/kernel"] + w["tokens/bias"]
    distances = z @ w["distances/kernel"] + w["distances/bias"]
    degrees = z @ w["degrees/kernel"] + w["degrees/bias"]
    u[128:255] += z @ w["holding/kernel"] + w["holding/bias"]
    for p in range(1, 128):
        if own and abs(p - own) <= REACH:
            u[p] += distances[p - own + REACH]
        if tonic is not None:
            u[p] += degrees[(p - tonic) % 12]
        for j in range(ABOVE):  # the interval up to a tone above, given whether that tone moved
            if above[j] and abs(above[j] - p) <= GAP:
                moved = int(past[j] != above[j])
                intervals = table["intervals"][(2 * j + moved) * (2 * GAP + 2) + gaps[j]]
                u[p] += SPEED * intervals[above[j] - p + GAP]
    return u


def possible(notation, before, tones):
    """The tokens that can be behind `tones`, in the step after `before`."""
    i = len(tones)
    sounded = {pitch(before[i])} if notation.voices else set(map(pitch, before))
    top = pitch(tones[-1]) if i and not notation.voices else 128
    found = set(range(top))
    if not notation.ties:
        return found
    found |= {127 + p for p in sounded if 0 < p < top}
    held = _held_over(before)
    last = i == len(before) - 1 if notation.voices else not held[i]
    if last and list(tones) == held[:i]:  # then all would be held over, which STILL says
        found.remove(held[i])
    return found | ({STILL} if i == 0 else set())


def _held_over(tokens):
    return [127 + pitch(k) if k else 0 for k in tokens]


def _counted(notation, tokens):
    return [(i, k) for i, k in enumerate(tokens) if k or notation.voices]


def _row(notation, token, i):
    return token + 256 * i if notation.voices else token


def _degree(token, tonic):
    return (pitch(token) - tonic) % 12 + 1 if token and tonic is not None else 0


def _distance(low, high, most):
    return 1 + most + int(np.clip(high - low, -most, most)) if low and high else 0
