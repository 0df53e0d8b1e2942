"""What runs answer, asked by their Python interface: to be compared with what their exports do.

Each function gives a row for each text, without padding: its numbers as arrays, its strings as
lists. Texts are bytes; a byte that is no UTF-8 reads as U+FFFD does, to the run as to the export.
"""

import math

import numpy as np
import tensorflow as tf

from seqtasks.datasets.tokenizer import sentences
from seqtasks.tasks.music.generation import Ask, sample


def decoded(texts):
    return [text.decode("utf-8", "replace") for text in texts]


def tagged(tagger, texts):
    cut = tagger.tokenize(tf.constant(texts, tf.string))
    # those of `tag_texts` are rounded, and of entities alone
    _, confidences = tagger.tag(sentences(cut))
    confidences = cut.text.with_flat_values(confidences)
    return [
        {
            "tokens": line.tokens,
            "tags": line.tags,
            "start": cut.start_byte[i].numpy(),
            "end": cut.end_byte[i].numpy(),
            "confidence": confidences[i].numpy(),
        }
        for i, line in enumerate(tagger.tag_texts(decoded(texts)))
    ]


def tagged_tokens(tagger, rows):
    return [{"tags": list(tags)} for tags in tagger.tag_sentences(rows)]


def classified(classifier, texts):
    scores = classifier.scores_of(classifier.tokenize(tf.constant(texts, tf.string)).text)
    # those of `classify` are rounded
    probabilities = classifier.network.probabilities(scores).numpy()
    answers = classifier.classify(decoded(texts))
    return [
        {"label": answer.label, "probability": row.max(), "probabilities": row}
        for answer, row in zip(answers, probabilities, strict=True)
    ]


def scored(model, texts):
    return [
        {
            "log_prob": score.log10 * math.log(10),
            "tokens": [token.text for token in score.detail],
            "token_log_probs": np.array([token.log10 * math.log(10) for token in score.detail]),
        }
        for score in model.score(decoded(texts))
    ]


def continued(model, prompts, max_tokens, **settings):
    """Row by row: the run draws many from one prompt, the export one from each of many."""
    drawn = {
        prompt: model.generate(*decoded([prompt]), num=len(prompts), length=max_tokens, **settings)
        for prompt in set(prompts)
    }
    return [{"text": drawn[prompt][i]} for i, prompt in enumerate(prompts)]


def composed(composer, genres, steps, **settings):
    drawn = {
        genre: composer.generate(steps, num=len(genres), genre=genre, **settings)
        for genre in set(genres)
    }
    pieces = [drawn[genre][i] for i, genre in enumerate(genres)]
    return [
        {"notes": piece.pitches, "struck": piece.struck, "length": len(piece)} for piece in pieces
    ]


def states_after(composer, genres, steps, temperature, top_p, seed):
    """The recurrent states after the last step of such pieces."""
    ask = Ask(
        genre=tf.constant(genres, tf.int32),
        steps=tf.constant(steps),
        bar=tf.constant(composer.notation.bar),
        place=tf.constant(0),
        countdown=tf.constant(composer.config.countdown),
        temperature=tf.constant(temperature),
        top_p=tf.constant(top_p),
        seed=tf.constant(seed, tf.int64),
        given=tf.zeros((0, composer.notation.width), tf.int32),
    )
    _, half = tf.function(lambda: sample(composer.network, ask), autograph=False)()
    return [[state.numpy() for state in layer] for layer in half.states]
