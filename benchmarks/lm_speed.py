"""How fast the language model trains, against the same one in torch, and how fast it writes.

    python benchmarks/lm_speed.py --json benchmarks/results/lm_speed.json

Training: two LSTM layers of 650 units, tied softmax over 10,000 words, batches of 20 rows of 35
words, dropout 0.4, Adam, clipping; a step from batch to new weights, ours also with its running
average. Rounds in turns, medians. The softmax's share is a step's time by one of the same sizes
with the loss and its gradients alone. Writing: a token of the compiled loop against a call,
compiled too, on the whole prefix for each token.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
import torch

from seqtasks.tasks import training
from seqtasks.tasks.lm.config import Config, check, resolve
from seqtasks.tasks.lm.data import SIGNATURE
from seqtasks.tasks.lm.generation import begin, sample
from seqtasks.tasks.lm.network import Network
from seqtasks.tasks.lm.run import training_loss
from seqtasks.tasks.lm.softmax import weighted_loss
from seqtasks.tasks.training_plan import Plan
from seqtasks.tasks.training_step import Step as TrainingStep

UNITS, LAYERS, BATCH, STEPS, WORDS, DROPOUT = 650, 2, 20, 35, 10_000, 0.4
RATE, CLIP = 2e-3, 1.0
Step = Callable[[np.ndarray], Any]


def ours() -> tuple[Network, Step]:
    """Our network, and a training step on ids (batch, steps + 1)."""
    config = Config(
        cell="lstm", units=UNITS, layers=LAYERS, dropout=DROPOUT, steps=STEPS, batch_size=BATCH
    )
    network = Network(resolve(check(config), 10**6, 1), WORDS)
    plan = Plan(1, 1, RATE, CLIP, averaging=0.998, patience=0, seed=1)
    step = TrainingStep(network, training_loss(network)[0], SIGNATURE, plan)
    first = [True]

    def run(ids: np.ndarray) -> None:
        step(RATE, (ids[:, :-1], ids[:, 1:], np.array(first.pop() if first else False)))

    return network, run


def torchs(fused: bool) -> Step:
    """The same in torch, with its Adam as it comes or the fused one."""

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.vectors = torch.nn.Embedding(WORDS, UNITS)
            self.recurrent = torch.nn.LSTM(UNITS, UNITS, LAYERS, batch_first=True, dropout=DROPOUT)
            self.drop = torch.nn.Dropout(DROPOUT)
            self.scores = torch.nn.Linear(UNITS, WORDS)
            self.scores.weight = self.vectors.weight

        def forward(self, ids: Any, states: Any) -> Any:
            h, states = self.recurrent(self.drop(self.vectors(ids)), states)
            return self.scores(self.drop(h)), states

    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), RATE, fused=fused or None)
    carried: list[Any] = [None]

    def run(ids: np.ndarray) -> None:
        batch = torch.from_numpy(ids.astype(np.int64))
        optimizer.zero_grad()
        z, states = model(batch[:, :-1], carried[0])
        carried[0] = tuple(state.detach() for state in states)
        loss = torch.nn.functional.cross_entropy(z.reshape(-1, WORDS), batch[:, 1:].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        loss.item()

    return run


def softmax() -> Step:
    """The loss and its gradients alone."""
    h = tf.random.normal((BATCH * STEPS, UNITS))
    vectors, bias = tf.Variable(tf.random.normal((WORDS, UNITS))), tf.zeros(WORDS)
    weight = tf.fill((BATCH * STEPS,), 1 / (BATCH * STEPS))

    @tf.function(autograph=False)
    def step(targets: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([h, bias])
            value = weighted_loss(h, vectors, bias, targets, weight)
        return [tf.reduce_sum(g[:1]) for g in tape.gradient(value, [h, vectors, bias])]

    return lambda ids: [g.numpy() for g in step(tf.constant(ids[:, 1:].ravel()))]


def writing(network: Network, tokens: int) -> dict[str, float]:
    """Milliseconds a token of one text: the loop, and a call on the whole prefix for each."""
    nothing = tf.zeros((1, 0), tf.int32)

    @tf.function(autograph=False)
    def loop(seed: Any) -> Any:
        return sample(network, nothing, tokens, 1.0, 0, 1.0, seed, 0)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((1, None), tf.int32)])
    def after(prefix: Any) -> Any:
        return network.logits(begin(network, prefix)[0])

    def whole() -> None:
        ids: list[int] = []
        for _ in range(tokens):
            z = after(tf.constant([ids], tf.int32)).numpy()[0]
            ids.append(int(z[3:].argmax()) + 3)

    def once() -> None:
        loop(tf.constant(1)).numpy()

    times: dict[str, list[float]] = {"loop": [], "whole prefix": []}
    for _ in range(4):
        for name, run in (("loop", once), ("whole prefix", whole)):
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: round(1e3 * median(t[1:]) / tokens, 3) for name, t in times.items()}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tokens", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--json", type=Path, required=True, help="where the results go")
    arguments = parser.parse_args()
    training.start_tensorflow(1, None)
    torch.manual_seed(1)
    batches = np.random.default_rng(1).integers(
        3, WORDS, (arguments.rounds + 2, BATCH, STEPS + 1), np.int32
    )
    network, step = ours()
    steps = {
        "ours": step,
        "torch": torchs(fused=False),
        "torch, fused Adam": torchs(fused=True),
        "softmax": softmax(),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number, ids in enumerate(batches):
        for name, run in steps.items():
            start = time.perf_counter()
            run(ids)
            if number > 1:
                times[name].append(time.perf_counter() - start)

    def ratio(name: str) -> float:
        return round(median(b / a for a, b in zip(times["ours"], times[name], strict=True)), 3)

    result = {
        "command": f"python benchmarks/lm_speed.py --rounds {arguments.rounds}",
        "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
        "versions": {"tensorflow": tf.__version__, "torch": torch.__version__},
        "milliseconds_a_step": {name: round(1e3 * median(t), 1) for name, t in times.items()},
        "words_a_second": {
            name: round(BATCH * STEPS / median(times[name]))
            for name in ("ours", "torch", "torch, fused Adam")
        },
        "by_ours": {name: ratio(name) for name in ("torch", "torch, fused Adam")},
        "softmax_share": round(median(times["softmax"]) / median(times["ours"]), 3),
        "milliseconds_a_written_token": {
            f"{tokens} tokens": writing(network, tokens) for tokens in arguments.tokens
        },
    }
    text = json.dumps(result, indent=1)
    arguments.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
