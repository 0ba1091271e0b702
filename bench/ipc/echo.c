/* echo SOCKET: writes back what it reads, on one connection after the other. The least that a round trip over a
   Unix socket costs. Ends by SIGTERM. */
#include "../listen.h"

#include <errno.h>

static void serve(int connection)
{
    static char bytes[1 << 16];
    for (;;) {
        ssize_t count = read(connection, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return;
        for (ssize_t sent = 0; sent < count;) {
            ssize_t more = send(connection, bytes + sent, count - sent, MSG_NOSIGNAL);
            if (more < 0)
                return;
            sent += more;
        }
    }
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fprintf(stderr, "usage: echo SOCKET\n");
        return 2;
    }
    int listener = listen_at(arguments[1]);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection);
        close(connection);
    }
}
