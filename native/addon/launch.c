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
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { CHILD_STACK = 16384, BATCH = 64, UNKNOWN = -1, STRAY_MILLISECONDS = 5, STRAY_LOOKS = 20 };

/* glibc and musl have every thread answer these (32 to 34) when one calls setuid(2) and the like. */
static const uint64_t all_signals = ~0ULL, launch_thread_mask = ~(7ULL << 31);
/* The kernel offers a child's SIGCHLD to the thread that cloned it first. Where that thread does not block it, it is
 * dropped at once (or libuv's handler runs, which may run on any thread); else it would wake the JavaScript thread. */
static const uint64_t waiting_mask = ~(7ULL << 31 | 1ULL << (SIGCHLD - 1));

struct session;

/* What epoll hands back: one of a session's three descriptors. */
struct source {
    struct session *session;
    int fd;
};

struct session {
    struct session *next;
    struct owner *owner;
    uint32_t id;
    int flags;
    struct source status;   /* our end of the channel */
    struct source launcher; /* pidfd, ours */
    struct source child;    /* pidfd of the main process, which JavaScript borrows until `exited` */
    int launcher_pid;
    int child_pid;
    int launcher_status; /* wait status, or UNKNOWN while it runs */
    int child_status;
    int executing; /* there is no PID 1 of ours, and the program is about to start */
    int started;
    int reported; /* exit code and signal as the main process told them */
    int code;
    int signal;
};

static struct {
    pthread_mutex_t lock;
    struct request *requests;
    struct request **last_request;
    int running;
    int poll;
    int wake;
    struct session *sessions; /* launch thread only */
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

/* close(2) alone is not enough: a child that Node forks at this moment has a copy, and with it keeps epoll reporting. */
static void stop_watching(const struct source *source)
{
    struct epoll_event none = {0};
    if (source->fd >= 0)
        sys(__NR_epoll_ctl, launches.poll, EPOLL_CTL_DEL, source->fd, &none);
}

static void close_source(struct source *source)
{
    if (source->fd < 0)
        return;
    stop_watching(source);
    sys(__NR_close, source->fd);
    source->fd = -1;
}

static void watch(struct session *session, struct source *source, long fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};
    source->session = session;
    source->fd = (int)fd;
    long result = sys(__NR_epoll_ctl, launches.poll, EPOLL_CTL_ADD, fd, &event);
    if (result < 0 && result != -EEXIST)
        abort(); /* no kernel memory for 100 bytes, as any allocation in Node */
}

static int tell(struct session *session, int kind, int first, int second)
{
    struct event event = {session->id, kind, first, second, -1};
    return launch_deliver(session->owner, &event);
}

static void kill_source(const struct source *source)
{
    if (source->fd >= 0)
        sys(__NR_pidfd_send_signal, source->fd, SIGKILL, 0, 0);
}

/* Whether nobody is left who could wait for it. */
static int is_orphan(const struct session *session)
{
    pthread_mutex_lock(&launches.lock);
    int orphan = session->owner->closed && (session->flags & (LAUNCH_ATTACHED | LAUNCH_POLL));
    pthread_mutex_unlock(&launches.lock);
    return orphan;
}

/* It is unreaped, so that the pid is still its own. */
static void child_seen(struct session *session, int pid)
{
    if (session->child_pid)
        return;
    long fd = sys(__NR_pidfd_open, pid, 0);
    session->child_pid = pid;
    if (fd < 0) {
        sys(__NR_kill, pid, SIGKILL);
        tell(session, EVENT_FAILED, STEP_WATCH, (int)-fd);
        return;
    }
    watch(session, &session->child, fd);
    if (is_orphan(session))
        kill_source(&session->child);
}

static void program_started(struct session *session)
{
    if (session->started)
        return;
    session->started = 1;
    tell(session, EVENT_STARTED, session->child_pid, session->child.fd);
}

/* A PID 1 without privilege stays within reach of the program, which can take the channel and write what it likes: it may
 * lie about how it ended, and nothing else. */
