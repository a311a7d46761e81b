/* What the launch thread watches (native/addon/sessions.c), built with sanitizers and with sessions-kernel.h as the kernel:
 *
 *     sessions SEED LIVES
 *
 * A life is a few sessions and their processes: records of every kind, size and sender come in between ends, hang-ups and
 * closings in any order. Whatever came, each session ends, `exited` is the last that is told of it and told once, and
 * nothing stays open; in half of the lives senders are who they say, and then none is reaped before it is known. Prints how
 * many sessions ended, and of how many `started` and `failed` was told. */
#define _GNU_SOURCE
#include "sessions-kernel.h"

#include <stdio.h>
#include <unistd.h>

enum { SESSIONS = 12, OWNERS = 2, ACTIONS = 200, POLL_FD = 1000 };

struct course {
    int started, failed, exited; /* what was told */
    int launcher;
    unsigned launcher_birth;
};

static struct course courses[SESSIONS];
static struct owner owners[OWNERS];
static uint32_t begun;
static unsigned long ended_count, started_count, failed_count;

/* ---- who is told ---- */

int launch_deliver(struct owner *owner, const struct event *event)
{
    struct course *of = &courses[event->session];
    assert(!of->exited);
    if (event->kind == EVENT_STARTED)
        assert(!of->started && event->first > 0 && opened_as(event->second)->kind == PIDFD);
    assert(!honest || event->kind != EVENT_FAILED || event->second != ESRCH);
    of->started |= event->kind == EVENT_STARTED;
    of->failed |= event->kind == EVENT_FAILED;
    of->exited |= event->kind == EVENT_EXITED;
    if (owner->closed)
        return 0;
    if (event->pidfd >= 0)
        sys(__NR_close, event->pidfd);
    return 1;
}

int launch_owner_is_closed(struct owner *owner)
{
    return owner->closed;
}

void launch_owner_release(struct owner *owner)
{
    assert(owner->references-- > 0);
}

/* ---- what happens ---- */

/* As start_session of native/addon/launch.c, which may fail at each of its steps. */
static void begin_session(void)
{
    const int flags[] = {0, LAUNCH_ATTACHED, LAUNCH_ATTACHED, LAUNCH_POLL};
    struct request request = {.owner = &owners[below(OWNERS)], .session = begun, .flags = flags[below(4)]};
    if (begun == SESSIONS)
        return;
    struct course *course = &courses[begun++];
    request.owner->references++;
    struct session *session = session_begin(&request);
    int opens = below(16) > 0;
    if (opens)
        session_watch_status(session, open_descriptor((struct descriptor){.kind = CHANNEL, .session = request.session}));
    if (opens && (request.flags & LAUNCH_POLL))
        return;
    int pid = course->launcher = opens && below(16) ? start_process() : 0;
    course->launcher_birth = processes[pid].birth;
    if (pid)
        session_watch_launcher(session, pid, open_pidfd(pid));
    else
        session_tell(session, EVENT_FAILED, opens ? STEP_CLONE : STEP_PREPARE, EAGAIN);
}

static struct descriptor *channel_of(uint32_t session)
{
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        if (descriptors[fd].kind == CHANNEL && descriptors[fd].session == session)
            return &descriptors[fd];
    return NULL;
}

static void send_record(uint32_t session, uint32_t kind, int pid)
{
    struct descriptor *channel = channel_of(session);
    if (!channel || channel->queued == QUEUE)
        return;
    struct message message = {.size = below(8) ? (long)sizeof(struct record) : (long)below(LONGEST + 1), .pid = pid};
    struct record record = {kind, (int32_t)below(256), (int32_t)below(65)};
    memcpy(message.bytes, &record, sizeof record);
    channel->queue[channel->queued++] = message;
}

static void send_anything(void)
{
    const int nobody[] = {NO_CREDENTIALS, 0, -1, -4, LAST_PID + 1};
    int pid = below(4) ? 1 + (int)below(LAST_PID) : nobody[below(5)];
    if (!honest)
        send_record((uint32_t)below(begun), (uint32_t)below(RECORD_EXECUTING + 2), pid);
}

