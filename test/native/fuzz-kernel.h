/* The kernel that test/native/fuzz.c runs the launcher on: answers at random, and memory that it may not touch. */
#include "launcher.h"
#include "random.h"

#include <sanitizer/asan_interface.h>
#include <setjmp.h>
#include <stdlib.h>

enum { MAX_SEEDS = 64, MOST_CALLS = 400 };

struct seed_plan {
    uint8_t *bytes;
    size_t size;
};

static struct {
    struct seed_plan seeds[MAX_SEEDS];
    size_t seed_count;
    uint8_t *input;
    size_t size;
    const struct plan *plan;
    int calls;
    int failing; /* every write is the launcher's own, so it must be of memory that is there */
    int unmapped;
    long last_child;
    jmp_buf end;
    jmp_buf *child_end;
    unsigned long taken, refused;
} fuzz;

volatile uint8_t touched;

static void touch(const void *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        touched = ((const uint8_t *)memory)[i];
}

/* ---- the kernel ---- */

static _Noreturn void end_process(void)
{
    if (fuzz.child_end)
        longjmp(*fuzz.child_end, 1);
    longjmp(fuzz.end, 1);
}

/* What a call writes: cells of the plan, and the launcher's own variables. A plan may name any other address, too. */
static void answer(long address, size_t size)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    uint64_t at = (uint64_t)address;
    uint64_t base = (uint64_t)(uintptr_t)fuzz.input;
    int in_plan = !fuzz.unmapped && at >= base && plan_holds(fuzz.plan, at - base, size);
    int on_stack = at > here && at - here < 4096;
    if (__asan_region_is_poisoned((void *)(uintptr_t)at, 1) || (!in_plan && !on_stack))
        return;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)(uintptr_t)at)[i] = (uint8_t)(below(2) ? next_random() : below(12));
}

static long any_result(void)
{
    switch (below(8)) {
    case 0:
        return -(long)(1 + below(4095));
    case 1:
        return (long)next_random();
    case 2:
        return (long)below(2000);
    default:
        return 0;
    }
}

long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    (void)d, (void)e, (void)f;
    if (++fuzz.calls > MOST_CALLS)
        end_process(); /* killed */
    switch (nr) {
    case __NR_exit_group:
        end_process();
    case __NR_execve:
        if (below(4) == 0)
            end_process();
        return -(long)(below(2) ? 2 : 1 + below(40));
    case __NR_write:
        if (fuzz.failing)
            touch((const void *)b, (size_t)c);
        return below(2) ? c : any_result();
    case __NR_munmap:
        if ((uint8_t *)a == fuzz.input && (size_t)b == fuzz.size) {
            ASAN_POISON_MEMORY_REGION(fuzz.input, fuzz.size);
            fuzz.unmapped = 1;
        }
        return 0;
    case __NR_clone:
    case __NR_clone3:
        return fuzz.last_child = below(3) ? (long)below(3) : any_result();
    case __NR_rt_sigtimedwait:
        answer(b, 128);
        return below(2) ? 17 : any_result();
    case __NR_wait4:
        answer(b, 4);
        return below(3) ? fuzz.last_child : any_result();
    case __NR_pipe2:
    case __NR_ioctl:
        answer(nr == __NR_pipe2 ? a : c, 8);
        return any_result();
    default:
        return any_result();
    }
}

/* The child runs first, in the same memory, until it executes or exits. */
long clone_onto(unsigned long flags, void *stack_top, int *pidfd, void (*body)(void *), void *argument)
{
    (void)flags, (void)pidfd;
    touch((uint8_t *)stack_top - 64, 64);
    jmp_buf *outer = fuzz.child_end;
    jmp_buf here;
    if (setjmp(here) == 0) {
        fuzz.child_end = &here;
        body(argument);
        abort(); /* it must never come back */
    }
    fuzz.child_end = outer;
    return fuzz.last_child = (long)below(3);
}
