"""forward.py PORT NETNS HOST HOSTPORT READY: connections to 127.0.0.1:PORT lead to HOST:HOSTPORT in another network
namespace.  The listening socket is made first and stays in this machine's network; then the process moves over.
Creates the file READY once it listens."""
import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


async def pump(reader, writer):
    """Passes on every piece as it comes, and the end of one direction without ending the other."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def connection(reader, writer, host, port):
    writers = [writer]
    try:
        there_reader, there_writer = await asyncio.wait_for(asyncio.open_connection(host, port), 10)
        writers.append(there_writer)
        pumps = [asyncio.ensure_future(pump(reader, there_writer)), asyncio.ensure_future(pump(there_reader, writer))]
        try:
            await asyncio.gather(*pumps)
        finally:
            for task in pumps:
                task.cancel()
    except (OSError, asyncio.TimeoutError):
        pass  # the caller sees its connection end
    finally:
        for each in writers:
            each.close()


async def main(listener, host, port, ready):
    server = await asyncio.start_server(lambda r, w: connection(r, w, host, port), sock=listener)
    with open(ready, "w"):
        pass
    await server.serve_forever()


if __name__ == "__main__":
    _, port, netns, host, host_port, ready = sys.argv
    listener = socket.create_server(("127.0.0.1", int(port)))
    libc = ctypes.CDLL(None, use_errno=True)
    with open(netns) as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"setns {netns}: {os.strerror(ctypes.get_errno())}")
    asyncio.run(main(listener, host, int(host_port), ready))
