#define _GNU_SOURCE
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

pid_t fork_witness(void) {
    // Not clone3: units that restrict namespaces have none. The signal is what its parent gets at its end.
    long pid = syscall(SYS_clone, SIGKILL, NULL, NULL, NULL, NULL);
    if (pid < 0) return -errno;
    // Yama, where a kernel has it, lets only parents look into their children, unless a child names somebody.
    if (pid > 0) prctl(PR_SET_PTRACER, pid, 0, 0, 0);
    return (pid_t)pid;
}

int become_witness(pid_t confined, int channel, const char *name) {
    const int quiet[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++) signal(quiet[i], SIG_IGN);
    if (channel > STDERR_FILENO + 1 && syscall(SYS_close_range, STDERR_FILENO + 1, channel - 1, 0)) return -errno;
    if (syscall(SYS_close_range, channel + 1, ~0u, 0)) return -errno;
    if (setsid() < 0 || prctl(PR_SET_NAME, name, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) return -errno;
    int life = (int)syscall(SYS_pidfd_open, confined, 0);
    if (life < 0) return -errno;
    // What had that pid when it was looked up is our parent only if it is so still.
    return getppid() == confined ? life : -ESRCH;
}

int send_descriptor(int channel, int descriptor) {
    char byte = 0;
    struct iovec data = {&byte, sizeof byte};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

int receive_descriptor(int channel) {
    char byte;
    struct iovec data = {&byte, sizeof byte};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != sizeof byte) return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

int next_refused_call(int listener, struct seccomp_notif *call) {
    memset(call, 0, sizeof *call);
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call) ? errno : 0;
}

int refuse_call(int listener, uint64_t id, int error) {
    struct seccomp_notif_resp response = {.id = id, .error = -error};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) ? errno : 0;
}

int answer_call(int listener, uint64_t id, int descriptor) {
    struct seccomp_notif_addfd answer = {
        .id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (uint32_t)descriptor, .newfd_flags = O_CLOEXEC};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &answer) < 0 ? errno : 0;
}

ssize_t read_memory(pid_t process, uint64_t address, void *buffer, size_t size) {
    // In two parts, as the kernel copies a part or not: what lies on the next page may be there or not.
    enum { PAGE = 4096 };
    size_t first = PAGE - address % PAGE;
    if (first > size) first = size;
    struct iovec local = {buffer, size};
    struct iovec remote[] = {
        {(void *)(uintptr_t)address, first}, {(void *)(uintptr_t)(address + first), size - first}};
    return process_vm_readv(process, &local, 1, remote, 2, 0);
}
