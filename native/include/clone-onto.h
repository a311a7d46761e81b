/* The definition of clone_onto, for exactly one file of each program: a child that shares its parent's memory must
 * never return into the parent's frames, which C cannot say. */
#if defined(__x86_64__)
__asm__(".globl clone_onto\n"
        ".hidden clone_onto\n"
        ".type clone_onto, @function\n"
        "clone_onto:\n"
        "    mov %rcx, %r9\n" /* body; the call itself clobbers rcx */
        "    xor %r10d, %r10d\n"
        "    mov $56, %eax\n" /* clone; r8 = argument, which is tls only under CLONE_SETTLS */
        "    syscall\n"
        "    test %rax, %rax\n"
        "    jnz 1f\n"
        "    xor %ebp, %ebp\n"
        "    mov %r8, %rdi\n"
        "    call *%r9\n"
        "    hlt\n"
        "1:  ret\n"
        ".size clone_onto, . - clone_onto\n");
#elif defined(__aarch64__)
__asm__(".globl clone_onto\n"
        ".hidden clone_onto\n"
        ".type clone_onto, %function\n"
        "clone_onto:\n"
        "    mov x9, x3\n"
        "    mov x10, x4\n"
        "    mov x3, xzr\n"
        "    mov x4, xzr\n"
        "    mov x8, #220\n"
        "    svc #0\n"
        "    cbnz x0, 1f\n"
        "    mov x29, xzr\n"
        "    mov x30, xzr\n"
        "    mov x0, x10\n"
        "    blr x9\n"
        "    brk #1\n"
        "1:  ret\n"
        ".size clone_onto, . - clone_onto\n");
#endif
