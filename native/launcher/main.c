#include "launcher.h"
#include "clone-onto.h"

#include <stddef.h>

enum { SEEK_TO_END = 2, READ_WRITE = 3, PRIVATE = 2, ANONYMOUS = 0x20, POPULATE = 0x8000, PEEK_SIZE = 0x22, ESPIPE = 29 };

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n    xor %ebp, %ebp\n    mov %rsp, %rdi\n    and $-16, %rsp\n    call begin\n    hlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n    mov x29, xzr\n    mov x30, xzr\n    mov x0, sp\n    bl begin\n    brk #1\n");
#endif

static _Noreturn void refuse(const char *text, size_t size)
{
    sys(__NR_write, 2, text, size);
    for (;;)
        sys(__NR_exit_group, EXIT_FAILED);
}

#define REFUSE(text) refuse(text, sizeof text - 1)

static int take_number(char *text)
{
    int number = 0;
    for (; *text >= '0' && *text <= '9' && number < 1 << 20; *text++ = 0)
        number = number * 10 + *text - '0';
    return number;
}

/* The plan is a file, or the first message of a socket: then it is read into memory of its own. Its size, or less than 1. */
static long map_plan(int fd, void **bytes)
{
    long size = sys(__NR_lseek, fd, 0, SEEK_TO_END);
    int message = size == -ESPIPE;
    if (message)
        size = sys(__NR_recvfrom, fd, 0, 0, PEEK_SIZE, 0, 0);
    if (size <= 0)
        return size;
    long at = sys(__NR_mmap, 0, size, READ_WRITE, PRIVATE | POPULATE | (message ? ANONYMOUS : 0), message ? -1 : fd, 0);
    if (at < 0 && at >= -4095)
        return at;
    *bytes = (void *)at;
    return message ? sys(__NR_read, fd, at, size) : size;
}

/* argv is { name, descriptor of the plan }; the descriptor is wiped, since anyone may read a command line. */
_Noreturn void begin(long *stack)
{
    char **argv = (char **)(stack + 1);
    if (stack[0] < 2)
        REFUSE("isol8: the launcher is started by isol8 only\n");
    int fd = take_number(argv[1]);
    void *bytes;
    long size = map_plan(fd, &bytes);
    if (size <= 0)
        REFUSE("isol8: there is no plan to run\n");
    sys(__NR_close, fd);
    struct plan plan;
    if (plan_open(&plan, bytes, (uint64_t)size))
        REFUSE("isol8: the plan is damaged, or made by another version or for another processor\n");
    plan_run(&plan, 0);
}
