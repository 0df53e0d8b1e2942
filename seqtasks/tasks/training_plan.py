"""How long to train, and at which learning rates."""

import math
from dataclasses import dataclass
from typing import Any

WARM_UP = 200  # steps over which the learning rate rises, of a short training a tenth of all


@dataclass(frozen=True)
class Plan:
    """How to train; see the task's `Config` for what the numbers mean and their defaults."""

    epochs: int
    steps: int  # batches an epoch
    learning_rate: float
    clipnorm: float  # 0: gradients are not clipped
    averaging: float  # share of the old average that a step keeps; 0: no average
    patience: int  # epochs without a better score before training stops; 0: never stops early
    seed: int


def plan(config: Any, steps: int) -> Plan:
    """The plan that a task's resolved settings ask for, with so many batches an epoch."""
    return Plan(
        epochs=config.epochs,
        steps=steps,
        learning_rate=config.learning_rate,
        clipnorm=config.clipnorm,
        averaging=config.averaging,
        patience=config.patience,
        seed=config.seed,
    )


def learning_rate(plan: Plan, step: int) -> float:
    """The rate at a step: a short rise, then half a cosine from 1 to 0.1 of the plan's."""
    steps = plan.epochs * plan.steps
    rise = min(1.0, (step + 1) / min(WARM_UP, max(steps / 10, 1)))
    share = step / steps
    return plan.learning_rate * rise * (0.55 + 0.45 * math.cos(math.pi * share))
