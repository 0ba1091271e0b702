"""Waiting for something to come true, with a limit and no fixed pauses."""
import time


def wait_until(what, limit, look, pause=0.1):
    """Calls `look` until it returns something true, and returns that.

    Exceptions count as "not yet", except failed assertions: what was asserted can't come true by waiting. When the
    limit (seconds) is over, fails with what was seen last.
    """
    end = time.monotonic() + limit
    while True:
        last = None
        try:
            last = look()
            if last:
                return last
        except AssertionError:
            raise
        except Exception as error:  # whatever it was, it is told when the time is up
            last = error
        if time.monotonic() >= end:
            raise AssertionError(f"{what}: not within {limit} s; seen last: {last!r}")
        time.sleep(pause)
