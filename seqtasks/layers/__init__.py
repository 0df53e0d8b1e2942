"""Recurrent layers and a CRF for Keras 3."""

from seqtasks.layers.crf import CRF as CRF
from seqtasks.layers.crf_constraints import span_continuations as span_continuations
from seqtasks.layers.crf_constraints import transition_constraints as transition_constraints
