#include "launcher.h"

#include <linux/sched.h>
#include <stdalign.h>

enum { ENOENT = 2, ENOEXEC = 8, EACCES = 13, ENOTDIR = 20, EINVAL = 22, VFORK_STACK = 8192 };

struct child {
    const struct plan *plan;
    uint32_t first;
};

static void run_child(void *argument)
{
    struct child *child = argument;
    plan_run(child->plan, child->first);
}

/* This process runs on memory that its sleeping parent goes on with. */
static int borrowed;

/* The parent sleeps until the child has called execve or exited, so one stack serves. */
static long vfork_child(const struct plan *plan, const struct step *step)
{
    static alignas(16) uint8_t stack[VFORK_STACK];
    if (borrowed)
        return -EINVAL;
    struct child child = {plan, step->child};
    unsigned long flags = step->args[0] | CLONE_VM | CLONE_VFORK;
    borrowed = 1;
    long pid = clone_onto(flags, stack + sizeof stack, 0, run_child, &child);
    borrowed = 0;
    return pid;
}

long exec_first(const struct plan *plan, const struct step *step)
{
    const uint64_t *candidates = (const uint64_t *)(plan->base + step->args[0]);
    long said = -ENOENT;
    for (uint64_t i = 0; i < step->args[3]; i++) {
        long result = sys(__NR_execve, candidates[i], step->args[1], step->args[2]);
        if (result == -EACCES)
            said = result; /* as execvp(3): a file that is there but may not run says more than one that is not */
        else if (result != -ENOENT && result != -ENOTDIR)
            return result;
    }
    return said;
}

static long run_step(const struct plan *plan, const struct step *step)
{
    const uint64_t *a = step->args;
    switch (step->op) {
    case OP_VFORK:
        return vfork_child(plan, step);
    case OP_EXEC:
        return exec_first(plan, step);
    case OP_SUPERVISE:
        if (borrowed || (int)a[0] <= 0) /* kill(2) takes 0 and less for whole groups */
            return -EINVAL;
        if (!a[1])
            supervise_inside(plan, (int)a[0], (int)a[2]);
        return supervise_outside((int)a[0], (int)a[1],
                                 &(struct terminal){(int)a[2], (const int *)(plan->base + a[3]), (const void *)a[4]});
    case OP_FORK:
        if (step->call == __NR_clone && (a[0] & CLONE_VM))
            return -EINVAL;
    }
    return sys6((long)step->call, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
}

static int as_expected(const struct plan *plan, const struct step *step, long result)
{
    if (step->expect & EXPECT_RESULT)
        return result == step->expected;
    return !(step->expect & EXPECT_CELL) || *(int32_t *)(plan->base + step->expected_cell) == step->expected;
}

static _Noreturn void end(int status)
{
    for (;;)
        sys(__NR_exit_group, status);
}

/* 0, or the errno that the step failed with. */
static int judge(const struct plan *plan, const struct step *step, long result)
{
    if (result < 0 && result >= -4095) {
        for (uint16_t i = 0; i < step->tolerated_count; i++)
            if (step->tolerated[i] == -result)
                return 0;
        return (int)-result;
    }
    if (as_expected(plan, step, result))
        return 0;
    if ((step->expect & EXPECT_TOLD) && plan->header->status < 0)
        end(plan->header->failed_status);
    return step->unexpected_errno;
}

void plan_run(const struct plan *plan, uint32_t first)
{
    uint32_t count = plan->header->step_count;
    for (uint32_t i = first; i < count; i++) {
        const struct step *step = &plan->steps[i];
        plan_relocate(plan, step);
        long result = run_step(plan, step);
        if (step->op == OP_FORK && result == 0) {
            i = step->child - 1;
            continue;
        }
        plan->results[i] = result;
        int code = judge(plan, step, result);
        if (code)
            plan_fail(plan, i, code);
    }
    plan_fail(plan, count - 1, EINVAL); /* a block that neither executes nor exits */
}

static void say(const struct plan *plan, uint32_t at, uint64_t size)
{
    if (plan_holds(plan, at, size)) /* still: the table of words is data, too */
        sys(__NR_write, 2, plan->base + at, size);
}

static void say_errno(const struct plan *plan, uint32_t code)
{
    const struct header *header = plan->header;
    if (code >= header->errno_name_count)
        return;
    uint64_t at = header->errno_names_at + (uint64_t)code * ERRNO_NAME_SIZE;
    uint64_t size = 0;
    while (size < ERRNO_NAME_SIZE && plan->base[at + size])
        size++;
    say(plan, (uint32_t)at, size);
}

static void say_words(const struct plan *plan, uint32_t step, uint32_t code)
{
    const struct failure *failures = (const struct failure *)(plan->base + plan->header->failures_at);
    for (uint32_t i = 0; i < plan->header->failure_count; i++) {
        const struct failure *row = &failures[i];
        int called = row->call == ANY_CALL || row->call == plan->steps[step].call;
        int here = row->step == step || (row->step == ANY_STEP && called);
        if (here && row->code == code) {
            say(plan, row->text_at, row->text_size);
            return;
        }
    }
}

static void fail_in_words(const struct plan *plan, uint32_t step, int code)
{
    say_words(plan, step, 0);
    say_errno(plan, (uint32_t)code);
    say_words(plan, step, PLACE);
    say_words(plan, step, (uint32_t)code);
    sys(__NR_write, 2, "\n", 1);
}

void plan_fail(const struct plan *plan, uint32_t step, int code)
{
    int status = plan->header->failed_status;
    if (plan->steps[step].op == OP_EXEC)
        status = code == ENOENT || code == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    if (plan->header->status >= 0) {
        struct record record = {RECORD_FAILED, (int32_t)step, code};
        sys(__NR_write, plan->header->status, &record, sizeof record);
    } else {
        fail_in_words(plan, step, code);
    }
    end(status);
}
