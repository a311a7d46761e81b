/* The launcher runs an encoded plan (wire.h) and becomes, or looks after, the program that the plan ends with.
 * It has no policy: which calls, in which order, with which arguments is decided by src/sandbox/compile. */
#ifndef ISOL8_LAUNCHER_H
#define ISOL8_LAUNCHER_H

#include "sys.h"
#include "wire.h"

struct plan {
    uint8_t *base;
    struct header *header;
    struct step *steps;
    struct relocation *relocations;
    int64_t *results;
};

/* Points plan into the bytes, or returns -1: afterwards every offset in it is known to lie inside. */
int plan_open(struct plan *plan, void *bytes, uint64_t size);

/* Whether that many bytes of the plan's data, its only part that steps may change, begin there. */
int plan_holds(const struct plan *plan, uint64_t at, uint64_t size);

/* Writes earlier results and addresses into the arguments of a step. */
void plan_relocate(const struct plan *plan, const struct step *step);

/* Runs the steps from `first` on; what ends a plan is a step that does not return. */
_Noreturn void plan_run(const struct plan *plan, uint32_t first);

/* Reports a failed step on the status channel, or in words on descriptor 2, and exits. */
_Noreturn void plan_fail(const struct plan *plan, uint32_t step, int code);

/* Tries each path; returns the negated errno that says most. */
long exec_first(const struct plan *plan, const struct step *step);

/* The terminal that the program shares with this process; fd is -1 when it has none. */
struct terminal {
    int fd;
    const int *group;
    const void *settings;
};

/* As PID 1: reaps and forwards signals until the child has ended, tells how, and ends likewise. */
_Noreturn void supervise_inside(const struct plan *plan, int child, int dies_with_parent);

/* The same from outside of the namespace; returns the child's exit status, with the terminal as it was. */
long supervise_outside(int child, int bits, const struct terminal *terminal);

#endif
