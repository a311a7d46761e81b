/* Descriptors that JavaScript has opened and nothing else knows of yet: what a Worker has of them when it is terminated,
 * which may be between any two of its statements, is closed with its environment. A stream that has taken one over in just
 * that moment closes it, too; so a number that is another file's by then is left alone. */
#define _GNU_SOURCE
#include "addon.h"

#include <stdlib.h>
#include <sys/stat.h>

struct held {
    int fd;
    dev_t device;
    ino_t inode;
};

static struct environment *environment_of(napi_env env)
{
    void *data = NULL;
    napi_get_instance_data(env, &data);
    return data;
}

static void close_held(napi_env env, void *data, void *hint)
{
    struct environment *environment = data;
    (void)env;
    (void)hint;
    for (int i = 0; i < environment->held_count; i++) {
        const struct held *held = &environment->held[i];
        struct stat now;
        if (fstat(held->fd, &now) == 0 && now.st_dev == held->device && now.st_ino == held->inode)
            sys(__NR_close, held->fd);
    }
    free(environment->held);
    free(environment);
}

int environment_begin(napi_env env)
{
    struct environment *environment = calloc(1, sizeof *environment);
    if (!environment)
        return 0;
    if (napi_set_instance_data(env, environment, close_held, NULL) == napi_ok)
        return 1;
    free(environment);
    return 0;
}

struct owner **environment_owner(napi_env env)
{
    return &environment_of(env)->owner;
}

static void hold(struct environment *environment, int fd)
{
    struct stat found = {0};
    fstat(fd, &found);
    if (environment->held_count == environment->held_room) {
        environment->held_room = 2 * environment->held_room + 16;
        environment->held = realloc(environment->held, (size_t)environment->held_room * sizeof *environment->held);
        if (!environment->held)
            abort();
    }
    environment->held[environment->held_count++] = (struct held){fd, found.st_dev, found.st_ino};
}

void let_go(napi_env env, int fd)
{
    struct environment *environment = environment_of(env);
    for (int i = environment->held_count - 1; i >= 0; i--)
        if (environment->held[i].fd == fd) {
            environment->held[i] = environment->held[--environment->held_count];
            return;
        }
}

/* syscallHeld(number, ...arguments): as syscall, for one that opens; what it has opened is held until letGo or close. */
napi_value js_syscall_held(napi_env env, napi_callback_info info)
{
    long args[SYSCALL_ARGUMENTS] = {0};
    if (!arguments_of(env, info, args))
        return NULL;
    long result = sys6(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
    struct environment *environment = environment_of(env);
    const int *pair = (const int *)args[1];
    if (result >= 0 && args[0] == __NR_pipe2) {
        hold(environment, pair[0]);
        hold(environment, pair[1]);
    } else if (result >= 0)
        hold(environment, (int)result);
    return number(env, (double)result);
}

/* letGo(fd): something else closes it from now on. */
napi_value js_let_go(napi_env env, napi_callback_info info)
{
    napi_value value;
    size_t count = 1;
    int32_t fd = -1;
    napi_get_cb_info(env, info, &count, &value, NULL, NULL);
    napi_get_value_int32(env, value, &fd);
    let_go(env, fd);
    return NULL;
}
