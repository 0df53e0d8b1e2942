"""Signals while a training runs: noted, and the training stops in order."""

import errno
import io
import os
import signal
import sys
import threading
from contextlib import contextmanager

import pytest
import tensorflow as tf

from seqtasks.tasks import training
from seqtasks.tasks.errors import Interrupted
from seqtasks.tasks.interruption import noted
from tests.tasks.small_network import (
    PLAN,
    Small,
    accuracy,
    assert_same,
    batches,
    fitted,
    train,
    weights,
)
from tests.tasks.small_network import repeatable as repeatable
from tests.tiny_ner import arrays, assert_same_arrays

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_is_noted_and_the_second_stops_at_once(number):
    before = signal.getsignal(number)
    with noted() as signals:
        assert signals.number is None
        send(number)
        assert signals.number == number
        with pytest.raises(Interrupted) as stop:
            send(number)
        assert stop.value.number == number
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("early", [True, False])
def test_at_once_means_at_once(early):
    with noted() as signals:
        if early:
            send(signal.SIGTERM)
        reached = False
        with pytest.raises(Interrupted), signals.at_once():
            reached = True
            send(signal.SIGTERM)
        assert reached is not early


def test_ignored_signals_stay_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with noted() as signals:
            send(signal.SIGHUP)
            assert signals.number is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_come_back_after_an_error():
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ZeroDivisionError), noted():
        _ = 1 // 0
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_in_another_thread_nothing_is_changed():
    found = []

    def work():
        with noted() as signals:
            found.append(signals.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [None]


# of a training


def at_step(number, wanted):
    """Batches that bring a signal with the step `wanted` of all, from 0."""

    def signalled(epoch):
        for i, batch in enumerate(batches(epoch)):
            if epoch * PLAN.steps + i == wanted:
                send(number)
            yield batch

    return signalled


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("wanted", [0, 4, 5, PLAN.epochs * PLAN.steps - 1])
def test_the_step_is_finished_and_the_rest_comes_after(tmp_path, number, wanted):
    whole = Small()
    (tmp_path / "whole").mkdir()
    history = train(whole, tmp_path / "whole")
    stopped = Small()
    with pytest.raises(Interrupted) as stop:
        train(stopped, tmp_path, batches=at_step(number, wanted))
    assert stop.value.number == number
    epoch, step = divmod(wanted, PLAN.steps)
    assert f"step {step + 1} of {PLAN.steps} in epoch {epoch + 1} of {PLAN.epochs}" in str(
        stop.value
    )
    again = Small(seed=99)  # its first weights are of no matter
    resumed = train(again, tmp_path)
    assert_same(weights(again), weights(whole))
    assert [row["score"] for row in resumed] == [row["score"] for row in history]
    assert [row["loss"] for row in resumed] == [row["loss"] for row in history]
    one, other = (arrays(place / "last.npz") for place in (tmp_path / "whole", tmp_path))
    one.pop("way"), other.pop("way")  # holds seconds
    assert_same_arrays(one, other)


def test_what_the_loss_hands_on_is_kept(tmp_path):
    def run(place, **changes):
        network, carried = Small(), tf.Variable(1.0, trainable=False)

        def loss(words, labels):
            found = network.loss_of(words, labels) * carried
            carried.assign(1.0 + 0.1 * found)
            return found

        train(network, place, loss=loss, carried=[carried], **changes)
        return weights(network)

    (tmp_path / "whole").mkdir()
    with pytest.raises(Interrupted):
        run(tmp_path, batches=at_step(signal.SIGINT, 4))
    assert_same(run(tmp_path), run(tmp_path / "whole"))


def test_a_loss_that_explodes_does_so_against_the_first_of_all(tmp_path):
    with pytest.raises(Interrupted):
        train(Small(), tmp_path, batches=at_step(signal.SIGINT, PLAN.steps))
    network = Small()
    found = fitted(network, tmp_path, loss=lambda *batch: 1e5 * network.loss_of(*batch))
    assert "at first, is" in found.problem and "at step 2 of epoch 2" in found.problem


@pytest.mark.parametrize("epoch", [1, PLAN.epochs])
def test_validation_stops_at_once_and_is_done_anew(tmp_path, epoch):
    whole = Small()
    (tmp_path / "whole").mkdir()

    def validate(network):
        network.chosen.assign(network.chosen.value + 1)  # as one that sets something may
        return {"score": accuracy(network)}

    train(whole, tmp_path / "whole", validate=lambda: validate(whole))
    network, calls = Small(), []

    def interrupted():
        calls.append(validate(network))
        if len(calls) == epoch:
            send(signal.SIGINT)
            raise AssertionError("the signal stops it before")
        return calls[-1]

    with pytest.raises(Interrupted, match=f"after epoch {epoch} of {PLAN.epochs}"):
        train(network, tmp_path, validate=interrupted)
    again = Small()
    train(again, tmp_path, validate=lambda: validate(again))
    assert_same([v.numpy() for v in again.variables], [v.numpy() for v in whole.variables])


class ClosedTerminal(io.StringIO):
    """Standard error of a terminal that somebody closed."""

    def isatty(self):
        return True

    def write(self, _):
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_is_closed_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", ClosedTerminal())
    with pytest.raises(Interrupted) as stop:
        train(Small(), tmp_path, batches=at_step(signal.SIGHUP, 4))
    assert stop.value.number == signal.SIGHUP
    again, whole = Small(seed=99), Small()
    train(again, tmp_path)  # nor is one stopped by it that goes on
    (tmp_path / "whole").mkdir()
    train(whole, tmp_path / "whole")
    assert_same(weights(again), weights(whole))


def test_a_signal_that_comes_last_is_not_lost(tmp_path, monkeypatch):
    @contextmanager
    def late():
        with noted() as signals:
            yield signals
            send(signal.SIGTERM)

    monkeypatch.setattr(training, "noted", late)
    with pytest.raises(Interrupted, match="after the last epoch"):
        train(Small(), tmp_path)


def test_a_long_epoch_is_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SAVED_EVERY", 0.0)

    class Killed(BaseException):
        """Nothing is done any more."""

    def dying(epoch):
        for i, batch in enumerate(batches(epoch)):
            if i == 2:
                raise Killed
            yield batch

    with pytest.raises(Killed):
        train(Small(), tmp_path, batches=dying)
    steps = []
    plain = training.Step.__call__
    monkeypatch.setattr(training.Step, "__call__", lambda *a: steps.append(1) or plain(*a))
    again, whole = Small(), Small()
    train(again, tmp_path)
    assert len(steps) == PLAN.epochs * PLAN.steps - 2
    (tmp_path / "whole").mkdir()
    train(whole, tmp_path / "whole")
    assert_same(weights(again), weights(whole))