static void record_seen(struct session *session, const struct record *record, int pid)
{
    if (session->started != (record->kind == RECORD_EXITED))
        return;
    switch (record->kind) {
    case RECORD_FAILED:
        session->executing = 0;
        tell(session, EVENT_FAILED, record->first, record->second);
        break;
    case RECORD_CHILD:
        child_seen(session, pid);
        break;
    case RECORD_STARTED:
        program_started(session);
        if (session->child.fd >= 0)
            stop_watching(&session->status); /* what is left to read there is read when the child has ended */
        break;
    case RECORD_EXECUTING:
        session->executing = 1;
        break;
    case RECORD_EXITED:
        stop_watching(&session->status); /* nothing comes after that */
        session->reported = 1;
        session->code = record->first;
        session->signal = record->second;
        break;
    }
}

static void read_status(struct session *session)
{
    if (session->flags & LAUNCH_POLL)
        close_source(&session->status); /* and with it the session is over */
    while (session->status.fd >= 0 && !session->reported) {
        struct record record;
        struct iovec part = {&record, sizeof record};
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))]; /* no room for descriptors */
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        long size = sys(__NR_recvmsg, session->status.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (size == -EAGAIN || size == -EINTR)
            return;
        if (size <= 0) {
            close_source(&session->status);
            if (session->executing)
                program_started(session);
            return;
        }
        const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        int pid = 0;
        if (header && header->cmsg_type == SCM_CREDENTIALS)
            pid = ((const struct ucred *)CMSG_DATA(header))->pid;
        if (size == sizeof record)
            record_seen(session, &record, pid);
    }
}

/* Its end is told by those who hold the other end: the main process did until now, the launcher still may. */
static void read_rest(struct session *session)
{
    read_status(session);
    if (session->launcher_status != UNKNOWN && session->child_status != UNKNOWN)
        close_source(&session->status); /* whoever has it open now is a stranger */
    else if (session->status.fd >= 0 && !session->reported)
        watch(session, &session->status, session->status.fd);
}

static int is_known(int pid)
{
    for (struct session *session = launches.sessions; session; session = session->next)
        if (pid == session->launcher_pid || pid == session->child_pid)
            return 1;
    return 0;
}

static void reaped(int pid, int status)
{
    for (struct session *session = launches.sessions; session; session = session->next) {
        if (pid == session->launcher_pid) {
            session->launcher_status = status;
            stop_watching(&session->launcher);
            if (session->child_pid && session->child_status != UNKNOWN)
                read_rest(session);
        }
        if (pid == session->child_pid) {
            session->child_status = status;
            stop_watching(&session->child);
            read_rest(session);
        }
    }
}

/* Reaps this thread's children (__WNOTHREAD), never those of Node's own. Processes in the middle of a chain, and those
 * whose launcher was killed before anyone could name them, belong to no session. Returns whether there are more. */
static int reap_all(void)
{
    const long own = __WALL | __WNOTHREAD;
    for (;;) {
        siginfo_t ended = {0};
        long result = sys(__NR_waitid, P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT | own);
        if (result < 0 || ended.si_pid == 0)
            return result == 0;
        for (struct session *session = launches.sessions; session; session = session->next)
            if (!session->child_pid && !(session->flags & LAUNCH_POLL) && (session->launcher_pid == ended.si_pid || !is_known(ended.si_pid)))
                read_status(session); /* whose it is, and that a launcher was the program, only it can say */
        int status = 0;
        if (sys(__NR_wait4, ended.si_pid, &status, own, 0) < 0)
            return 1;
        reaped(ended.si_pid, status);
    }
}

/* How often to look for ended children before the next event: no descriptor tells of a process in the middle of a
 * chain, which ends soon after what was last heard of, nor of one that there was no descriptor left for. */
static int looks_left(int looks, long events, int children)
{
    for (struct session *session = launches.sessions; session; session = session->next)
        if (session->child_pid && session->child_status == UNKNOWN && session->child.fd < 0)
            return STRAY_LOOKS;
    if (!children)
        return 0;
    return events > 0 ? STRAY_LOOKS : looks - (looks > 0);
}

static int over(const struct session *session)
{
    return (session->status.fd < 0 || session->reported) && session->launcher_status != UNKNOWN &&
           (session->child_pid == 0 || session->child_status != UNKNOWN);
}

