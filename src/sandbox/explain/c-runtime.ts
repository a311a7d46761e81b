/** The parts of every printed C program that do not depend on the plan; each is printed only when it is called. */

interface Part {
  readonly name: string;
  readonly headers: readonly string[];
  readonly text: string;
}

/** In the order in which they must be printed. */
export const RUNTIME: readonly Part[] = [
  {
    name: 'fail',
    headers: ['stdio.h', 'string.h', 'unistd.h'],
    text: `/* Says which step failed, and ends the process as isol8 does: 127 not found, 126 not executable, 125 the rest. */
static __attribute__((noreturn)) void fail(int step, const char *what, int code, int status)
{
	dprintf(2, "step %d: %s: %s\\n", step, what, strerror(code));
	_exit(status);
}`,
  },
  {
    name: 'must',
    headers: ['errno.h', 'stdarg.h'],
    text: `/* Ends the process unless the call succeeded or failed with one of the errno values given; the last one is 0. */
static long must(int step, const char *what, long result, ...)
{
	int code = errno, tolerated;
	va_list list;
	if (result != -1)
		return result;
	va_start(list, result);
	while ((tolerated = va_arg(list, int)) != 0)
		if (tolerated == code) {
			va_end(list);
			return -code;
		}
	va_end(list);
	fail(step, what, code, 125);
}`,
  },
  {
    name: 'expect',
    headers: ['errno.h'],
    text: `static void expect(int step, const char *what, long value, long expected, int code)
{
	if (value != expected)
		fail(step, what, code, 125);
}`,
  },
  {
    name: 'exec_first',
    headers: ['errno.h', 'unistd.h'],
    text: `/* Becomes the first file that is there; one that may not be executed is passed over. */
static __attribute__((noreturn)) void exec_first(int step, const char *const *paths, char *const *argv, char *const *env)
{
	const char *what = *paths;
	int code = ENOENT;
	for (; *paths; paths++) {
		execve(*paths, argv, env);
		if (errno == ENOENT || errno == ENOTDIR)
			continue;
		what = *paths;
		code = errno;
		if (code != EACCES)
			break;
	}
	fail(step, what, code, code == ENOENT ? 127 : 126);
}`,
  },
  {
    name: 'text',
    headers: ['stdio.h', 'stdlib.h', 'errno.h'],
    text: `/* A text with a number in it that was not known before. */
static char *text(const char *format, long number)
{
	char *made;
	if (asprintf(&made, format, number) < 0)
		abort();
	return made;
}`,
  },
  {
    name: 'supervise',
    headers: ['sys/wait.h', 'errno.h'],
    text: `/* Reaps everything until the child has ended. isol8 also forwards signals here. */
static int supervise(long child)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno != EINTR)
			return 125;
		if (pid == child)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}`,
  },
  {
    name: 'take_terminal_back',
    headers: ['sys/ioctl.h', 'signal.h', 'errno.h', 'unistd.h'],
    text: `/* Gives the terminal back to the group that had it, unless another that still lives has it by now. */
static void take_terminal_back(int fd, const int32_t *group, const int32_t *settings)
{
	int now = 0;
	if (*group != getpgid(0) || syscall(SYS_ioctl, fd, TIOCGPGRP, &now) < 0)
		return;
	if (now != *group && (now <= 0 || kill(-now, 0) == 0 || errno != ESRCH))
		return;
	if (now == *group || syscall(SYS_ioctl, fd, TIOCSPGRP, group) == 0)
		syscall(SYS_ioctl, fd, TCSETS, settings);
}`,
  },
  {
    name: 'reap_all',
    headers: ['sys/wait.h'],
    text: `/* Waits for every child; the exit status is that of the last one that did not end well. */
static int reap_all(void)
{
	int status, failed = 0;
	while (wait(&status) > 0)
		if (status != 0)
			failed = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return failed;
}`,
  },
  {
    name: 'slot',
    headers: ['fcntl.h', 'unistd.h', 'errno.h'],
    text: `/* Opens what isol8 hands to the plan as descriptor fd. */
static void slot(int fd, const char *path, int flags)
{
	int opened = open(path, flags | O_CLOEXEC);
	if (opened < 0)
		fail(0, path, errno, 125);
	if (opened == fd)
		return;
	if (dup3(opened, fd, O_CLOEXEC) < 0)
		fail(0, path, errno, 125);
	close(opened);
}`,
  },
  {
    name: 'lifeline_slot',
    headers: ['fcntl.h', 'unistd.h', 'errno.h'],
    text: `/* The read end of a pipe whose write end stays open as long as this program lives. */
static void lifeline_slot(int fd)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_DUPFD_CLOEXEC, 200) < 0)
		fail(0, "pipe2", errno, 125);
	close(ends[1]);
	if (ends[0] != fd && (dup3(ends[0], fd, O_CLOEXEC) < 0 || close(ends[0]) < 0))
		fail(0, "dup3", errno, 125);
}`,
  },
];
