/* Generated from src/syscalls/wire.ts by npm run generate; what the fields mean stands there. */

#ifndef ISOL8_WIRE_H
#define ISOL8_WIRE_H

#include <stdint.h>

#define PLAN_MAGIC 0x386c6f73u

#define PLAN_VERSION 3

#define MAX_PLAN_SIZE 268435456u

#define ERRNO_NAME_SIZE 16u

#define DECIMAL_SIZE 10u

#define ANY_STEP 0xffffffffu

#define ANY_CALL 0xffffffffu

#define PLACE 0xffffffffu

enum {
    MACHINE_X64 = 62,
    MACHINE_ARM64 = 183,
};

enum {
    OP_CALL = 0,
    OP_FORK = 1,
    OP_VFORK = 2,
    OP_EXEC = 3,
    OP_SUPERVISE = 4,
};

enum {
    WAITER_OUTSIDE = 1,
    WAITER_KEEP = 2,
    WAITER_ALIKE = 4,
};

enum {
    EXPECT_SUCCESS = 0,
    EXPECT_RESULT = 1,
    EXPECT_CELL = 2,
    EXPECT_TOLD = 4,
};

enum {
    RELOCATE_ADDRESS = 0,
    RELOCATE_RESULT = 1,
    RELOCATE_CELL = 2,
    RELOCATE_DECIMAL = 3,
    RELOCATE_TEXTS = 4,
};

enum {
    RECORD_FAILED = 1,
    RECORD_CHILD = 2,
    RECORD_STARTED = 3,
    RECORD_EXITED = 4,
    RECORD_EXECUTING = 5,
};

enum {
    EXIT_FAILED = 125,
    EXIT_NOT_EXECUTABLE = 126,
    EXIT_NOT_FOUND = 127,
    EXIT_SIGNALLED = 128,
};

struct header {
    uint32_t magic;
    uint16_t version;
    uint16_t machine;
    uint32_t size;
    uint32_t step_count;
    uint32_t relocation_count;
    uint32_t relocations_at;
    uint32_t results_at;
    int32_t status;
    uint32_t failure_count;
    uint32_t failures_at;
    uint32_t errno_name_count;
    uint32_t errno_names_at;
    int32_t failed_status;
    uint32_t unused;
};
_Static_assert(sizeof(struct header) == 56, "header");

struct step {
    uint16_t op;
    uint16_t tolerated_count;
    uint32_t call;
    uint64_t args[6];
    uint32_t first_relocation;
    uint32_t relocation_count;
    uint32_t child;
    uint32_t expect;
    uint32_t expected_cell;
    int32_t expected;
    uint16_t unexpected_errno;
    uint16_t tolerated[3];
};
_Static_assert(sizeof(struct step) == 88, "step");

struct relocation {
    uint32_t at;
    uint32_t kind;
    uint32_t value;
};
_Static_assert(sizeof(struct relocation) == 12, "relocation");

struct failure {
    uint32_t step;
    uint32_t call;
    uint32_t code;
    uint32_t text_at;
    uint32_t text_size;
};
_Static_assert(sizeof(struct failure) == 20, "failure");

struct record {
    uint32_t kind;
    int32_t first;
    int32_t second;
};
_Static_assert(sizeof(struct record) == 12, "record");

#endif
