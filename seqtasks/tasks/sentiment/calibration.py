"""Whether probabilities mean what they say, and the temperature that makes them."""

import numpy as np

BINS = 15


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The τ > 0 for which softmax(scores / τ) gives `labels` the largest likelihood.

    scores: (texts, labels), labels: (texts,) int. By golden section on log τ from 1/20 to 20; the
    negative log-likelihood has one minimum in 1/τ. 1 where there is nothing to measure.
    """
    known = labels >= 0
    if not known.any():
        return 1.0
    scores, labels = scores[known].astype(np.float64), labels[known]

    def loss(log_temperature: float) -> float:
        z = scores / np.exp(log_temperature)
        z -= z.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), labels]))

    ratio = (np.sqrt(5) - 1) / 2
    low, high = -np.log(20.0), np.log(20.0)
    for _ in range(60):
        width = ratio * (high - low)
        if loss(high - width) < loss(low + width):
            high = low + width
        else:
            low = high - width
    return float(np.exp((low + high) / 2))


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Per bin of the chosen label's probability: its mean, the share that is right, how many.

    probabilities: (texts, labels), labels: (texts,) int, -1 for one never seen in training.
    """
    sure, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    rows = []
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            rows.append(
                {
                    "confidence": float(sure[inside].mean()),
                    "accuracy": float((chosen == labels)[inside].mean()),
                    "texts": int(inside.sum()),
                }
            )
    return rows


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance between confidence and accuracy over 15 bins of equal width, by their texts."""
    rows = reliability(probabilities, labels)
    total = sum(row["texts"] for row in rows)
    return sum(abs(r["confidence"] - r["accuracy"]) * r["texts"] for r in rows) / max(total, 1)
