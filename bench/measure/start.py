"""From exec to READY=1 of everything, on whatever cores there are."""
import time

from measure import nginx
from measure.appliance import appliance, install
from measure.figures import Comparison, percentile
from measure.processes import accepts, folder, free_port, running

TIMES = 20


def nginx_start():
    """From exec to the first connection taken."""
    with folder() as d:
        port = free_port()
        nginx.write(d, "front", nginx.FRONT.format(d=d, port=port, upstream=f"{d}/agent.sock", headers=""))
        begin = time.monotonic()
        with running("nginx", "nginx", "-c", f"{d}/front.conf"):
            while not accepts(("127.0.0.1", port)):
                if time.monotonic() - begin > 10:
                    raise TimeoutError("nginx does not start")
                time.sleep(0.0005)
            return time.monotonic() - begin


def run_part():
    install()
    ours, peer = [], []
    for number in range(TIMES + 1):
        with appliance(core=None) as started:
            took = started.seconds_to_ready
        took_nginx = nginx_start()
        if number > 0:  # the first fills the page cache
            ours.append(took * 1000)
            peer.append(took_nginx * 1000)
    comparison = Comparison("supervisor → READY=1", "nginx → first connection")
    for percent in (50, 99):
        comparison.add(f"p{percent} of {TIMES}, ms", [percentile(ours, percent)], [percentile(peer, percent)])
    comparison.print()
