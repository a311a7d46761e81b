/* What JavaScript cannot do by itself: make system calls, start the launcher from a thread that lives as long as the
 * process, and replace the process by the launcher. Everything else is in src/syscalls. */
#ifndef ISOL8_ADDON_H
#define ISOL8_ADDON_H

#define NAPI_VERSION 8
#include <node_api.h>

#include "sys.h"
#include "wire.h"

/* Values in a list of descriptors that stand for what the addon adds to a launch. */
enum slot { SLOT_EMPTY = -1, SLOT_STATUS = -2, SLOT_LIFELINE = -3, SLOT_PLAN = -4, SLOT_NULL = -5 /* /dev/null */ };

/* LAUNCH_CANCEL starts nothing: it kills what the request of this number has started. LAUNCH_POLL starts nothing either:
 * `exited` tells that the descriptor in the launcher's place can be read, or that the request was cancelled. */
enum { LAUNCH_ATTACHED = 1, LAUNCH_CANCEL = 2, LAUNCH_POLL = 4 };

/* A launcher about to be started: `slots[i]` becomes descriptor i, everything above is closed. */
struct start {
    int launcher;
    int plan_slot;
    int count;
    int *slots;
    int *copies;
    int expected_parent; /* 0 when the launcher is to outlive this process */
};

/* A JavaScript environment: the main thread's or a Worker's. */
struct environment {
    struct owner *owner; /* once it listens */
    struct held *held;   /* descriptors, see held.c */
    int held_count;
    int held_room;
};

int environment_begin(napi_env env);
struct owner **environment_owner(napi_env env);
/* Does not close the descriptor with the environment any more, if it did. */
void let_go(napi_env env, int fd);
napi_value js_syscall_held(napi_env env, napi_callback_info info);
napi_value js_let_go(napi_env env, napi_callback_info info);

/* The number and six arguments. */
enum { SYSCALL_ARGUMENTS = 7 };

napi_value number(napi_env env, double value);
/* The value of an argument of a system call: a number, or the address of a typed array. Returns whether it is one. */
int argument_of(napi_env env, napi_value value, long *result);
/* Those of a call from JavaScript, into SYSCALL_ARGUMENTS places; or it throws, and returns 0. */
int arguments_of(napi_env env, napi_callback_info info, long *args);
napi_value js_syscall_later(napi_env env, napi_callback_info info);

/* Moves descriptors into place and becomes the launcher; returns a negated errno. Calls nothing but the kernel. */
long become_launcher(const struct start *start);

/* What is started from now on ignores those signals that are ignored now and in `found`, and all of `known`: bit n for
 * signal n + 1. */
void keep_ignored(uint32_t found, uint32_t known);

/* A memfd that holds the plan, or a negated errno. */
long store_plan(const void *bytes, uint64_t size);

/* What happens to a launched process, in this order; `failed` may come at any time before `exited`. */
enum event_kind { EVENT_FAILED = 1, EVENT_STARTED = 2, EVENT_EXITED = 3 };

/* Steps that are not in the plan. */
enum { STEP_PREPARE = -1, STEP_CLONE = -2, STEP_LAUNCHER = -3, STEP_WATCH = -4, STEP_NULL = -5 };

struct event {
    uint32_t session;
    int kind;
    int first;
    int second;
    int pidfd; /* of `exited`: closed once JavaScript has been told */
};

/* The JavaScript environment (main thread or Worker) that launches; shared by it and its sessions. */
struct owner {
    napi_threadsafe_function deliver;
    int references; /* guarded by the launch thread's lock, as is closed */
    int closed;
    int active; /* JavaScript thread only */
};

struct request {
    struct request *next;
    struct owner *owner;
    uint32_t session;
    int flags;
    struct start start;
    int owned_count; /* the first descriptors of `owned` are closed once the launcher has its copies */
    int *owned;
    uint64_t plan_size;
    uint8_t *plan;
};

/* What is opened for one launcher; -1 for what is not. */
struct opened {
    int channel; /* our end of the status channel */
    int status;  /* the launcher's */
    int plan;    /* not opened where it is the channel's first message */
    int null;    /* one for each launcher, so that programs share no file description */
};

/* Opens what a request's slots stand for, and puts it there. Returns the step that failed, with nothing left open and *error
 * set, or 0. For the launch thread. */
int open_slots(struct request *request, struct opened *opened, long *error);
/* Closes all but our end of the channel, once the launcher has its copies. */
void close_slots(const struct opened *opened);

/* Hands a request to the launch thread, starting it on first use; returns a negated errno. */
int launch_submit(struct request *request);
/* Starts the launch thread, if it does not run; its id, or a negated errno. */
int launch_thread_id(void);
void launch_owner_closed(struct owner *owner);
int launch_owner_is_closed(struct owner *owner);
/* One reference less; the last one frees it. */
void launch_owner_release(struct owner *owner);
/* Takes the descriptors of one message, all or none, close-on-exec and without waiting; how many, or a negated errno. */
long receive_descriptors(int socket, int *into, size_t room);
/* Puts an event into its owner's queue; returns 0 when there is nobody left to take it. */
int launch_deliver(struct owner *owner, const struct event *event);

#endif