/* The launcher itself, where it becomes the program, or a child of its own; 0 when there is none. */
static int main_process_of(const struct course *course)
{
    const struct process *launcher = &processes[course->launcher];
    if (below(3))
        return start_process();
    return launcher->state == RUNNING && launcher->birth == course->launcher_birth ? course->launcher : 0;
}

/* It tells as it should, or is a silent one in the middle of a chain; it may have ended before anybody looks. */
static void start_main_process(void)
{
    uint32_t session = (uint32_t)below(begun);
    int pid = main_process_of(&courses[session]);
    if (!pid)
        return;
    if (below(4))
        send_record(session, RECORD_CHILD, pid);
    if (below(2))
        send_record(session, below(4) ? RECORD_STARTED : RECORD_EXECUTING, pid);
    if (below(2))
        end_process(pid, (int)below(256) << 8);
}

static void close_owner(void)
{
    if (below(8) == 0)
        owners[below(OWNERS)].closed = 1;
    sessions_kill_orphans();
}

static void handle_event(void)
{
    struct descriptor *descriptor = &descriptors[below(DESCRIPTORS)];
    int readable = descriptor->kind == CHANNEL ? descriptor->queued || descriptor->hung_up
                                               : processes[descriptor->pid].birth != descriptor->birth ||
                                                     processes[descriptor->pid].state != RUNNING;
    if (descriptor->kind != CLOSED && descriptor->watched && readable)
        session_event(descriptor->watched);
}

static void hang_up(uint32_t session)
{
    struct descriptor *channel = channel_of(session);
    if (channel)
        channel->hung_up = 1;
}

static void act(void)
{
    switch (below(10)) {
    case 0:
        begin_session();
        break;
    case 1:
        start_main_process();
        break;
    case 2:
        end_process(1 + (int)below(LAST_PID), (int)(below(2) ? below(256) << 8 : SIGTERM));
        break;
    case 3:
        sessions_reap();
        break;
    case 4:
        close_owner();
        break;
    case 5:
        below(4) ? hang_up((uint32_t)below(begun)) : sessions_cancel(&owners[below(OWNERS)], (uint32_t)below(begun));
        break;
    case 6:
    case 7:
        send_anything();
        break;
    default:
        for (int i = 0; i < 32; i++)
            handle_event();
    }
}

/* ---- one life ---- */

/* All processes end and whoever wrote hangs up: then the sessions are over within a few looks. */
static void end_all(void)
{
    for (int pid = 1; pid <= LAST_PID; pid++)
        end_process(pid, 0);
    for (uint32_t session = 0; session < begun; session++) {
        hang_up(session);
        sessions_cancel(&owners[0], session);
        sessions_cancel(&owners[1], session);
    }
    for (int looks = 0; looks < 4; looks++) {
        for (int fd = 0; fd < DESCRIPTORS; fd++)
            if (descriptors[fd].kind == CHANNEL && descriptors[fd].watched)
                session_event(descriptors[fd].watched);
        sessions_reap();
    }
}

static void live(void)
{
    memset(courses, 0, sizeof courses);
    memset(owners, 0, sizeof owners);
    begun = 0;
    honest = (int)below(2);
    begin_session();
    for (int i = 0; i < ACTIONS; i++)
        act();
    end_all();
    for (uint32_t session = 0; session < begun; session++) {
        assert(courses[session].exited);
        started_count += (unsigned)courses[session].started;
        failed_count += (unsigned)courses[session].failed;
    }
    ended_count += begun;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        assert(descriptors[fd].kind == CLOSED);
    for (int i = 0; i < OWNERS; i++)
        assert(owners[i].references == 0);
    assert(sessions_looks_left(0, 0, sessions_reap()) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    seed_random(strtoull(argv[1], 0, 10));
    sessions_watch_by(POLL_FD);
    alarm(60); /* SIGALRM: something did not end */
    for (unsigned long i = strtoul(argv[2], 0, 10); i > 0; i--)
        live();
    printf("%lu ended, %lu started, %lu failed\n", ended_count, started_count, failed_count);
    return 0;
}
