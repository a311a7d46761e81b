/* What the hand-written process tree does between its first process and the program; no libc, so that it can run in a
 * child that shares memory and in a helper of its own. */
#ifndef SET_UP_H
#define SET_UP_H

#include "sys.h"

#include <stdint.h>

struct job {
    const char *program;
    char *const *environment;
    const char *uid_map; /* as /proc/PID/uid_map wants it */
    const char *gid_map;
    int outer;
    int pidfd;
    long init;
};

/* Makes PID 1 as a sibling of this process, writes its maps and lets it go; returns its pid or a negated errno. */
long start_init(struct job *job);

#endif
