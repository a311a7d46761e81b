/* The kernel that test/native/sessions.c runs sessions on: few numbers of processes, so that they come again soon. It does not
 * let pass what would hit a stranger: a kill by a number that nobody or everybody has, a descriptor closed twice. */
#include "random.h"
#include "sessions.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { LAST_PID = 8, DESCRIPTORS = 256, QUEUE = 8, LONGEST = 2 * sizeof(struct record), NO_CREDENTIALS = -1000 };

struct process {
    enum { FREE, RUNNING, ENDED } state;
    unsigned birth; /* tells apart those of one number */
    int status;
};

struct message {
    uint8_t bytes[LONGEST];
    long size;
    int pid;
};

struct descriptor {
    enum { CLOSED, CHANNEL, PIDFD } kind;
    uint32_t session;
    int pid;
    unsigned birth;
    void *watched; /* what epoll hands back */
    struct message queue[QUEUE];
    int queued;
    int hung_up;
};

static struct process processes[LAST_PID + 1];
static struct descriptor descriptors[DESCRIPTORS];
static unsigned births;
static int honest; /* in this life nothing is sent but what happened, and nothing fails that need not */

static struct descriptor *opened_as(long fd)
{
    assert(fd >= 0 && fd < DESCRIPTORS && descriptors[fd].kind != CLOSED);
    return &descriptors[fd];
}

static int open_descriptor(struct descriptor fresh)
{
    int fd = 0;
    while (descriptors[fd].kind != CLOSED)
        assert(++fd < DESCRIPTORS);
    descriptors[fd] = fresh;
    return fd;
}

static int open_pidfd(int pid)
{
    return open_descriptor((struct descriptor){.kind = PIDFD, .pid = pid, .birth = processes[pid].birth});
}

/* A pid, or 0 when all numbers are in use. */
static int start_process(void)
{
    int first = (int)below(LAST_PID);
    for (int i = 0; i < LAST_PID; i++) {
        int pid = 1 + (first + i) % LAST_PID;
        if (processes[pid].state == FREE) {
            processes[pid] = (struct process){.state = RUNNING, .birth = ++births};
            return pid;
        }
    }
    return 0;
}

static void end_process(int pid, int status)
{
    if (processes[pid].state != RUNNING)
        return;
    processes[pid].state = ENDED;
    processes[pid].status = status;
}

static int is_there(long pid)
{
    return pid > 0 && pid <= LAST_PID && processes[pid].state != FREE;
}

/* ---- the calls ---- */

static long change_watch(long operation, struct descriptor *descriptor, const struct epoll_event *event)
{
    if (operation == EPOLL_CTL_DEL) {
        long result = descriptor->watched ? 0 : -ENOENT;
        descriptor->watched = NULL;
        return result;
    }
    if (descriptor->watched)
        return -EEXIST;
    descriptor->watched = event->data.ptr;
    return 0;
}

static long open_by_number(long pid)
{
    if (pid <= 0)
        return -EINVAL;
    if (!is_there(pid))
        return -ESRCH;
    return below(8) ? open_pidfd((int)pid) : -EMFILE;
}

/* A killed process takes its time. */
static long signal_process(const struct descriptor *pidfd)
{
    assert(pidfd->kind == PIDFD);
    if (processes[pidfd->pid].state == FREE || processes[pidfd->pid].birth != pidfd->birth)
        return -ESRCH;
    if (below(2))
        end_process(pidfd->pid, SIGKILL);
    return 0;
}

static long receive(struct descriptor *channel, struct msghdr *into)
{
    assert(channel->kind == CHANNEL);
    if (!channel->queued)
        return channel->hung_up ? 0 : -EAGAIN;
    if (!honest && below(32) == 0)
        return -EINTR;
    struct message message = channel->queue[0];
    memmove(channel->queue, channel->queue + 1, (size_t)--channel->queued * sizeof message);
    long size = message.size < (long)into->msg_iov->iov_len ? message.size : (long)into->msg_iov->iov_len;
    memcpy(into->msg_iov->iov_base, message.bytes, (size_t)size);
    struct cmsghdr *header = CMSG_FIRSTHDR(into);
    if (message.pid == NO_CREDENTIALS) {
        into->msg_controllen = 0;
    } else {
        *header = (struct cmsghdr){CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, SCM_CREDENTIALS};
        *(struct ucred *)CMSG_DATA(header) = (struct ucred){message.pid, 0, 0};
    }
    return size;
}

static long look_for_ended(siginfo_t *info)
{
    int first = (int)below(LAST_PID), any = 0;
    for (int i = 0; i < LAST_PID; i++) {
        int pid = 1 + (first + i) % LAST_PID;
        any |= processes[pid].state != FREE;
        if (processes[pid].state == ENDED) {
            info->si_pid = pid;
            return 0;
        }
    }
    return any ? 0 : -ECHILD;
}

static long reap(long pid, int *status)
{
    assert(is_there(pid) && processes[pid].state == ENDED);
    *status = processes[pid].status;
    processes[pid].state = FREE;
    return pid;
}

long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    (void)e, (void)f;
    switch (nr) {
    case __NR_close:
        opened_as(a)->kind = CLOSED;
        return 0;
    case __NR_epoll_ctl:
        return change_watch(b, opened_as(c), (const struct epoll_event *)d);
    case __NR_pidfd_open:
        return open_by_number(a);
    case __NR_pidfd_send_signal:
        return signal_process(opened_as(a));
    case __NR_kill:
        assert(is_there(a));
        end_process((int)a, (int)b);
        return 0;
    case __NR_recvmsg:
        return receive(opened_as(a), (struct msghdr *)b);
    case __NR_waitid:
        return look_for_ended((siginfo_t *)c);
    case __NR_wait4:
        return reap(a, (int *)b);
    }
    abort();
}
