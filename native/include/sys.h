/* Raw system calls: no libc, no errno; a result in -4095..-1 is a negated errno value. */
#ifndef ISOL8_SYS_H
#define ISOL8_SYS_H

#include <asm/unistd.h>

#if defined(__x86_64__)
#define MACHINE_HERE MACHINE_X64
#elif defined(__aarch64__)
#define MACHINE_HERE MACHINE_ARM64
#else
#error "isol8 knows x86-64 and arm64"
#endif

#if defined(ISOL8_SYS_STUB) /* a program of test/native is the kernel */
long sys6(long nr, long a, long b, long c, long d, long e, long f);
#elif defined(__x86_64__)
static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#else
static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#endif

#define SYS_ARGUMENT(x) ((long)(x))
#define SYS_PICK(nr, a, b, c, d, e, f, ...) \
    sys6(nr, SYS_ARGUMENT(a), SYS_ARGUMENT(b), SYS_ARGUMENT(c), SYS_ARGUMENT(d), SYS_ARGUMENT(e), SYS_ARGUMENT(f))
/* sys(__NR_read, fd, buffer, size): missing arguments are 0. */
#define sys(...) SYS_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* clone(2) of a child that calls body(argument) on a stack of its own; returns in the parent only. */
long clone_onto(unsigned long flags, void *stack_top, int *pidfd, void (*body)(void *), void *argument);

#endif
