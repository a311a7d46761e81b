/* System calls that wait for the kernel: made by a thread of the runtime's pool, so that JavaScript goes on meanwhile. */
#include "addon.h"

#include <stdlib.h>

enum { ARGUMENTS = 7 };

struct later {
    napi_async_work work;
    napi_deferred promise;
    napi_ref kept[ARGUMENTS]; /* the typed arrays whose addresses the kernel is given */
    long args[ARGUMENTS];
    long result;
};

static void make_call(napi_env env, void *data)
{
    struct later *later = data;
    const long *a = later->args;
    (void)env;
    later->result = sys6(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
}

static void release(napi_env env, struct later *later)
{
    for (int i = 0; i < ARGUMENTS; i++)
        if (later->kept[i])
            napi_delete_reference(env, later->kept[i]);
    if (later->work)
        napi_delete_async_work(env, later->work);
    free(later);
}

static void call_made(napi_env env, napi_status status, void *data)
{
    struct later *later = data;
    napi_value result;
    (void)status;
    napi_create_double(env, (double)later->result, &result);
    napi_resolve_deferred(env, later->promise, result);
    release(env, later);
}

static int take_arguments(napi_env env, struct later *later, napi_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        napi_valuetype type;
        if (!argument_of(env, values[i], &later->args[i]))
            return 0;
        napi_typeof(env, values[i], &type);
        if (type == napi_object && napi_create_reference(env, values[i], 1, &later->kept[i]) != napi_ok)
            return 0;
    }
    return 1;
}

/* syscallLater(number, ...arguments): a promise of what syscall() returns. */
napi_value js_syscall_later(napi_env env, napi_callback_info info)
{
    napi_value values[ARGUMENTS], name, promise;
    size_t count = ARGUMENTS;
    struct later *later = calloc(1, sizeof *later);
    if (!later)
        abort();
    napi_get_cb_info(env, info, &count, values, NULL, NULL);
    napi_create_string_utf8(env, "isol8", NAPI_AUTO_LENGTH, &name);
    if (!take_arguments(env, later, values, count < ARGUMENTS ? count : ARGUMENTS) ||
        napi_create_async_work(env, NULL, name, make_call, call_made, later, &later->work) != napi_ok) {
        release(env, later);
        napi_throw_type_error(env, NULL, "syscallLater takes numbers, null and typed arrays");
        return NULL;
    }
    napi_create_promise(env, &later->promise, &promise);
    napi_queue_async_work(env, later->work);
    return promise;
}
