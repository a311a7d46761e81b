#include "launcher.h"

#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/time.h>

enum { ANY_CHILD = -1, WAIT_NOHANG = 1, WAIT_ALL_CLONES = 0x40000000, ESRCH = 3, EAGAIN = 11, LOOKS = 5 };
enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };

struct ward {
    int channel; /* to look at for the parent's end, -1 for nothing to look at */
    int looks;
    int child;
    int outside; /* WAITER_ bits, 0 for PID 1 */
    int ended;
    int code;
    int signal;
};

/* Reaps everything that has ended; processes orphaned in the namespace become children of PID 1. */
static void reap(struct ward *ward)
{
    for (;;) {
        int status = 0;
        long pid = sys(__NR_wait4, ANY_CHILD, &status, WAIT_NOHANG | WAIT_ALL_CLONES, 0);
        if (pid <= 0)
            return;
        if (pid != ward->child)
            continue;
        ward->ended = 1;
        ward->signal = status & 0x7f;
        ward->code = ward->signal ? EXIT_SIGNALLED + ward->signal : (status >> 8) & 0xff;
    }
}

static int stops(long signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* By the signal itself, so that the shell sees its job stop, and so that the kernel leaves both running where no shell could let
 * them go on again: in an orphaned process group, setpgid(2). */
static void stop_by(long signal)
{
    const uint64_t all_but_this = ~(1ULL << (signal - 1)), every_signal = ~0ULL;
    sys(__NR_kill, sys(__NR_getpid), signal);
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &all_but_this, 0, sizeof every_signal);
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &every_signal, 0, sizeof every_signal);
}

/* A signal that the kernel itself sent (si_code > 0: the terminal, for one) has reached the program's group already. */
static void pass_on(const struct ward *ward, long signal, const siginfo_t *info)
{
    int kept = (ward->outside & WAITER_KEEP) && (signal == SIGINT || signal == SIGTERM);
    if (info->si_code <= 0 && !kept)
        sys(__NR_kill, ward->child, signal);
    if (ward->outside && stops(signal))
        stop_by(signal);
}

/* Before Linux 6.9 the lifeline is a pipe, see open_lifeline in addon/slots.c: a process that Node was just starting when
 * it was killed may keep it whole for longer than a set-up takes. So for the first second the channel is looked at. */
static const struct timespec LOOK_EVERY = {0, 200000000};

static void look_for_parent(struct ward *ward)
{
    static const struct timespec at_once;
    struct pollfd channel = {ward->channel, 0, 0};
    ward->looks--;
    if (sys(__NR_ppoll, &channel, 1, &at_once, 0, 0) == 1)
        sys(__NR_exit_group, EXIT_FAILED);
}

/* All signals are blocked since before the launcher began, so none is lost before the first wait. */
static void watch(struct ward *ward)
{
    const uint64_t every_signal = ~0ULL;
    while (!ward->ended) {
        siginfo_t info;
        long signal = sys(__NR_rt_sigtimedwait, &every_signal, &info, ward->looks > 0 ? &LOOK_EVERY : 0, sizeof every_signal);
        if (signal == -EAGAIN)
            look_for_parent(ward);
        if (signal < 0)
            continue;
        reap(ward); /* whatever came: lower numbers are taken first, so a flood of them would hide SIGCHLD */
        if (signal > 0 && !ward->ended)
            pass_on(ward, signal, &info);
    }
}

/* A shell inside made its own process group the terminal's; with the group gone nobody could read from it again. When
 * somebody else has the terminal by now (the shell outside, after Ctrl-Z and bg), it is left alone. */
static void take_terminal_back(const struct terminal *terminal)
{
    int now = 0;
    if (terminal->fd < 0 || *terminal->group != sys(__NR_getpgid, 0) ||
        sys(__NR_ioctl, terminal->fd, TIOCGPGRP, &now) < 0)
        return;
    if (now != *terminal->group) {
        if (now <= 0 || sys(__NR_kill, -now, 0) != -ESRCH)
            return;
        if (sys(__NR_ioctl, terminal->fd, TIOCSPGRP, terminal->group) < 0)
            return;
    }
    sys(__NR_ioctl, terminal->fd, TCSETS, terminal->settings);
}

long supervise_outside(int child, int bits, const struct terminal *terminal)
{
    struct ward ward = {.child = child, .outside = bits};
    watch(&ward);
    take_terminal_back(terminal);
    if (ward.signal && (bits & WAITER_ALIKE)) {
        const uint64_t no_signal = 0;
        sys(__NR_kill, sys(__NR_getpid), ward.signal);
        sys(__NR_rt_sigprocmask, SIG_SETMASK, &no_signal, 0, sizeof no_signal);
    }
    return ward.code;
}

void supervise_inside(const struct plan *plan, int child, int dies_with_parent)
{
    struct ward ward = {.child = child, .channel = plan->header->status};
    ward.looks = dies_with_parent && ward.channel >= 0 ? LOOKS : 0;
    int channel = plan->header->status;
    sys(__NR_munmap, plan->base, plan->header->size); /* it holds the program's environment */
    watch(&ward);
    /* PID 1 cannot end by a signal of its own, so how the program ended goes out as a record. */
    struct record record = {RECORD_EXITED, ward.signal ? 0 : ward.code, ward.signal};
    if (channel >= 0) /* without waiting: a program that fills the channel is not to hold up its own end */
        sys(__NR_sendto, channel, &record, sizeof record, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    for (;;)
        sys(__NR_exit_group, ward.code);
}
