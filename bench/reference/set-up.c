#include "set-up.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { FAILED = 125, PROGRAM_STACK = 8192 };

static const unsigned long EIGHT = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS |
                                   CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWTIME;

static char program_stack[PROGRAM_STACK] __attribute__((aligned(16)));

static void or_exit(long result)
{
    if (result < 0)
        sys(__NR_exit_group, FAILED);
}

static long length(const char *text)
{
    long size = 0;
    while (text[size])
        size++;
    return size;
}

static void write_file(const char *path, const char *text)
{
    long fd = sys(__NR_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    or_exit(fd);
    or_exit(sys(__NR_write, fd, text, length(text)));
    sys(__NR_close, fd);
}

/* path begins with "/proc///////////": ten digits fit, slashes in front do not matter. */
static void write_of_child(char *path, long pid, const char *text)
{
    for (char *digit = path + 14; pid > 0; pid /= 10)
        *digit-- = (char)('0' + pid % 10);
    write_file(path, text);
}

/* As isol8: without privilege over the groups, setgroups(2) has to be given up before the map. */
static void write_maps(const struct job *job, long pid)
{
    char uid_map[] = "/proc///////////uid_map";
    char gid_map[] = "/proc///////////gid_map";
    char setgroups[] = "/proc///////////setgroups";
    if (sys(__NR_geteuid) != 0)
        write_of_child(setgroups, pid, "deny");
    write_of_child(uid_map, pid, job->uid_map);
    write_of_child(gid_map, pid, job->gid_map);
}

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    long fd = sys(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    or_exit(fd);
    or_exit(sys(__NR_ioctl, fd, SIOCSIFFLAGS, &request));
    sys(__NR_close, fd);
}

static void execute(void *argument)
{
    const struct job *job = argument;
    const uint64_t no_signal = 0;
    const char *const arguments[] = {job->program, 0};
    long null = sys(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    or_exit(null);
    for (int fd = 0; fd < 3; fd++)
        or_exit(sys(__NR_dup3, null, fd, 0));
    or_exit(sys(__NR_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC));
    or_exit(sys(__NR_rt_sigprocmask, SIG_SETMASK, &no_signal, 0, 8));
    sys(__NR_execve, job->program, arguments, job->environment);
    sys(__NR_exit_group, FAILED);
}

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#else
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_IF(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

/* Nothing but what look_after calls. */
static void filter_calls(void)
{
    struct sock_filter filter[] = {
        LOAD(arch),
        SKIP_IF(THIS_MACHINE, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        SKIP_IF(__NR_rt_sigtimedwait, 5),
        SKIP_IF(__NR_wait4, 4),
        SKIP_IF(__NR_kill, 3),
        SKIP_IF(__NR_restart_syscall, 2),
        SKIP_IF(__NR_exit_group, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    or_exit(sys(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

/* PID 1 needs nothing but to wait and to forward signals. */
static void confine(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct only_kill[2] = {{1u << CAP_KILL, 1u << CAP_KILL, 0}};
    or_exit(sys(__NR_close_range, 0, ~0u, 0));
    or_exit(sys(__NR_capset, &header, only_kill));
    or_exit(sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    filter_calls();
}

static _Noreturn void look_after(long program)
{
    const uint64_t child_ended = 1ull << (SIGCHLD - 1);
    for (;;) {
        siginfo_t info;
        sys(__NR_rt_sigtimedwait, &child_ended, &info, 0, sizeof child_ended);
        int status = 0;
        long pid;
        while ((pid = sys(__NR_wait4, -1, &status, WNOHANG | __WALL, 0)) > 0)
            if (pid == program)
                for (;;)
                    sys(__NR_exit_group, status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
    }
}

static _Noreturn void run_init(struct job *job, const int *gate)
{
    const uint64_t every_signal = ~0ull;
    char byte;
    sys(__NR_close, gate[1]);
    or_exit(sys(__NR_rt_sigprocmask, SIG_SETMASK, &every_signal, 0, 8));
    or_exit(sys(__NR_read, gate[0], &byte, 1) - 1);
    or_exit(sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL));
    raise_loopback();
    or_exit(sys(__NR_mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0));
    or_exit(sys(__NR_mount, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    or_exit(sys(__NR_prctl, PR_SET_DUMPABLE, 0));
    long program = clone_onto(CLONE_VM | CLONE_VFORK | SIGCHLD, program_stack + PROGRAM_STACK, 0, execute, job);
    or_exit(program);
    confine();
    look_after(program);
}

long start_init(struct job *job)
{
    struct clone_args request = {.flags = EIGHT | CLONE_PARENT};
    int gate[2];
    or_exit(sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL));
    or_exit(sys(__NR_pipe2, gate, O_CLOEXEC));
    long pid = sys(__NR_clone3, &request, sizeof request);
    if (pid == 0)
        run_init(job, gate);
    or_exit(pid);
    sys(__NR_close, gate[0]);
    write_maps(job, pid);
    or_exit(sys(__NR_write, gate[1], "", 1));
    sys(__NR_close, gate[1]);
    return pid;
}