static void release_owner(struct owner *owner)
{
    pthread_mutex_lock(&launches.lock);
    int left = --owner->references;
    pthread_mutex_unlock(&launches.lock);
    if (left == 0)
        free(owner);
}

static void end_session(struct session *session)
{
    int status = session->child_pid ? session->child_status : session->launcher_status;
    if (!session->reported) {
        session->signal = status & 0x7f;
        session->code = session->signal ? 0 : (status >> 8) & 0xff;
    }
    close_source(&session->status); /* before anyone hears of the end, so that nothing of it is left by then */
    close_source(&session->launcher);
    struct event event = {session->id, EVENT_EXITED, session->code, session->signal, session->child.fd};
    if (!launch_deliver(session->owner, &event))
        close_source(&session->child);
    release_owner(session->owner);
    free(session);
}

static void end_sessions(void)
{
    for (struct session **link = &launches.sessions; *link;) {
        struct session *session = *link;
        if (!over(session)) {
            link = &session->next;
            continue;
        }
        *link = session->next;
        end_session(session);
    }
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
    watch(session, &session->status, opened.channel);
    if (pid < 0) {
        *error = pid;
        return STEP_CLONE;
    }
    session->launcher_pid = (int)pid;
    session->launcher_status = UNKNOWN;
    watch(session, &session->launcher, pidfd);
    *error = birth.error;
    return birth.error ? STEP_LAUNCHER : 0;
}

/* A copy, so that it does not matter what JavaScript closes meanwhile. */
static int watch_readable(struct session *session, const struct request *request, long *error)
{
    long copy = sys(__NR_fcntl, request->start.launcher, F_DUPFD_CLOEXEC, 3);
    if (copy >= 0)
        watch(session, &session->status, copy);
    *error = copy;
    return copy < 0 ? STEP_WATCH : 0;
}

static void start_session(struct request *request)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session) /* as any allocation in Node: fatal, and nothing has been started */
        abort();
    session->owner = request->owner;
    session->id = request->session;
    session->flags = request->flags;
    session->status.fd = session->launcher.fd = session->child.fd = -1;
    session->child_status = UNKNOWN;
    request->start.expected_parent = request->flags & LAUNCH_ATTACHED ? (int)sys(__NR_getpid) : 0;
    long error = 0;
    int step = request->flags & LAUNCH_POLL ? watch_readable(session, request, &error)
                                            : clone_launcher(session, request, &error);
    if (step)
        tell(session, EVENT_FAILED, step, (int)-error);
    session->next = launches.sessions;
    launches.sessions = session;
    free_request(request);
}

static void kill_session(struct session *session)
{
    if (session->flags & LAUNCH_POLL)
        close_source(&session->status);
    kill_source(&session->launcher);
    kill_source(&session->child);
}

static void kill_orphans(void)
{
    for (struct session *session = launches.sessions; session; session = session->next)
        if (is_orphan(session))
            kill_session(session);
}

static void cancel(struct request *request)
{
    for (struct session *session = launches.sessions; session; session = session->next)
        if (session->owner == request->owner && session->id == request->session)
            kill_session(session);
    release_owner(request->owner);
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
    kill_orphans();
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
    __atomic_store_n(&launches.thread, (int)sys(__NR_gettid), __ATOMIC_RELEASE);
    for (;;) {
        struct epoll_event events[BATCH];
        long count = sys(__NR_epoll_pwait, launches.poll, events, BATCH, looks ? STRAY_MILLISECONDS : -1, &waiting_mask, sizeof waiting_mask);
        for (long i = 0; i < count; i++) {
            struct source *source = events[i].data.ptr;
            if (!source)
                take_requests();
            else if (source == &source->session->status)
                read_status(source->session);
        }
        int children = reap_all();
        end_sessions();
        looks = looks_left(looks, count, children);
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

void launch_owner_closed(struct owner *owner)
{
    pthread_mutex_lock(&launches.lock);
    owner->closed = 1;
    int running = launches.running;
    pthread_mutex_unlock(&launches.lock);
    release_owner(owner);
    if (running)
        wake();
}
