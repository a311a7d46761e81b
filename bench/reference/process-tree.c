/* What a C programmer would write by hand instead of isol8's spawn(): the same processes in the same eight new
 * namespaces, the same state around the program, no generality and no exec but the program's.
 *
 *   this process ── clone VM|VFORK|PIDFD ──▶ outer ── clone3 8 x NEW, PARENT ──▶ PID 1 ── clone VM|VFORK ──▶ program
 *                                            maps, byte ─────────────────────▶ reads it, sets up
 *                                            exits                             reaps, exits ◀────────────── exits
 *
 *     process-tree HELPER PROGRAM…
 *
 * A line "one I" starts program I and answers with the milliseconds until the exit of PID 1 is known; "many COUNT
 * WIDTH I" with those of COUNT of them, WIDTH at a time. "helped I" is "one I" with the outer process executing
 * HELPER (the same code, without libc) before it goes on, as isol8's executes its launcher. */
#define _GNU_SOURCE
#include "clone-onto.h"
#include "lines.h"
#include "set-up.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_SIZE = 65536, MAP_SIZE = 8192 };

static char stack[STACK_SIZE] __attribute__((aligned(16)));
static char uid_map[MAP_SIZE];
static char gid_map[MAP_SIZE];
static char *helper;

/* As isol8's defaults: root keeps every id that is mapped here, as itself; anybody else becomes root. */
static void prepare_map(char *map, const char *path, unsigned id)
{
    unsigned inside, outside, count;
    int size = 0;
    if (geteuid() != 0) {
        snprintf(map, MAP_SIZE, "0 %u 1\n", id);
        return;
    }
    FILE *file = fopen(path, "r");
    DIE_UNLESS(file, path);
    while (fscanf(file, "%u %u %u", &inside, &outside, &count) == 3 && size < MAP_SIZE)
        size += snprintf(map + size, (size_t)(MAP_SIZE - size), "%u %u %u\n", inside, inside, count);
    fclose(file);
}

/* The outer process: shares this memory, so the pid of PID 1 is simply left in `job`. */
static void outer(void *argument)
{
    struct job *job = argument;
    job->init = start_init(job);
    sys(__NR_exit_group, job->init > 0 ? 0 : 125);
}

static void helped_outer(void *argument)
{
    struct job *job = argument;
    const char *const arguments[] = {"helper", job->program, job->uid_map, job->gid_map, NULL};
    job->init = -1; /* not known: whichever child is left */
    sys(__NR_execve, helper, arguments, job->environment);
    sys(__NR_exit_group, 125);
}

static void start(struct job *job, void (*body)(void *))
{
    siginfo_t info;
    job->outer = (int)clone_onto(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, stack + STACK_SIZE, &job->pidfd, body, job);
    DIE_UNLESS(job->outer > 0, "clone of the outer process");
    DIE_UNLESS(waitid(P_PIDFD, (id_t)job->pidfd, &info, WEXITED) == 0, "waitid");
    DIE_UNLESS(info.si_status == 0, "the outer process did not end well");
    close(job->pidfd);
}

static void finish(const struct job *job)
{
    int status = 0;
    DIE_UNLESS(waitpid((pid_t)job->init, &status, 0) > 0, "waitpid");
    DIE_UNLESS(WIFEXITED(status) && WEXITSTATUS(status) == 0, "PID 1 did not end well");
}

static struct job job_for(const char *program)
{
    return (struct job){.program = program, .environment = environ, .uid_map = uid_map, .gid_map = gid_map};
}

static double one(const char *program, void (*body)(void *))
{
    struct job job = job_for(program);
    double begin = now_ms();
    start(&job, body);
    finish(&job);
    return now_ms() - begin;
}

static double many(int count, int width, const char *program)
{
    const struct job any = {.init = -1};
    double begin = now_ms();
    for (int started = 0, ended = 0; ended < count;) {
        struct job job = job_for(program);
        if (started < count && started - ended < width) {
            start(&job, outer);
            started++;
        } else {
            finish(&any);
            ended++;
        }
    }
    return now_ms() - begin;
}

int main(int argc, char **argv)
{
    DIE_UNLESS(argc > 2, "process-tree HELPER PROGRAM…");
    prepare_map(uid_map, "/proc/self/uid_map", geteuid());
    prepare_map(gid_map, "/proc/self/gid_map", getegid());
    helper = argv[1];
    char **programs = argv + 2;
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        int count = 0, width = 0, index = 0;
        if (sscanf(line, "many %d %d %d", &count, &width, &index) == 3)
            answer(many(count, width, programs[index]));
        else if (sscanf(line, "one %d", &index) == 1)
            answer(one(programs[index], outer));
        else if (sscanf(line, "helped %d", &index) == 1)
            answer(one(programs[index], helped_outer));
        else
            return 1;
    }
    return 0;
}
