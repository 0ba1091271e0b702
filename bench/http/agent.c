/* agent SOCKET RESULT: answers each JSON-RPC request with the same result, on one connection after the other: the least
   that an agent behind the gateway can cost. Takes the id to be a number that stands second, as the gateway writes it,
   and passes over what has none there. Ends by SIGTERM. */
#include "../listen.h"

static const char before[] = "{\"jsonrpc\":\"2.0\",\"id\":", between[] = ",\"result\":";
static char in[1 << 18], out[1 << 20];

static size_t append(size_t at, const char *bytes, size_t count)
{
    if (at + count > sizeof out)
        exit(1);
    memcpy(out + at, bytes, count);
    return at + count;
}

static size_t answer(size_t at, const char *line, const char *end, const char *result)
{
    if (end - line < (ssize_t)sizeof before || memcmp(line, before, sizeof before - 1))
        return at; /* A call is taken back: wrk leaves in the middle of its last requests. */
    const char *id = line + sizeof before - 1, *comma = memchr(id, ',', end - id);
    if (!comma)
        exit(1);
    at = append(at, before, sizeof before - 1);
    at = append(at, id, comma - id);
    at = append(at, between, sizeof between - 1);
    at = append(at, result, strlen(result));
    return append(at, "}\n", 2);
}

static void serve(int connection, const char *result)
{
    size_t have = 0;
    for (;;) {
        ssize_t count = read(connection, in + have, sizeof in - have);
        if (count <= 0)
            return;
        have += count;
        size_t made = 0, begin = 0;
        for (char *end; (end = memchr(in + begin, '\n', have - begin)); begin = end - in + 1)
            made = answer(made, in + begin, end, result);
        memmove(in, in + begin, have -= begin);
        for (size_t sent = 0; sent < made;) {
            ssize_t more = send(connection, out + sent, made - sent, MSG_NOSIGNAL);
            if (more < 0)
                return;
            sent += more;
        }
    }
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: agent SOCKET RESULT\n");
        return 2;
    }
    int listener = listen_at(arguments[1]);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection, arguments[2]);
        close(connection);
    }
}
