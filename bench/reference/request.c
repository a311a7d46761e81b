/* One byte there and back, as a request and its answer. `request serve PORT` answers each connection in a process of its
 * own; `request ADDRESS PORT COUNT` prints how many requests were answered in a second, one after the other. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
    perror(what);
    exit(1);
}

static int tcp(void)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        fail("socket");
    return fd;
}

static void serve(struct sockaddr_in *at)
{
    int listener = tcp();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    at->sin_addr.s_addr = htonl(INADDR_ANY);
    if (bind(listener, (struct sockaddr *)at, sizeof *at) < 0 || listen(listener, 16) < 0)
        fail("listen");
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0 || fork() != 0) {
            close(client);
            continue;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        char byte;
        while (read(client, &byte, 1) == 1 && write(client, &byte, 1) == 1)
            ;
        _exit(0);
    }
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (strcmp(argv[1], "serve") == 0)
        serve(&at);
    int count = argc > 3 ? atoi(argv[3]) : 1, fd = tcp();
    char byte = 1;
    if (inet_pton(AF_INET, argv[1], &at.sin_addr) != 1 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
        fail("connect");
    double begin = now();
    for (int i = 0; i < count; i++)
        if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
            fail("request");
    printf("%.1f\n", count / (now() - begin));
    return 0;
}
