/* Descriptors that another process passes by SCM_RIGHTS: their message has pointers inside, which JavaScript cannot make. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST = 253 /* SCM_MAX_FD of net/scm.h */ };

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sys(__NR_close, fds[i]);
}

static size_t descriptors_in(struct msghdr *message, int *fds)
{
    size_t count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t size = part->cmsg_len - CMSG_LEN(0);
        if (count + size / sizeof(int) > MOST) /* the kernel sends no more in one message */
            break;
        memcpy(fds + count, CMSG_DATA(part), size);
        count += size / sizeof(int);
    }
    return count;
}

long receive_descriptors(int socket, int *into, size_t room)
{
    char byte;
    int fds[MOST];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fds)];
    struct iovec data = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    long result = sys(__NR_recvmsg, socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (result < 0)
        return result;
    size_t count = descriptors_in(&message, fds);
    if ((message.msg_flags & MSG_CTRUNC) || count > room) { /* some found no place in this process's table */
        close_all(fds, count);
        return count > room ? -EMSGSIZE : -EMFILE;
    }
    memcpy(into, fds, count * sizeof(int));
    return (long)count;
}
