/* The protocol of every measured process: a line says what to do, a line answers in milliseconds. */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DIE_UNLESS(condition, what)                                                                                    \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            perror(what);                                                                                              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static inline void answer(double ms)
{
    printf("%.6f\n", ms);
    fflush(stdout);
}

#endif
