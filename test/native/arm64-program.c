/* What the arm64 launcher executes: says where it is and what it got, and ends with 42. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char directory[4096];
    printf("program %s in %s, umask %o, A=%s\n", argc > 1 ? argv[1] : "", getcwd(directory, sizeof directory), umask(0),
           getenv("A"));
    return 42;
}
