/* Makes a crowd: `population GROUPS SIZE COMMAND…` starts GROUPS times SIZE processes that sleep, each group in eight
 * new namespaces of its own, then runs COMMAND beside them. All of them end with it. To be PID 1 of a pid namespace. */
#define _GNU_SOURCE
#include "lines.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EVERY_KIND = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET |
                 CLONE_NEWCGROUP | 0x80 /* CLONE_NEWTIME */
};

static void sleep_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
        pause();
}

/* The first child of unshare(2) is the init of the pid namespace: the others are its siblings. */
static void be_group(int size, int ready)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    DIE_UNLESS(unshare(EVERY_KIND) == 0, "unshare");
    for (int i = 0; i < size - 1; i++) {
        pid_t pid = fork();
        DIE_UNLESS(pid >= 0, "fork");
        if (pid == 0)
            sleep_with_parent();
    }
    DIE_UNLESS(write(ready, "r", 1) == 1, "write");
    close(ready);
    sleep_with_parent();
}

int main(int argc, char **argv)
{
    DIE_UNLESS(argc > 3, "usage: population GROUPS SIZE COMMAND...");
    int pipe_ends[2];
    DIE_UNLESS(pipe(pipe_ends) == 0, "pipe");
    for (int i = 0; i < atoi(argv[1]); i++) {
        pid_t pid = fork();
        DIE_UNLESS(pid >= 0, "fork");
        if (pid == 0)
            be_group(atoi(argv[2]), pipe_ends[1]);
        char byte;
        DIE_UNLESS(read(pipe_ends[0], &byte, 1) == 1, "read");
    }
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    pid_t command = fork();
    DIE_UNLESS(command >= 0, "fork");
    if (command == 0) {
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    int status = 0;
    while (waitpid(-1, &status, 0) != command)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
