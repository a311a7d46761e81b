/* What the measured processes execute: as little as a program can do. With an argument it sleeps instead, so that its
 * PID 1 can be looked at. With -DBARE it needs no libc. */
#ifdef BARE
#include "sys.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n    mov (%rsp), %rdi\n    and $-16, %rsp\n    call begin\n    hlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n    ldr x0, [sp]\n    bl begin\n    brk #1\n");
#endif

_Noreturn void begin(long count)
{
    if (count > 1)
        sys(__NR_ppoll, 0, 0, 0, 0);
    for (;;)
        sys(__NR_exit_group, 0);
}
#else
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argv;
    return argc > 1 ? pause() : 0;
}
#endif
