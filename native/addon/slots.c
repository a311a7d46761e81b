/* What the launch thread opens for a launcher: the status channel with the plan in it, the lifeline, /dev/null. */
#define _GNU_SOURCE
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

enum { PIDFD_THREAD = O_EXCL /* linux/pidfd.h since 6.9 */ };

/* Of the launch thread, which alone calls any of this; opened once. */
static int lifeline = -1;

static long open_channel(int *ours, int *theirs)
{
    int pair[2];
    const int on = 1;
    long result = sys(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
    if (result < 0)
        return result;
    result = sys(__NR_setsockopt, pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    if (result < 0) { /* nobody could tell from a record who is to be watched */
        sys(__NR_close, pair[0]);
        sys(__NR_close, pair[1]);
        return result;
    }
    *ours = pair[0];
    *theirs = pair[1];
    return 0;
}

/* What a poll(2) finds readable or hung up once this thread is gone: a pidfd of it (Linux 6.9), which nobody can keep
 * alive; before that the read end of a pipe. That has a gap: a process that was cloned, by us or by Node, and has not run
 * yet when this process is killed keeps the write end open until it does. */
static long open_lifeline(void)
{
    int pipe[2];
    if (lifeline >= 0)
        return 0;
    long fd = sys(__NR_pidfd_open, sys(__NR_gettid), PIDFD_THREAD);
    if (fd == -EINVAL) {
        fd = sys(__NR_pipe2, pipe, O_CLOEXEC);
        fd = fd < 0 ? fd : pipe[0];
    }
    lifeline = (int)fd;
    return fd < 0 ? fd : 0;
}

static void fill_slots(struct request *request, const struct opened *opened)
{
    for (int i = 0; i < request->start.count; i++) {
        int *slot = &request->start.slots[i];
        if (*slot == SLOT_STATUS)
            *slot = opened->status;
        else if (*slot == SLOT_LIFELINE)
            *slot = lifeline;
        else if (*slot == SLOT_NULL)
            *slot = opened->null;
        else if (*slot == SLOT_PLAN) {
            *slot = opened->plan < 0 ? opened->status : opened->plan;
            request->start.plan_slot = i;
        }
    }
}

static int wants(const struct request *request, int slot)
{
    for (int i = 0; i < request->start.count; i++)
        if (request->start.slots[i] == slot)
            return 1;
    return 0;
}

/* Half the time of a memfd, as long as it fits into the socket's buffer. */
static int send_plan(int channel, const struct request *request)
{
    long sent = sys(__NR_sendto, channel, request->plan, request->plan_size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    return sent == (long)request->plan_size;
}

static int open_all(const struct request *request, struct opened *opened, long *error)
{
    if (wants(request, SLOT_NULL) &&
        (*error = opened->null = (int)sys(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0)) < 0)
        return STEP_NULL;
    if ((*error = open_lifeline()) < 0)
        return STEP_PREPARE;
    if ((*error = open_channel(&opened->channel, &opened->status)) < 0)
        return STEP_PREPARE;
    if (!send_plan(opened->channel, request) &&
        (*error = opened->plan = (int)store_plan(request->plan, request->plan_size)) < 0)
        return STEP_PREPARE;
    return 0;
}

void close_slots(const struct opened *opened)
{
    const int all[] = {opened->status, opened->plan, opened->null};
    for (int i = 0; i < 3; i++)
        if (all[i] >= 0)
            sys(__NR_close, all[i]);
}

int open_slots(struct request *request, struct opened *opened, long *error)
{
    *opened = (struct opened){-1, -1, -1, -1};
    int step = open_all(request, opened, error);
    if (step == 0) {
        fill_slots(request, opened);
        return 0;
    }
    close_slots(opened);
    if (opened->channel >= 0)
        sys(__NR_close, opened->channel);
    return step;
}
