/* The launch thread: pdeathsig is tied to the thread that clones, so launchers start from this one, which lives as
 * long as the process, and never from a pool, a Worker or the JavaScript thread. It also watches what it started.
 *
 *   JavaScript          launch thread             launcher                 main process
 *   launch() ──queue──▶ clone(VM|VFORK) ────────▶ runs the plan
 *                                                 clone(PARENT) ─────────▶ runs its part
 *                        (pid by SCM_CREDENTIALS) ◀──── record `child` ───┤
 *            ◀─ started ◀───────────────────────────── record `started` ──┤
 *                        reaps ◀──────────────── exit                     │
 *            ◀─ exited ── reaps ◀──── record `exited`, status channel closed, exit
 */
#define _GNU_SOURCE
#include "sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

enum { CHILD_STACK = 16384, BATCH = 64, STRAY_MILLISECONDS = 5 };

/* glibc and musl have every thread answer these (32 to 34) when one calls setuid(2) and the like. */
static const uint64_t all_signals = ~0ULL, launch_thread_mask = ~(7ULL << 31);
/* The kernel offers a child's SIGCHLD to the thread that cloned it first. Where that thread does not block it, it is
 * dropped at once (or libuv's handler runs, which may run on any thread); else it would wake the JavaScript thread. */
static const uint64_t waiting_mask = ~(7ULL << 31 | 1ULL << (SIGCHLD - 1));

static struct {
    pthread_mutex_t lock;
    struct request *requests;
    struct request **last_request;
    int running;
    int poll;
    int wake;
    int thread; /* its id, once it runs; atomic */
} launches = {.lock = PTHREAD_MUTEX_INITIALIZER, .poll = -1, .wake = -1};

static _Alignas(16) char child_stack[CHILD_STACK];

struct birth {
    struct start start;
    long error;
};

/* Runs in the memory of the launch thread, which sleeps until the execve. */
static void born(void *argument)
{
    struct birth *birth = argument;
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &all_signals, 0, sizeof all_signals);
    if (birth->start.expected_parent) {
        sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
        if (sys(__NR_getppid) != birth->start.expected_parent)
            sys(__NR_exit_group, EXIT_FAILED);
    }
    birth->error = become_launcher(&birth->start);
    sys(__NR_exit_group, EXIT_FAILED);
}

void launch_owner_release(struct owner *owner)
{
    pthread_mutex_lock(&launches.lock);
    int left = --owner->references;
    pthread_mutex_unlock(&launches.lock);
    if (left == 0)
        free(owner);
}

static void free_request(struct request *request)
{
    for (int i = 0; i < request->owned_count; i++)
        sys(__NR_close, request->owned[i]);
    free(request);
}

/* Returns the step that failed, with *error set, or 0. */
static int clone_launcher(struct session *session, struct request *request, long *error)
{
    int pidfd = -1;
    struct opened opened;
    int step = open_slots(request, &opened, error);
    if (step)
        return step;
    struct birth birth = {.start = request->start};
    long pid = clone_onto(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, child_stack + CHILD_STACK, &pidfd, born, &birth);
    close_slots(&opened);
    session_watch_status(session, opened.channel);
    if (pid < 0) {
        *error = pid;
        return STEP_CLONE;
    }
    session_watch_launcher(session, (int)pid, pidfd);
    *error = birth.error;
    return birth.error ? STEP_LAUNCHER : 0;
}

/* A copy, so that it does not matter what JavaScript closes meanwhile. */
static int watch_readable(struct session *session, const struct request *request, long *error)
{
    long copy = sys(__NR_fcntl, request->start.launcher, F_DUPFD_CLOEXEC, 3);
    if (copy >= 0)
        session_watch_status(session, (int)copy);
    *error = copy;
    return copy < 0 ? STEP_WATCH : 0;
}

static void start_session(struct request *request)
{
    struct session *session = session_begin(request);
    request->start.expected_parent = request->flags & LAUNCH_ATTACHED ? (int)sys(__NR_getpid) : 0;
    long error = 0;
    int step = request->flags & LAUNCH_POLL ? watch_readable(session, request, &error)
                                            : clone_launcher(session, request, &error);
    if (step)
        session_tell(session, EVENT_FAILED, step, (int)-error);
    free_request(request);
}

static void cancel(struct request *request)
{
    sessions_cancel(request->owner, request->session);
    launch_owner_release(request->owner);
    free_request(request);
}

