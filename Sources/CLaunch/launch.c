#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4u
#endif

enum { EXEC_TIMEOUT_MS = 5000, CAPABILITY_BITS = 64 };

enum step {
    STEP_ARGUMENTS, STEP_CLONE, STEP_PARENT_DEATH_SIGNAL, STEP_SETSID, STEP_FDS, STEP_RLIMIT, STEP_BOUNDING_SET,
    STEP_KEEP_CAPABILITIES, STEP_SETGROUPS, STEP_SETGID, STEP_SETUID, STEP_CAPSET, STEP_AMBIENT_SET,
    STEP_NO_NEW_PRIVS, STEP_CHDIR, STEP_EXEC,
};

static const char *const step_names[] = {
    [STEP_ARGUMENTS] = "arguments",
    [STEP_CLONE] = "clone",
    [STEP_PARENT_DEATH_SIGNAL] = "parent death signal",
    [STEP_SETSID] = "setsid",
    [STEP_FDS] = "file descriptors",
    [STEP_RLIMIT] = "rlimit",
    [STEP_BOUNDING_SET] = "bounding set",
    [STEP_KEEP_CAPABILITIES] = "keep capabilities",
    [STEP_SETGROUPS] = "setgroups",
    [STEP_SETGID] = "setgid",
    [STEP_SETUID] = "setuid",
    [STEP_CAPSET] = "capset",
    [STEP_AMBIENT_SET] = "ambient set",
    [STEP_NO_NEW_PRIVS] = "no_new_privs",
    [STEP_CHDIR] = "chdir",
    [STEP_EXEC] = "exec",
};

struct report {
    enum step step;
    int error;
};

// In the child, between clone and exec: async-signal-safe calls only. The child is a copy of one thread of a process
// that has many; a lock that another thread held (malloc's) would stay locked for ever.

static _Noreturn void fail(int report_fd, enum step step) {
    struct report report = {step, errno};
    ssize_t ignored = write(report_fd, &report, sizeof report);
    (void)ignored;
    _exit(127);
}

static void reset_signal_handlers(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
}

static void arm_parent_death_signal(const struct launch_request *request, int report_fd, pid_t parent) {
    if (!request->parent_death_signal) return;
    if (prctl(PR_SET_PDEATHSIG, request->parent_death_signal)) fail(report_fd, STEP_PARENT_DEATH_SIGNAL);
    // The parent may have died before the signal was armed: then nobody is left to report to.
    if (getppid() != parent) _exit(126);
}

/// Returns the report's fd, which moves out of the way of the child's fds.
static int place_fds(const struct launch_request *request, int report_fd) {
    // First all above the places they are to take, so that none overwrites another's source.
    int above = (int)request->fd_count, copies[LAUNCH_MAX_FDS];
    int report = fcntl(report_fd, F_DUPFD_CLOEXEC, above);
    if (report < 0) fail(report_fd, STEP_FDS);
    for (size_t i = 0; i < request->fd_count; i++)
        if ((copies[i] = fcntl(request->fds[i], F_DUPFD_CLOEXEC, above)) < 0) fail(report, STEP_FDS);
    for (size_t i = 0; i < request->fd_count; i++)
        if (dup2(copies[i], (int)i) < 0) fail(report, STEP_FDS);
    if (syscall(SYS_close_range, (unsigned)above, ~0u, CLOSE_RANGE_CLOEXEC)) fail(report, STEP_FDS);
    return report;
}

static void set_limits(const struct launch_request *request, int report_fd) {
    for (size_t i = 0; i < request->limit_count; i++) {
        const struct launch_limit *limit = &request->limits[i];
        struct rlimit value = {limit->soft, limit->hard};
        if (setrlimit((__rlimit_resource_t)limit->resource, &value)) fail(report_fd, STEP_RLIMIT);
    }
}

static bool has(uint64_t capabilities, int bit) { return capabilities >> bit & 1; }

