#define _GNU_SOURCE
#include "addon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

__asm__(".section .rodata\n"
        ".globl launcher_image\n.hidden launcher_image\nlauncher_image:\n"
        ".incbin \"" ISOL8_LAUNCHER_PATH "\"\n"
        ".globl launcher_image_end\n.hidden launcher_image_end\nlauncher_image_end:\n"
        ".text\n");
extern const char launcher_image[], launcher_image_end[];

extern char **environ;

static int kept_launcher = -1;

static napi_value fail(napi_env env, const char *text)
{
    napi_throw_type_error(env, NULL, text);
    return NULL;
}

napi_value number(napi_env env, double value)
{
    napi_value result = NULL;
    napi_create_double(env, value, &result);
    return result;
}

/* The bytes of a typed array. */
static int bytes_of(napi_env env, napi_value value, void **data, size_t *size)
{
    bool typed = false;
    napi_typedarray_type type;
    size_t length;
    if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed)
        return 0;
    if (napi_get_typedarray_info(env, value, &type, &length, data, NULL, NULL) != napi_ok)
        return 0;
    *size = length * (type == napi_int32_array || type == napi_uint32_array ? 4 : 1);
    return type == napi_uint8_array || type == napi_int32_array || type == napi_uint32_array;
}

int argument_of(napi_env env, napi_value value, long *result)
{
    napi_valuetype type;
    int64_t integer = 0;
    bool lossless;
    void *data = NULL;
    size_t size;
    napi_typeof(env, value, &type);
    switch (type) {
    case napi_number:
        napi_get_value_int64(env, value, &integer);
        break;
    case napi_bigint:
        napi_get_value_bigint_int64(env, value, &integer, &lossless);
        break;
    case napi_null:
    case napi_undefined:
        break;
    default:
        if (!bytes_of(env, value, &data, &size))
            return 0;
        integer = (int64_t)(uintptr_t)data;
    }
    *result = (long)integer;
    return 1;
}

int arguments_of(napi_env env, napi_callback_info info, long *args)
{
    napi_value values[SYSCALL_ARGUMENTS];
    size_t count = SYSCALL_ARGUMENTS;
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    for (size_t i = 0; i < count && i < SYSCALL_ARGUMENTS; i++)
        if (!argument_of(env, values[i], &args[i])) {
            fail(env, "syscall takes numbers, null and typed arrays");
            return 0;
        }
    return 1;
}

/* syscall(number, ...arguments): number | bigint | null | typed array (its address) -> result or negated errno. */
static napi_value js_syscall(napi_env env, napi_callback_info info)
{
    long args[SYSCALL_ARGUMENTS] = {0};
    if (!arguments_of(env, info, args))
        return NULL;
    if (args[0] == __NR_close)
        let_go(env, (int)args[1]);
    return number(env, (double)sys6(args[0], args[1], args[2], args[3], args[4], args[5], args[6]));
}

static void dispatch(napi_env env, napi_value callback, const struct event *event)
{
    napi_value undefined, arguments[4];
    napi_get_undefined(env, &undefined);
    napi_create_uint32(env, event->session, &arguments[0]);
    napi_create_int32(env, event->kind, &arguments[1]);
    napi_create_int32(env, event->first, &arguments[2]);
    napi_create_int32(env, event->second, &arguments[3]);
    napi_call_function(env, undefined, callback, 4, arguments, NULL);
}

/* Without an environment, which a Worker loses when it is terminated, only what the event owns is let go. */
static void call_js(napi_env env, napi_value callback, void *context, void *data)
{
    struct owner *owner = context;
    struct event event = *(struct event *)data;
    free(data);
    if (env && event.kind == EVENT_EXITED && --owner->active == 0)
        napi_unref_threadsafe_function(env, owner->deliver);
    if (env)
        dispatch(env, callback, &event);
    if (event.pidfd >= 0)
        sys(__NR_close, event.pidfd);
}

static void owner_gone(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    launch_owner_closed(data);
}

/* listen(callback): where this environment's events (session, kind, first, second) go; once. */
static napi_value js_listen(napi_env env, napi_callback_info info)
{
    napi_value callback, name;
    size_t count = 1;
    struct owner **known = environment_owner(env);
    napi_get_cb_info(env, info, &count, &callback, NULL, NULL);
    if (*known)
        return fail(env, "listen was called before");
    struct owner *owner = calloc(1, sizeof *owner);
    if (!owner)
        abort();
    owner->references = 1;
    napi_create_string_utf8(env, "isol8", NAPI_AUTO_LENGTH, &name);
    if (napi_create_threadsafe_function(env, callback, NULL, name, 0, 1, owner, owner_gone, owner, call_js,
                                        &owner->deliver) != napi_ok) {
        free(owner);
        return fail(env, "listen needs a function");
    }
    napi_unref_threadsafe_function(env, owner->deliver);
    *known = owner;
    return NULL;
}

