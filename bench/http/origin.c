/* origin SOCKET BODY: an HTTP server that answers each request without a body with the same 200, on any number of
   connections: the least that a server behind a proxy can cost. Ends by SIGTERM. */
#define _GNU_SOURCE
#include "../listen.h"

#include <sys/epoll.h>

enum { most = 1024, size = 1 << 14 };
static char answer[1 << 16], in[most][size];
static size_t length, have[most];

/* 0: the connection is to be closed. */
static int serve(int connection)
{
    ssize_t count = read(connection, in[connection] + have[connection], size - have[connection]);
    if (count <= 0)
        return 0;
    char *begin = in[connection], *end;
    size_t left = have[connection] + count;
    while ((end = memmem(begin, left, "\r\n\r\n", 4))) {
        if (send(connection, answer, length, MSG_NOSIGNAL) != (ssize_t)length)
            return 0;
        left -= end + 4 - begin;
        begin = end + 4;
    }
    memmove(in[connection], begin, have[connection] = left);
    return left < size;
}

static void watch(int poll, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (descriptor >= most || epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event))
        exit(1);
}

int main(int count, char **arguments)
{
    if (count != 3 || strlen(arguments[2]) > sizeof answer / 2) {
        fprintf(stderr, "usage: origin SOCKET BODY\n");
        return 2;
    }
    length = snprintf(
        answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        strlen(arguments[2]), arguments[2]);
    int listener = listen_at(arguments[1]), poll = epoll_create1(EPOLL_CLOEXEC);
    watch(poll, listener);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                int connection = accept(listener, NULL, NULL);
                if (connection >= 0) {
                    have[connection] = 0;
                    watch(poll, connection);
                }
            } else if (!serve(descriptor)) {
                close(descriptor);
            }
        }
    }
}
