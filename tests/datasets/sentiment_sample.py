"""The sentiment sample, read once, and what one frame of it makes."""

from seqtasks.datasets.sample_sentiment import (
    COPIES,
    Review,
    fill,
    load_frames,
    load_reviews,
)
from seqtasks.datasets.sample_sentiment.fillers import Fillers

REVIEWS, FRAMES = load_reviews(), load_frames()
MADE = REVIEWS["train"] + REVIEWS["dev"]
ALL_FRAMES = FRAMES["train"] + FRAMES["dev"]


def texts(frame, copies=COPIES, label="pos"):
    """What a frame makes, in lower case and without the last mark, which are drawn."""
    made = fill(Review(label, "film", frame), copies, Fillers("test"))
    return [review.text.lower().rstrip(".!") for review in made]
