/* Times commands from start to exit without the cost of a Node process that forks.
 *
 *     time-command true ++ node -e 0        a line "1" on standard input runs `node -e 0` and answers in ms
 */
#define _GNU_SOURCE
#include "lines.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST_COMMANDS = 16 };

static posix_spawn_file_actions_t quiet;

static double time_command(char **command)
{
    pid_t pid = 0;
    int status = 0;
    double start = now_ms();
    int failed = posix_spawnp(&pid, command[0], &quiet, NULL, command, environ);
    if (failed == 0)
        failed = waitpid(pid, &status, 0) != pid;
    double end = now_ms();
    if (failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "%s did not end well\n", command[0]);
        exit(1);
    }
    return end - start;
}

int main(int argc, char **argv)
{
    char **commands[MOST_COMMANDS] = {argv + 1};
    int count = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "++") != 0 || count == MOST_COMMANDS)
            continue;
        argv[i] = NULL;
        commands[count++] = argv + i + 1;
    }
    posix_spawn_file_actions_init(&quiet);
    for (int fd = 0; fd < 2; fd++) /* standard error stays, to say why a command failed */
        posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        int index = atoi(line);
        DIE_UNLESS(index >= 0 && index < count, "no such command");
        answer(time_command(commands[index]));
    }
    return 0;
}
