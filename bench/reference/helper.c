/* The first process of the tree when it executes something: isol8's executes its launcher there. */
#include "clone-onto.h"
#include "set-up.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n    xor %ebp, %ebp\n    mov %rsp, %rdi\n    and $-16, %rsp\n    call begin\n    hlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n    mov x29, xzr\n    mov x30, xzr\n    mov x0, sp\n    bl begin\n    brk #1\n");
#endif

/* argv is { name, program, uid map, gid map }; NULL and the environment follow. */
_Noreturn void begin(char **stack)
{
    struct job job = {.program = stack[2], .uid_map = stack[3], .gid_map = stack[4], .environment = stack + 6};
    long result = start_init(&job);
    for (;;)
        sys(__NR_exit_group, result > 0 ? 0 : 125);
}
