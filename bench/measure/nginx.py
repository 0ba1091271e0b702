"""The peer: an nginx that proxies over a Unix socket, answering with the headers that the appliance answered with."""
import contextlib

from measure.processes import SERVER_CORE, accepts, folder, free_port, pinned, running, until

# nginx writes these by itself.
OWN_HEADERS = {"server", "date", "content-type", "content-length", "connection"}

COMMON = """
daemon off; master_process on; worker_processes 1; user root; pid {d}/{name}.pid; error_log {d}/{name}.error;
events {{ worker_connections 512; }}
http {{
    keepalive_requests 100000000; client_body_temp_path {d}/body; proxy_temp_path {d}/proxy;
    fastcgi_temp_path {d}/fastcgi; uwsgi_temp_path {d}/uwsgi; scgi_temp_path {d}/scgi;
    {servers}
}}
"""

# One line of log for each request, as the gateway writes one.
FRONT = """
    access_log {d}/access.log;
    upstream agent {{ server unix:{upstream}; keepalive 64; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        {headers}
        location / {{ proxy_pass http://agent; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
"""

BACK = """
    access_log off;
    server {{
        listen unix:{d}/agent.sock backlog=1024;
        location / {{ default_type {content_type}; return 200 '{body}'; }}
    }}
"""


@contextlib.contextmanager
def nginx(headers, body):
    """One in front of another, which answers that body. Yields (process, process, port)."""
    text = body.decode()
    if "'" in text or "$" in text or "\\" in text:
        raise ValueError("the answer can't be written into nginx's configuration as it is")
    content_type = dict((name.lower(), value) for name, value in headers)["content-type"].split(";")[0]
    with folder() as d:
        write(d, "back", BACK.format(d=d, content_type=content_type, body=text))
        with start(d, "back") as back:
            until(lambda: accepts(f"{d}/agent.sock"), 10, "nginx", back)
            with proxy(headers, f"{d}/agent.sock") as (front, port):
                yield back, front, port


@contextlib.contextmanager
def proxy(headers, upstream):
    """In front of that Unix socket. Yields (process, port)."""
    headers = {name.lower(): value for name, value in headers}
    added = [f'add_header {name} "{value}";' for name, value in headers.items()
             if name not in OWN_HEADERS | {"x-request-id"}]
    if "x-request-id" in headers:
        added.append("add_header x-request-id $request_id;")
    with folder() as d:
        port = free_port()
        write(d, "front", FRONT.format(d=d, port=port, upstream=upstream, headers="\n        ".join(added)))
        with start(d, "front") as front:
            until(lambda: accepts(("127.0.0.1", port)), 10, "nginx", front)
            yield front, port


def write(d, name, servers):
    with open(f"{d}/{name}.conf", "w") as file:
        file.write(COMMON.format(d=d, name=name, servers=servers))


def start(d, name):
    return running("nginx", *pinned(SERVER_CORE, "nginx", "-c", f"{d}/{name}.conf"))