struct launch_arguments {
    uint8_t *plan;
    size_t plan_size;
    int *slots;
    size_t slots_size;
    int *owned;
    size_t owned_size;
    int32_t launcher;
    uint32_t session;
    int32_t flags;
};

static int read_launch(napi_env env, napi_value *values, struct launch_arguments *a)
{
    return bytes_of(env, values[0], (void **)&a->plan, &a->plan_size) &&
           bytes_of(env, values[1], (void **)&a->slots, &a->slots_size) &&
           bytes_of(env, values[2], (void **)&a->owned, &a->owned_size) &&
           napi_get_value_int32(env, values[3], &a->launcher) == napi_ok &&
           napi_get_value_uint32(env, values[4], &a->session) == napi_ok &&
           napi_get_value_int32(env, values[5], &a->flags) == napi_ok;
}

static struct request *copy_request(const struct launch_arguments *a)
{
    struct request *request = calloc(1, sizeof *request + 2 * a->slots_size + a->owned_size + a->plan_size);
    if (!request)
        abort();
    request->start.count = (int)(a->slots_size / sizeof(int));
    request->start.slots = (int *)(request + 1);
    request->start.copies = request->start.slots + request->start.count;
    request->start.launcher = a->launcher;
    request->owned = request->start.copies + request->start.count;
    request->owned_count = (int)(a->owned_size / sizeof(int));
    request->plan = (uint8_t *)(request->owned + request->owned_count);
    request->plan_size = a->plan_size;
    request->session = a->session;
    request->flags = a->flags;
    memcpy(request->start.slots, a->slots, a->slots_size);
    memcpy(request->owned, a->owned, a->owned_size);
    memcpy(request->plan, a->plan, a->plan_size);
    return request;
}

/* launch(plan, slots, owned, launcher, session, flags): 0 or a negated errno. After 0 `owned` descriptors are the launch
 * thread's, which closes them once the launcher has its copies or could not be started; else they stay the caller's. */
static napi_value js_launch(napi_env env, napi_callback_info info)
{
    napi_value values[6];
    size_t count = 6;
    struct launch_arguments arguments = {0};
    struct owner *owner = *environment_owner(env);
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    if (!owner || count != 6 || !read_launch(env, values, &arguments))
        return fail(env, "launch(plan, slots, owned, launcher, session, flags) after listen");
    struct request *request = copy_request(&arguments);
    request->owner = owner;
    int result = launch_submit(request);
    if (result < 0) {
        free(request);
        return number(env, result);
    }
    for (size_t i = 0; i < arguments.owned_size / sizeof(int); i++) /* the request is gone, the array is not */
        let_go(env, arguments.owned[i]);
    if (owner->active++ == 0) /* keeps the event loop alive, as a child process does */
        napi_ref_threadsafe_function(env, owner->deliver);
    return number(env, result);
}

/* cancel(session): kills what a launch has started so far. */
static napi_value js_cancel(napi_env env, napi_callback_info info)
{
    napi_value value;
    size_t count = 1;
    struct owner *owner = *environment_owner(env);
    struct launch_arguments arguments = {.flags = LAUNCH_CANCEL};
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    if (!owner || napi_get_value_uint32(env, value, &arguments.session) != napi_ok)
        return fail(env, "cancel(session) after listen");
    struct request *request = copy_request(&arguments);
    request->owner = owner;
    if (launch_submit(request) < 0)
        free(request);
    return NULL;
}

/* With all signals blocked, as the launcher expects it. Returns only when it failed, with those blocked that were before. */
static long become_with_plan(struct request *request, int plan)
{
    const uint64_t every_signal = ~0ULL;
    uint64_t mask;
    struct start *start = &request->start;
    for (int i = 0; i < start->count; i++)
        if (start->slots[i] == SLOT_PLAN) {
            start->slots[i] = plan;
            start->plan_slot = i;
        }
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &every_signal, &mask, sizeof mask);
    long result = become_launcher(start);
    sys(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
    return result;
}

/* become(plan, slots, launcher): replaces this process by the launcher; returns only a negated errno. */
static napi_value js_become(napi_env env, napi_callback_info info)
{
    napi_value values[3];
    size_t count = 3, plan_size, slots_size;
    uint8_t *plan;
    int *slots;
    int32_t launcher;
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    if (count != 3 || !bytes_of(env, values[0], (void **)&plan, &plan_size) ||
        !bytes_of(env, values[1], (void **)&slots, &slots_size) ||
        napi_get_value_int32(env, values[2], &launcher) != napi_ok)
        return fail(env, "become(plan, slots, launcher)");
    struct launch_arguments arguments = {.slots = slots, .slots_size = slots_size, .launcher = launcher};
    struct request *request = copy_request(&arguments);
    long fd = store_plan(plan, plan_size), result = fd;
    if (fd >= 0)
        result = become_with_plan(request, (int)fd);
    if (fd >= request->start.count) /* below, something else may have got its place */
        sys(__NR_close, fd);
    free(request);
    return number(env, (double)result);
}

