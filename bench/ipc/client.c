/* client SOCKET DEPTH CALLS: sends CALLS lines of 300 bytes, DEPTH of them in flight, and waits for a line in answer
   to each. The line is a JSON-RPC call of echo.say; a peer that writes back what it reads serves as well.
   Prints one line: nanoseconds at p50 and p99 of a round trip (with DEPTH 1; else 0 0), and calls per second. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 300, ID_END = 32, MAX_DEPTH = 32, BUFFER = 1 << 16 };

static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1000000000,\"method\":\"echo.say\",\"params\":{\"text\":\"";
static const char tail[] = "\"}}\n";
static char line[LINE];    /* the call */
static const char *said;   /* its text up to its end: the end of every answer, too */
static size_t said_to_end; /* how long that is */

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "client: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void make_line(void)
{
    memset(line, 'x', LINE);
    memcpy(line, head, strlen(head));
    memcpy(line + LINE - strlen(tail), tail, strlen(tail));
    said = line + strlen(head);
    said_to_end = LINE - strlen(head);
}

/* Ids differ in their last nine digits; the first one stays, so that every line has the same length. */
static void write_line(char *to, uint32_t id)
{
    memcpy(to, line, LINE);
    for (char *digit = to + ID_END - 1; id > 0; id /= 10)
        *digit-- = '0' + id % 10;
}

static void send_all(int connection, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(connection, bytes, count, MSG_NOSIGNAL);
        if (sent < 0)
            fail("send");
        bytes += sent;
        count -= sent;
    }
}

/* Reads at least one whole line. Returns how many lines ended. What has no end yet waits in front of the buffer. */
static uint32_t receive(int connection)
{
    static char bytes[BUFFER];
    static size_t kept;
    uint32_t lines = 0;
    while (lines == 0) {
        ssize_t count = recv(connection, bytes + kept, BUFFER - kept, 0);
        if (count <= 0)
            fail("recv");
        char *start = bytes, *end, *limit = bytes + kept + count;
        while ((end = memchr(start, '\n', limit - start))) {
            if ((size_t)(end + 1 - start) < said_to_end || memcmp(end + 1 - said_to_end, said, said_to_end))
                fail("an answer without the text");
            lines++;
            start = end + 1;
        }
        kept = limit - start;
        memmove(bytes, start, kept);
    }
    return lines;
}

static int by_value(const void *a, const void *b)
{
    return (*(int64_t *)a > *(int64_t *)b) - (*(int64_t *)a < *(int64_t *)b);
}

static int open_connection(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 5};
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(connection, (struct sockaddr *)&address, sizeof address))
        fail(path);
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return connection;
}

static void one_by_one(int connection, uint32_t calls, int64_t *took)
{
    char call[LINE];
    for (uint32_t id = 0; id < calls; id++) {
        write_line(call, id);
        int64_t start = now();
        send_all(connection, call, LINE);
        if (receive(connection) != 1)
            fail("more answers than calls");
        took[id] = now() - start;
    }
    qsort(took, calls, sizeof *took, by_value);
}

static void many_at_once(int connection, uint32_t calls, uint32_t depth)
{
    char text[MAX_DEPTH * LINE];
    uint32_t sent = 0, answered = 0, room = depth;
    while (answered < calls) {
        uint32_t count = room < calls - sent ? room : calls - sent;
        for (uint32_t index = 0; index < count; index++)
            write_line(text + index * LINE, sent++);
        send_all(connection, text, count * LINE);
        room = receive(connection);
        answered += room;
    }
}

int main(int count, char **arguments)
{
    uint32_t depth = count == 4 ? atoi(arguments[2]) : 0, calls = count == 4 ? atoi(arguments[3]) : 0;
    if (depth < 1 || depth > MAX_DEPTH || calls < 1 || calls > 50000000) {
        fprintf(stderr, "usage: client SOCKET DEPTH(1-%d) CALLS\n", MAX_DEPTH);
        return 2;
    }
    make_line();
    int64_t *took = calloc(calls, sizeof *took);
    int connection = open_connection(arguments[1]);
    errno = 0;
    int64_t start = now();
    if (depth == 1)
        one_by_one(connection, calls, took);
    else
        many_at_once(connection, calls, depth);
    double seconds = (now() - start) / 1e9;
    printf("%lld %lld %.0f\n", (long long)took[calls / 2], (long long)took[calls - 1 - calls / 100], calls / seconds);
    return 0;
}