static void become(const struct launch_identity *identity, int report_fd) {
    uint64_t kept = identity->capabilities;
    for (int bit = 0; bit < CAPABILITY_BITS; bit++)
        if (!has(kept, bit) && prctl(PR_CAPBSET_READ, bit) == 1 && prctl(PR_CAPBSET_DROP, bit))
            fail(report_fd, STEP_BOUNDING_SET);
    if (prctl(PR_SET_KEEPCAPS, 1)) fail(report_fd, STEP_KEEP_CAPABILITIES);
    // To the kernel -1 means "as before", which would leave the child root.
    errno = EINVAL;
    if (identity->gid == (gid_t)-1) fail(report_fd, STEP_SETGID);
    if (identity->uid == (uid_t)-1) fail(report_fd, STEP_SETUID);

    // Not glibc's wrappers: they make every thread of the process change its ids, and here those don't exist.
    if (syscall(SYS_setgroups, identity->group_count, identity->groups)) fail(report_fd, STEP_SETGROUPS);
    if (syscall(SYS_setresgid, identity->gid, identity->gid, identity->gid)) fail(report_fd, STEP_SETGID);
    if (syscall(SYS_setresuid, identity->uid, identity->uid, identity->uid)) fail(report_fd, STEP_SETUID);

    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    uint32_t low = (uint32_t)kept, high = (uint32_t)(kept >> 32);
    struct __user_cap_data_struct sets[2] = {{low, low, low}, {high, high, high}};
    if (syscall(SYS_capset, &header, sets)) fail(report_fd, STEP_CAPSET);
    for (int bit = 0; bit < CAPABILITY_BITS; bit++)
        if (has(kept, bit) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0)) fail(report_fd, STEP_AMBIENT_SET);
}

static void write_listen_pid(char *const *environment) {
    static const char name[] = "LISTEN_PID=";
    for (char *const *entry = environment; *entry; entry++) {
        if (strncmp(*entry, name, sizeof name - 1)) continue;
        char *digits = *entry + sizeof name - 1, reversed[16];
        int count = 0;
        for (unsigned long pid = (unsigned long)getpid(); pid; pid /= 10) reversed[count++] = (char)('0' + pid % 10);
        while (count) *digits++ = reversed[--count];
        *digits = 0;
    }
}

static _Noreturn void run_child(const struct launch_request *request, int report_fd, pid_t parent) {
    reset_signal_handlers();
    arm_parent_death_signal(request, report_fd, parent);
    if (request->new_session && setsid() < 0) fail(report_fd, STEP_SETSID);
    report_fd = place_fds(request, report_fd);
    set_limits(request, report_fd);
    if (request->identity) {
        become(request->identity, report_fd);
        arm_parent_death_signal(request, report_fd, parent);  // A change of ids has cleared it.
    }
    if (request->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail(report_fd, STEP_NO_NEW_PRIVS);
    if (request->umask >= 0) umask((mode_t)request->umask);
    if (request->directory && chdir(request->directory)) fail(report_fd, STEP_CHDIR);
    write_listen_pid(request->environment);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(request->path, request->arguments, request->environment);
    fail(report_fd, STEP_EXEC);
}

// In the parent.

static struct launch_result failed(enum step step, int error) {
    return (struct launch_result){.pid = -1, .pidfd = -1, .error = error, .step = step_names[step]};
}

/// The report's pipe closes without a word when exec succeeds, and also when the child dies before: then its pidfd
/// tells of it.
static bool await_exec(int report_fd, struct report *report) {
    struct pollfd readable = {.fd = report_fd, .events = POLLIN};
    if (poll(&readable, 1, EXEC_TIMEOUT_MS) != 1) {
        *report = (struct report){STEP_EXEC, ETIMEDOUT};
        return false;
    }
    return read(report_fd, report, sizeof *report) != sizeof *report;
}

static struct launch_result launch_unsignalled(const struct launch_request *request) {
    int report_pipe[2];
    if (pipe2(report_pipe, O_CLOEXEC)) return failed(STEP_CLONE, errno);
    int pidfd = -1;
    struct clone_args clone = {
        .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    pid_t parent = getpid();
    pid_t pid = (pid_t)syscall(SYS_clone3, &clone, sizeof clone);
    if (pid == 0) run_child(request, report_pipe[1], parent);
    int clone_error = errno;
    close(report_pipe[1]);
    if (pid < 0) {
        close(report_pipe[0]);
        return failed(STEP_CLONE, clone_error);
    }
    struct report report;
    bool runs = await_exec(report_pipe[0], &report);
    close(report_pipe[0]);
    if (runs) return (struct launch_result){.pid = pid, .pidfd = pidfd};
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(pidfd);
    return failed(report.step, report.error);
}

struct launch_result launch(const struct launch_request *request) {
    if (request->fd_count > LAUNCH_MAX_FDS) return failed(STEP_ARGUMENTS, EINVAL);
    // No handler of the parent's may run in the child, and none may interrupt the wait for it.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct launch_result result = launch_unsignalled(request);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}
