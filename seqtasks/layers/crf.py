"""A linear-chain conditional random field as a Keras layer."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqtasks.layers import crf_algorithms as algorithms

Tensor = Any


@keras.saving.register_keras_serializable(package="seqtasks")
class CRF(keras.layers.Layer):
    """Linear-chain conditional random field over the tags of a sequence.

    A path of tags y over the n steps of a row, with u_t(j) the score that the network gives to
    tag j at step t, has

        score(y) = start(y_0) + Σ_t u_t(y_t) + Σ_{t>0} T(y_{t-1}, y_t) + end(y_{n-1})
        p(y) = exp(score(y)) / Z,    Z = Σ_y exp(score(y)) over all paths

    The layer learns T (`transitions`, row: from, column: to), `start` and `end`. The scores u
    come from the layer before it, commonly `Dense(num_tags)` without an activation. Called, it
    gives the most probable path; with `tags=` it also adds the loss −log p(tags), the mean over
    the rows that have a step, so that a model with it trains by `fit` without a loss of its own:

        words = keras.Input((None,), dtype="int32")
        tags = keras.Input((None,), dtype="int32")
        x = keras.layers.Embedding(1000, 32, mask_zero=True)(words)
        scores = keras.layers.Dense(5)(x)
        crf = CRF(5)
        trainer = keras.Model([words, tags], crf(scores, tags=tags))
        trainer.compile("adam")
        trainer.fit([word_ids, tag_ids], epochs=10)
        tagger = keras.Model(words, crf(scores))  # the same weights
        predicted = tagger.predict(word_ids)

    In a training loop of one's own, `-log_likelihood(scores, tags, mask)` is the loss of each row.

    **Masking.** A masked step is skipped, wherever it is: its neighbours follow each other.
    Nothing in it counts, not even NaN. Tags, marginals and log-probabilities there are 0. A row
    without any step has log-likelihood 0. The layer takes the mask of `scores` from Keras; the
    methods take it as an argument, boolean of shape (batch, time).

    **Constraints.** What is forbidden has a score of −10⁶ added, apart from the trained weights:
    its probability is 0 and no decoded path has it, unless a row allows nothing else. A true path
    that breaks a constraint has a log-likelihood of about −10⁶ for each breach. Its gradients are
    as small as any other's, but keep such rows out of the training data.

    **Precision.** All is computed in float32, under mixed policies too; in float64 where the
    scores or the weights are float64.

    Args:
        num_tags: number of tags, a positive integer.
        use_boundary: whether to learn the scores `start` and `end`.
        forbidden_transitions: boolean (num_tags, num_tags); `[i][j]`: j must not follow i.
        forbidden_starts: boolean (num_tags,): must not be the first tag.
        forbidden_ends: boolean (num_tags,): must not be the last tag. `transition_constraints`
            makes all three from tag names.
        transitions_initializer, transitions_regularizer, transitions_constraint: of T.
        boundary_initializer, boundary_regularizer, boundary_constraint: of start and end.

    Call arguments:
        scores: (batch, time, num_tags).
        tags: optional integers (batch, time): the true path; adds the loss.
        mask: optional boolean (batch, time). `scores_mask` is the name by which Keras passes the
            mask of `scores` when there are `tags` as well.

    Returns:
        The most probable path, int32 (batch, time).

    Raises:
        ValueError: an argument of the wrong type, rank or size.
        tf.errors.InvalidArgumentError: a tag outside 0 … num_tags − 1 at an unmasked step (on a
            CPU; compiled by XLA or on a GPU this goes unnoticed).

    Reference:
        Lafferty, McCallum and Pereira, "Conditional random fields: probabilistic models for
        segmenting and labeling sequence data", ICML 2001. For forward-backward and Viterbi,
        Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77(2), 1989.
    """

    def __init__(
        self,
        num_tags: int,
        use_boundary: bool = True,
        forbidden_transitions: Any = None,
        forbidden_starts: Any = None,
        forbidden_ends: Any = None,
        transitions_initializer: Any = "zeros",
        transitions_regularizer: Any = None,
        transitions_constraint: Any = None,
        boundary_initializer: Any = "zeros",
        boundary_regularizer: Any = None,
        boundary_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        if isinstance(num_tags, bool) or not isinstance(num_tags, int | np.integer) or num_tags < 1:
            raise ValueError(f"`num_tags` must be a positive integer, got {num_tags!r}")
        self.num_tags = int(num_tags)
        self.use_boundary = use_boundary
        pairs, single = (self.num_tags, self.num_tags), (self.num_tags,)
        self.forbidden_transitions = _flags("forbidden_transitions", forbidden_transitions, pairs)
        self.forbidden_starts = _flags("forbidden_starts", forbidden_starts, single)
        self.forbidden_ends = _flags("forbidden_ends", forbidden_ends, single)
        self.transitions_initializer = keras.initializers.get(transitions_initializer)
        self.transitions_regularizer = keras.regularizers.get(transitions_regularizer)
        self.transitions_constraint = keras.constraints.get(transitions_constraint)
        self.boundary_initializer = keras.initializers.get(boundary_initializer)
        self.boundary_regularizer = keras.regularizers.get(boundary_regularizer)
        self.boundary_constraint = keras.constraints.get(boundary_constraint)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights; `input_shape` is that of the scores."""
        self._check_scores(input_shape)
        self.transitions = self.add_weight(
            name="transitions",
            shape=(self.num_tags, self.num_tags),
            initializer=self.transitions_initializer,
            regularizer=self.transitions_regularizer,
            constraint=self.transitions_constraint,
            autocast=False,
        )
        if self.use_boundary:
            self.start, self.end = (
                self.add_weight(
                    name=name,
                    shape=(self.num_tags,),
                    initializer=self.boundary_initializer,
                    regularizer=self.boundary_regularizer,
                    constraint=self.boundary_constraint,
                    autocast=False,
                )
                for name in ("start", "end")
            )

    def call(
        self, scores: Tensor, tags: Tensor = None, mask: Tensor = None, scores_mask: Tensor = None
    ) -> Tensor:
        """Decode, and with `tags` add the loss; see the class."""
        mask = scores_mask if mask is None else mask
        if tags is not None:
            likelihood = self.log_likelihood(scores, tags, mask)
            rows = tf.shape(likelihood)[0]
            if mask is not None:
                rows = tf.math.count_nonzero(tf.reduce_any(tf.cast(mask, tf.bool), axis=1))
            self.add_loss(
                -tf.math.divide_no_nan(tf.reduce_sum(likelihood), tf.cast(rows, likelihood.dtype))
            )
        return self.decode(scores, mask)[0]

    def compute_output_spec(
        self, scores: Any, tags: Any = None, mask: Any = None, scores_mask: Any = None
    ) -> keras.KerasTensor:
        """Shape and type of the decoded path."""
        return keras.KerasTensor(scores.shape[:2], dtype="int32")

    def log_likelihood(
        self, scores: Tensor, tags: Tensor, mask: Tensor = None, constrained: bool = True
    ) -> Tensor:
        """log p(tags) of each row: score(tags) − log Z, (batch,).

        `scores` is (batch, time, num_tags), `tags` integer and `mask` boolean (batch, time).
        With `constrained=False` forbidden paths count in Z as any others: a model trained so
        learns the constraints itself, and its scores of single steps tell more of them.
        """
        rows, (tags,), transitions, unary = self._rows(scores, mask, tags, constrained=constrained)
        # Every path of a row gives up what the true one has from the scores: the two terms stay
        # small where it is probable, and their difference loses no digit.
        level = tf.gather(rows.values[0], tags[:, :, None], axis=2, batch_dims=2)
        unary -= tf.stop_gradient(level)
        return algorithms.path_score(
            unary, transitions, tags, rows.lengths
        ) - algorithms.log_partition(unary, transitions, rows.lengths)

    def log_partition(self, scores: Tensor, mask: Tensor = None) -> Tensor:
        """log Z of each row, (batch,); 0 for a row without a step."""
        rows, _, transitions, unary = self._rows(scores, mask)
        return algorithms.log_partition(unary, transitions, rows.lengths)

    def decode(self, scores: Tensor, mask: Tensor = None) -> tuple[Tensor, Tensor]:
        """The most probable path, int32 (batch, time), and its score, (batch,): Viterbi."""
        rows, _, transitions, unary = self._rows(scores, mask)
        tags = algorithms.viterbi(unary, transitions, rows.lengths)
        return rows.spread(tags), algorithms.path_score(unary, transitions, tags, rows.lengths)

    def marginals(self, scores: Tensor, mask: Tensor = None) -> Tensor:
        """The posterior p(y_t = j) of each tag at each step, (batch, time, num_tags)."""
        rows, _, transitions, unary = self._rows(scores, mask)
        return rows.spread(algorithms.marginals(unary, transitions, rows.lengths))

    def span_log_probability(
        self, scores: Tensor, tags: Tensor, continues: Any, mask: Tensor = None
    ) -> Tensor:
        """How probable each span of a path is, over all paths: exact, not a product of marginals.

            path, _ = crf.decode(scores, mask)
            continues = span_continuations(names, "IOB2")
            log_p = crf.span_log_probability(scores, path, continues, mask)

        A span is a maximal stretch of steps y_i … y_j each of which continues the one before it;
        an O is one by itself. Its probability is that of all paths that have exactly the tags
        y_i … y_j there, and neither continue them at j + 1 nor continue into them from i − 1.

        Args:
            scores: (batch, time, num_tags).
            tags: integers (batch, time), any path, say a decoded one.
            continues: boolean (num_tags, num_tags); `[i][j]`: tag j carries on a span after tag
                i. `span_continuations` makes it.
            mask: boolean (batch, time).

        Returns:
            (batch, time): at each step the natural logarithm of the probability of its span.
        """
        continues = tf.constant(_flags("continues", continues, (self.num_tags, self.num_tags)))
        rows, (tags,), transitions, unary = self._rows(scores, mask, tags)
        return rows.spread(
            algorithms.span_log_probability(unary, transitions, tags, continues, rows.lengths)
        )

    def _rows(
        self, scores: Tensor, mask: Tensor, *tags: Tensor, constrained: bool = True
    ) -> tuple[algorithms.Compact, list[Tensor], Tensor, Tensor]:
        """Compact rows, their tags, transitions with constraints, unary scores with boundaries."""
        scores = tf.convert_to_tensor(scores)
        self._check_scores(scores.shape)
        if not self.built:
            self.build(scores.shape)
        dtypes = scores.dtype, tf.as_dtype(self.transitions.dtype)
        dtype = tf.float64 if tf.float64 in dtypes else tf.float32
        if mask is None:
            mask = tf.ones_like(scores[:, :, 0], dtype=tf.bool)
        mask = tf.cast(mask, tf.bool)
        tags = tuple(tf.convert_to_tensor(tag) for tag in tags)
        for name, value in [("mask", mask), *(("tags", tag) for tag in tags)]:
            if not value.shape.is_compatible_with(scores.shape[:2]) or value.shape.rank != 2:
                raise ValueError(
                    f"`{name}` must have shape (batch, time) = {tuple(scores.shape[:2])}, "
                    f"got {tuple(value.shape)}"
                )
        for tag in tags:
            if not tag.dtype.is_integer:
                raise ValueError(f"`tags` must be integers, got {tag.dtype.name}")
        tags = tuple(tf.cast(tag, tf.int32) for tag in tags)
        rows = algorithms.compact(mask, tf.cast(scores, dtype), *tags)

        def total(weight: Any, flags: Any) -> Tensor:
            free = flags is None or not constrained
            forbidden = 0 if free else np.asarray(flags) * algorithms.FORBIDDEN
            learnt = 0 if weight is None else tf.cast(tf.convert_to_tensor(weight), dtype)
            return learnt + tf.cast(forbidden, dtype)

        start = total(self.start if self.use_boundary else None, self.forbidden_starts)
        end = total(self.end if self.use_boundary else None, self.forbidden_ends)
        unary = rows.values[0]
        steps = tf.range(tf.shape(unary)[1])
        unary += tf.cast(steps == 0, dtype)[:, None] * start
        unary += tf.cast(steps == rows.lengths[:, None] - 1, dtype)[:, :, None] * end
        transitions = total(self.transitions, self.forbidden_transitions)
        return rows, rows.values[1:], transitions, unary

    def _check_scores(self, shape: Any) -> None:
        if len(shape) != 3 or shape[-1] != self.num_tags:
            raise ValueError(
                f"`scores` must have shape (batch, time, {self.num_tags}), got {tuple(shape)}"
            )

    def get_config(self) -> dict[str, Any]:
        """All arguments, as plain values."""
        return {
            **super().get_config(),
            "num_tags": self.num_tags,
            "use_boundary": self.use_boundary,
            "forbidden_transitions": self.forbidden_transitions,
            "forbidden_starts": self.forbidden_starts,
            "forbidden_ends": self.forbidden_ends,
            **{
                f"{weight}_{part}": getattr(keras, f"{part}s").serialize(
                    getattr(self, f"{weight}_{part}")
                )
                for weight in ("transitions", "boundary")
                for part in ("initializer", "regularizer", "constraint")
            },
        }


def _flags(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """`value` as nested lists of booleans, for the configuration."""
    if value is None:
        return None
    array = np.asarray(value)
    if array.shape != shape or not np.isin(array, (0, 1)).all():
        raise ValueError(
            f"`{name}` must be booleans of shape {shape}, got {array.dtype} of shape {array.shape}"
        )
    return array.astype(bool).tolist()
