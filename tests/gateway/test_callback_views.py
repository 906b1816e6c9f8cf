"""What desktops are told of callbacks that the centre dials: which, how many are due, and which attempt it is."""

from cti_server.core import inputs as i
from cti_server.gateway import translate
from tests.core.house import KIM, ORDERS
from tests.core.test_callback_turns import asked, carrying_out, centre, lift_own, promised, settings, waiting_caller


def test_what_is_due_is_counted_apart_from_callers() -> None:
    house = centre()
    asked(house)
    waiting_caller(house)
    promised(house, KIM, in_s=3600)
    queued = translate.queued_callbacks(house.state)
    orders = next(queue for queue in house.state.settings.queues if queue.queue == ORDERS)
    gauge = translate.queue_gauge(house.state, orders, house.now, callbacks=queued[ORDERS])
    assert (gauge.waiting, gauge.callbacks) == (1, 1)


def test_a_callback_says_whether_the_centre_will_dial_it() -> None:
    automatic, by_hand = centre(), centre(settings("by_hand"))
    assert translate.callback_view(automatic.state, asked(automatic)).is_automatic
    assert not translate.callback_view(by_hand.state, asked(by_hand)).is_automatic
    automatic.tell(i.RequestCallbackFor(agent=KIM, number="021234567", due_at=automatic.now))
    without_queue = list(automatic.state.callbacks.values())[-1]
    assert not translate.callback_view(automatic.state, without_queue).is_automatic


def test_the_call_that_carries_it_out_says_which_attempt_it_is() -> None:
    house = centre()
    callback = asked(house)
    house.at_work(KIM)
    view = translate.call_view(house.state, house.agent(KIM))
    assert view is not None
    assert (view.phase, view.direction, view.callback) == ("reserved", "callback", callback.callback)
    assert (view.callback_attempt, view.callback_attempts_max) == (1, 2)
    assert view.callback_asked_at == translate.utc(house.state, callback.requested_at)
    lift_own(house, carrying_out(house, callback))
    dialled = translate.call_view(house.state, house.agent(KIM))
    assert dialled is not None and (dialled.phase, dialled.callback_attempt) == ("initiated", 1)