/* keepIgnored(found, known), two sets of signals. */
static napi_value js_keep_ignored(napi_env env, napi_callback_info info)
{
    napi_value values[2];
    size_t count = 2;
    uint32_t found, known;
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    if (count != 2 || napi_get_value_uint32(env, values[0], &found) != napi_ok ||
        napi_get_value_uint32(env, values[1], &known) != napi_ok)
        return fail(env, "keepIgnored(found, known)");
    keep_ignored(found, known);
    return NULL;
}

/* keepLauncher(fd): remembers the launcher's descriptor for all threads of the process, the first one given; -1 asks.
 * Returns what is remembered. */
static napi_value js_keep_launcher(napi_env env, napi_callback_info info)
{
    napi_value value;
    size_t count = 1;
    int32_t fd = -1;
    int none = -1;
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    napi_get_value_int32(env, value, &fd);
    __atomic_compare_exchange_n(&kept_launcher, &none, fd, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return number(env, __atomic_load_n(&kept_launcher, __ATOMIC_ACQUIRE));
}

/* environment(into): this process's, as NAME=VALUE texts that each end with a NUL. The first eight bytes become their
 * number and their size; when there is not room enough, the texts are left out. */
static napi_value js_environment(napi_env env, napi_callback_info info)
{
    napi_value value;
    size_t count = 1, room = 0;
    uint32_t *into = NULL;
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    if (count != 1 || !bytes_of(env, value, (void **)&into, &room) || room < 8)
        return fail(env, "environment(into)");
    into[0] = into[1] = 0;
    for (char **variable = environ; variable && *variable; variable++) {
        size_t length = strlen(*variable) + 1;
        if (8 + into[1] + length <= room)
            memcpy((char *)into + 8 + into[1], *variable, length);
        into[0]++;
        into[1] += (uint32_t)length;
    }
    return NULL;
}

/* threadsMoved(change): how often threads of this process have moved to other namespaces and not come back. */
static napi_value js_threads_moved(napi_env env, napi_callback_info info)
{
    static int moved;
    napi_value value;
    size_t count = 1;
    int32_t change = 0;
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    napi_get_value_int32(env, value, &change);
    return number(env, __atomic_add_fetch(&moved, change, __ATOMIC_ACQ_REL));
}

/* launchThread(): the id of the launch thread, which is started if need be, or a negated errno. */
static napi_value js_launch_thread(napi_env env, napi_callback_info info)
{
    (void)info;
    return number(env, launch_thread_id());
}

/* receiveDescriptors(socket, into): how many came with the next message, or a negated errno. */
static napi_value js_receive_descriptors(napi_env env, napi_callback_info info)
{
    napi_value values[2];
    size_t count = 2, room = 0;
    int32_t socket = -1;
    int *into = NULL;
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    if (count != 2 || napi_get_value_int32(env, values[0], &socket) != napi_ok ||
        !bytes_of(env, values[1], (void **)&into, &room))
        return fail(env, "receiveDescriptors(socket, into)");
    return number(env, (double)receive_descriptors(socket, into, room / sizeof *into));
}

static void export_function(napi_env env, napi_value exports, const char *name, napi_callback function)
{
    napi_value value;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value);
    napi_set_named_property(env, exports, name, value);
}

NAPI_MODULE_INIT()
{
    napi_value image;
    if (!environment_begin(env))
        return fail(env, "no memory for another environment");
    export_function(env, exports, "syscall", js_syscall);
    export_function(env, exports, "syscallHeld", js_syscall_held);
    export_function(env, exports, "letGo", js_let_go);
    export_function(env, exports, "syscallLater", js_syscall_later);
    export_function(env, exports, "listen", js_listen);
    export_function(env, exports, "launch", js_launch);
    export_function(env, exports, "cancel", js_cancel);
    export_function(env, exports, "become", js_become);
    export_function(env, exports, "keepIgnored", js_keep_ignored);
    export_function(env, exports, "keepLauncher", js_keep_launcher);
    export_function(env, exports, "environment", js_environment);
    export_function(env, exports, "threadsMoved", js_threads_moved);
    export_function(env, exports, "launchThread", js_launch_thread);
    export_function(env, exports, "receiveDescriptors", js_receive_descriptors);
    napi_create_buffer_copy(env, (size_t)(launcher_image_end - launcher_image), launcher_image, NULL, &image);
    napi_set_named_property(env, exports, "launcherImage", image);
    return exports;
}
