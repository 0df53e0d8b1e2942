"""Recurrent layers and a CRF for Keras 3."""

from seqtasks.layers.bidirectional import Bidirectional as Bidirectional
from seqtasks.layers.crf import CRF as CRF
from seqtasks.layers.crf_constraints import span_continuations as span_continuations
from seqtasks.layers.crf_constraints import transition_constraints as transition_constraints
from seqtasks.layers.gru import GRU as GRU
from seqtasks.layers.gru import GRUCell as GRUCell
from seqtasks.layers.lstm import LSTM as LSTM
from seqtasks.layers.lstm import LSTMCell as LSTMCell
