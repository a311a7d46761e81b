#define _GNU_SOURCE
#include "addon.h"
#include "clone-onto.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/memfd.h>
#include <signal.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

enum { KERNEL_SIGSET = 8, LAST_SIGNAL = 64, NO_SUCH_FLAG = -22 };

struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
    void *restorer;
    unsigned long mask;
};

/* Bit n for signal n + 1. */
static uint32_t ignored;

static int is_in(uint32_t set, long signal)
{
    return signal <= 32 && (set >> (signal - 1) & 1);
}

void keep_ignored(uint32_t found, uint32_t known)
{
    struct kernel_sigaction action;
    for (long signal = 1; signal <= 32; signal++)
        if (is_in(found, signal) && sys(__NR_rt_sigaction, signal, 0, &action, KERNEL_SIGSET) == 0 && action.handler == SIG_IGN)
            known |= 1u << (signal - 1);
    ignored = known;
}

/* execve(2) resets handlers but keeps what is ignored, of which the runtime has its own: Node ignores SIGPIPE. */
static void reset_signals(void)
{
    const struct kernel_sigaction standard = {0}, ignore = {.handler = SIG_IGN};
    for (long signal = 1; signal <= LAST_SIGNAL; signal++)
        if (signal != SIGKILL && signal != SIGSTOP)
            sys(__NR_rt_sigaction, signal, is_in(ignored, signal) ? &ignore : &standard, 0, KERNEL_SIGSET);
}

/* Sources may be where targets go, so each that is not in its place is first copied out of the way. */
static long copy_sources(const struct start *start)
{
    long result = 0;
    for (int i = 0; i < start->count; i++)
        start->copies[i] = -1;
    for (int i = 0; i < start->count && result >= 0; i++)
        if (start->slots[i] >= 0 && start->slots[i] != i)
            result = start->copies[i] = (int)sys(__NR_fcntl, start->slots[i], F_DUPFD_CLOEXEC, start->count);
    return result;
}

static long place(const struct start *start)
{
    long result = 0;
    for (int i = 0; i < start->count && result >= 0; i++)
        if (start->slots[i] == i)
            result = sys(__NR_fcntl, i, F_SETFD, 0);
        else if (start->slots[i] >= 0)
            result = sys(__NR_dup3, start->copies[i], i, 0);
        else
            sys(__NR_close, i);
    return result < 0 ? result : sys(__NR_close_range, start->count, ~0u, CLOSE_RANGE_CLOEXEC);
}

static void write_number(char *text, int number)
{
    char digits[12];
    int count = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        *text++ = digits[--count];
    *text = 0;
}

long become_launcher(const struct start *start)
{
    char name[] = "isol8-init";
    char plan[12];
    char *argv[] = {name, plan, 0};
    char *envp[] = {0};
    reset_signals();
    long launcher = -1, result = copy_sources(start);
    if (result >= 0)
        result = launcher = sys(__NR_fcntl, start->launcher, F_DUPFD_CLOEXEC, start->count);
    if (result >= 0)
        result = place(start);
    if (result >= 0) {
        write_number(plan, start->plan_slot);
        result = sys(__NR_execveat, launcher, "", argv, envp, AT_EMPTY_PATH);
    }
    for (int i = 0; i < start->count; i++)
        if (start->copies[i] >= 0)
            sys(__NR_close, start->copies[i]);
    if (launcher >= 0)
        sys(__NR_close, launcher);
    return result;
}

long store_plan(const void *bytes, uint64_t size)
{
    long fd = sys(__NR_memfd_create, "isol8-plan", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd == NO_SUCH_FLAG) /* before Linux 6.3 */
        fd = sys(__NR_memfd_create, "isol8-plan", MFD_CLOEXEC);
    for (uint64_t done = 0; fd >= 0 && done < size;) {
        long written = sys(__NR_write, fd, (const char *)bytes + done, size - done);
        if (written <= 0) {
            sys(__NR_close, fd);
            return written < 0 ? written : -5;
        }
        done += (uint64_t)written;
    }
    return fd;
}
