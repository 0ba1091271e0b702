/* echo SOCKET: writes back what it reads, on one connection after the other. The least that a round trip over a
   Unix socket costs. Ends by SIGTERM. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (count != 2 || strlen(arguments[1]) >= sizeof address.sun_path) {
        fprintf(stderr, "usage: echo SOCKET\n");
        return 2;
    }
    strcpy(address.sun_path, arguments[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(address.sun_path);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 8)) {
        perror(address.sun_path);
        return 1;
    }
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection);
        close(connection);
    }
}
