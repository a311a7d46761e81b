/* What the launch thread has started and watches: what its launchers and their children tell, that they end, and who is told
 * of it. Only that thread calls any of this. */
#define _GNU_SOURCE
#include "sessions.h"

#include <errno.h>
#include <linux/wait.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { UNKNOWN = -1, STRAY_LOOKS = 20 };

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

static int poll = -1;
static struct session *sessions;

void sessions_watch_by(int epoll)
{
    poll = epoll;
}

/* close(2) alone is not enough: a child that Node forks at this moment has a copy, and with it keeps epoll reporting. */
static void stop_watching(const struct source *source)
{
    struct epoll_event none = {0};
    if (source->fd >= 0)
        sys(__NR_epoll_ctl, poll, EPOLL_CTL_DEL, source->fd, &none);
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
    long result = sys(__NR_epoll_ctl, poll, EPOLL_CTL_ADD, fd, &event);
    if (result < 0 && result != -EEXIST)
        abort(); /* no kernel memory for 100 bytes, as any allocation in Node */
}

int session_tell(struct session *session, int kind, int first, int second)
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
    return (session->flags & (LAUNCH_ATTACHED | LAUNCH_POLL)) && launch_owner_is_closed(session->owner);
}

/* No process has its number: the record came without credentials, which leaves 0, and kill(2) takes that for our own process
 * group; or somebody else has reaped it, and the number is free. What has sent it fails at its next record. */
static void refuse_child(struct session *session)
{
    close_source(&session->status);
    session_tell(session, EVENT_FAILED, STEP_WATCH, ESRCH);
}

/* What is not refused is unreaped, so that the pid is its own. */
static void child_seen(struct session *session, int pid)
{
    if (session->child_pid)
        return;
    long fd = pid > 0 ? sys(__NR_pidfd_open, pid, 0) : -ESRCH;
    if (fd == -ESRCH) {
        refuse_child(session);
        return;
    }
    session->child_pid = pid;
    if (fd < 0) {
        sys(__NR_kill, pid, SIGKILL);
        session_tell(session, EVENT_FAILED, STEP_WATCH, (int)-fd);
        return;
    }
    watch(session, &session->child, fd);
    if (is_orphan(session))
        kill_source(&session->child);
}

static void program_started(struct session *session)
{
    if (session->started || session->child.fd < 0) /* there is no pidfd to lend, and the start has failed */
        return;
    session->started = 1;
    session_tell(session, EVENT_STARTED, session->child_pid, session->child.fd);
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
        session_tell(session, EVENT_FAILED, record->first, record->second);
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

/* Without a PID 1 of ours the program has it closed by execve, and says no more. */
static void channel_over(struct session *session)
{
    close_source(&session->status);
    if (session->executing)
        program_started(session);
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
            channel_over(session);
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
    if (session->status.fd < 0)
        return;
    if (session->launcher_status != UNKNOWN && session->child_status != UNKNOWN)
        channel_over(session); /* whoever has it open now is a stranger, or a process in the middle of a chain that ends */
    else if (!session->reported)
        watch(session, &session->status, session->status.fd);
}

/* Only unreaped processes have their number for themselves: the kernel gives it out again while the session goes on. */
static int is_launcher(const struct session *session, int pid)
{
    return session->launcher_status == UNKNOWN && session->launcher_pid == pid;
}

static int is_child(const struct session *session, int pid)
{
    return session->child_status == UNKNOWN && session->child_pid == pid;
}

static int is_known(int pid)
{
    for (struct session *session = sessions; session; session = session->next)
        if (is_launcher(session, pid) || is_child(session, pid))
            return 1;
    return 0;
}

static void reaped(int pid, int status)
{
    for (struct session *session = sessions; session; session = session->next) {
        if (is_launcher(session, pid)) {
            session->launcher_status = status;
            stop_watching(&session->launcher);
            if (session->child_pid && session->child_status != UNKNOWN)
                read_rest(session);
        }
        if (is_child(session, pid)) {
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
        for (struct session *session = sessions; session; session = session->next)
            if (!session->child_pid && !(session->flags & LAUNCH_POLL) && (is_launcher(session, ended.si_pid) || !is_known(ended.si_pid)))
                read_status(session); /* whose it is, and that a launcher was the program, only it can say */
        int status = 0;
        if (sys(__NR_wait4, ended.si_pid, &status, own, 0) < 0)
            return 1;
        reaped(ended.si_pid, status);
    }
}

static int over(const struct session *session)
{
    return (session->status.fd < 0 || session->reported) && session->launcher_status != UNKNOWN &&
           (session->child_pid == 0 || session->child_status != UNKNOWN);
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
    launch_owner_release(session->owner);
    free(session);
}

static void end_sessions(void)
{
    for (struct session **link = &sessions; *link;) {
        struct session *session = *link;
        if (!over(session)) {
            link = &session->next;
            continue;
        }
        *link = session->next;
        end_session(session);
    }
}

static void kill_session(struct session *session)
{
    if (session->flags & LAUNCH_POLL)
        close_source(&session->status);
    kill_source(&session->launcher);
    kill_source(&session->child);
}

void sessions_cancel(const struct owner *owner, uint32_t id)
{
    for (struct session *session = sessions; session; session = session->next)
        if (session->owner == owner && session->id == id)
            kill_session(session);
}

void sessions_kill_orphans(void)
{
    for (struct session *session = sessions; session; session = session->next)
        if (is_orphan(session))
            kill_session(session);
}

int sessions_reap(void)
{
    int children = reap_all();
    end_sessions();
    return children;
}

/* How often to look for ended children before the next event: no descriptor tells of a process in the middle of a
 * chain, which ends soon after what was last heard of, nor of one that there was no descriptor left for. */
int sessions_looks_left(int looks, long events, int children)
{
    for (struct session *session = sessions; session; session = session->next)
        if (session->child_pid && session->child_status == UNKNOWN && session->child.fd < 0)
            return STRAY_LOOKS;
    if (!children)
        return 0;
    return events > 0 ? STRAY_LOOKS : looks - (looks > 0);
}

void session_event(void *data)
{
    struct source *source = data;
    if (source == &source->session->status)
        read_status(source->session);
}

struct session *session_begin(const struct request *request)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session) /* as any allocation in Node: fatal, and nothing has been started */
        abort();
    session->owner = request->owner;
    session->id = request->session;
    session->flags = request->flags;
    session->status.fd = session->launcher.fd = session->child.fd = -1;
    session->child_status = UNKNOWN;
    session->next = sessions;
    sessions = session;
    return session;
}

void session_watch_status(struct session *session, int fd)
{
    watch(session, &session->status, fd);
}

void session_watch_launcher(struct session *session, int pid, int pidfd)
{
    session->launcher_pid = pid;
    session->launcher_status = UNKNOWN;
    watch(session, &session->launcher, pidfd);
}