static void take_requests(void)
{
    uint64_t count;
    sys(__NR_read, launches.wake, &count, sizeof count);
    pthread_mutex_lock(&launches.lock);
    struct request *request = launches.requests;
    launches.requests = NULL;
    launches.last_request = &launches.requests;
    pthread_mutex_unlock(&launches.lock);
    sessions_kill_orphans();
    while (request) {
        struct request *next = request->next;
        if (request->flags & LAUNCH_CANCEL)
            cancel(request);
        else
            start_session(request);
        request = next;
    }
}

static void *launch_thread(void *unused)
{
    int looks = 0;
    (void)unused;
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &launch_thread_mask, 0, sizeof launch_thread_mask);
    sys(__NR_prctl, PR_SET_NAME, "isol8-launch");
    sessions_watch_by(launches.poll);
    __atomic_store_n(&launches.thread, (int)sys(__NR_gettid), __ATOMIC_RELEASE);
    for (;;) {
        struct epoll_event events[BATCH];
        long count = sys(__NR_epoll_pwait, launches.poll, events, BATCH, looks ? STRAY_MILLISECONDS : -1, &waiting_mask, sizeof waiting_mask);
        for (long i = 0; i < count; i++) {
            if (events[i].data.ptr)
                session_event(events[i].data.ptr);
            else
                take_requests();
        }
        looks = sessions_looks_left(looks, count, sessions_reap());
    }
    return NULL;
}

static long prepare_thread(void)
{
    pthread_t thread;
    struct epoll_event woken = {.events = EPOLLIN};
    long result = launches.poll = (int)sys(__NR_epoll_create1, EPOLL_CLOEXEC);
    if (result >= 0)
        result = launches.wake = (int)sys(__NR_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (result >= 0)
        result = sys(__NR_epoll_ctl, launches.poll, EPOLL_CTL_ADD, launches.wake, &woken);
    return result < 0 ? result : -pthread_create(&thread, NULL, launch_thread, NULL);
}

static long start_thread(void)
{
    launches.last_request = &launches.requests;
    long result = prepare_thread();
    launches.running = result >= 0;
    int *made[] = {&launches.poll, &launches.wake};
    for (int i = 0; i < 2 && result < 0; i++) { /* the next launch tries again */
        if (*made[i] >= 0)
            sys(__NR_close, *made[i]);
        *made[i] = -1;
    }
    return result;
}

static void wake(void)
{
    const uint64_t one = 1;
    sys(__NR_write, launches.wake, &one, sizeof one);
}

int launch_thread_id(void)
{
    pthread_mutex_lock(&launches.lock);
    long result = launches.running ? 0 : start_thread();
    pthread_mutex_unlock(&launches.lock);
    while (result >= 0 && (result = __atomic_load_n(&launches.thread, __ATOMIC_ACQUIRE)) == 0)
        sys(__NR_sched_yield);
    return (int)result;
}

int launch_submit(struct request *request)
{
    pthread_mutex_lock(&launches.lock);
    long result = launches.running ? 0 : start_thread();
    if (result >= 0) {
        request->next = NULL;
        request->owner->references++;
        *launches.last_request = request;
        launches.last_request = &request->next;
    }
    pthread_mutex_unlock(&launches.lock);
    if (result >= 0)
        wake();
    return (int)result;
}

int launch_deliver(struct owner *owner, const struct event *event)
{
    struct event *copy = malloc(sizeof *copy);
    if (!copy)
        abort();
    *copy = *event;
    pthread_mutex_lock(&launches.lock); /* the function is gone once closed is set */
    int taken = !owner->closed && napi_call_threadsafe_function(owner->deliver, copy, napi_tsfn_nonblocking) == napi_ok;
    pthread_mutex_unlock(&launches.lock);
    if (!taken)
        free(copy);
    return taken;
}

int launch_owner_is_closed(struct owner *owner)
{
    pthread_mutex_lock(&launches.lock);
    int closed = owner->closed;
    pthread_mutex_unlock(&launches.lock);
    return closed;
}

void launch_owner_closed(struct owner *owner)
{
    pthread_mutex_lock(&launches.lock);
    owner->closed = 1;
    int running = launches.running;
    pthread_mutex_unlock(&launches.lock);
    launch_owner_release(owner);
    if (running)
        wake();
}
