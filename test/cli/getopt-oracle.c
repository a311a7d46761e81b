/* glibc's getopt_long on many cases, for getopt-oracle.test.ts. All input and output is NUL-terminated fields.
 * A case:   optstring, number of long options, (name, has_arg, val)..., number of words, words...
 * Its result: "opt", val, "-" or "=value"; ...; then "end", operands..., "." or "error", message. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __GLIBC__
#error "the oracle is glibc's getopt_long"
#endif

static char *field(void) {
  char *text = NULL;
  size_t size = 0;
  return getdelim(&text, &size, '\0', stdin) < 0 ? NULL : text;
}

static void put(const char *text) { fwrite(text, 1, strlen(text) + 1, stdout); }

int main(void) {
  for (char *optstring; (optstring = field());) {
    int longs = atoi(field());
    struct option *table = calloc(longs + 1, sizeof *table);
    for (int i = 0; i < longs; i++) {
      table[i].name = field();
      table[i].has_arg = atoi(field());
      table[i].val = atoi(field());
    }
    int argc = atoi(field()) + 1;
    char **argv = calloc(argc + 1, sizeof *argv);
    argv[0] = "x";
    for (int i = 1; i < argc; i++) argv[i] = field();

    char *message = NULL;
    size_t size = 0;
    FILE *before = stderr;
    stderr = open_memstream(&message, &size);
    optind = 0;
    int val;
    while ((val = getopt_long(argc, argv, optstring, table, NULL)) != -1 && val != '?') {
      char number[16];
      snprintf(number, sizeof number, "%d", val);
      put("opt");
      put(number);
      if (optarg) putchar('=');
      put(optarg ? optarg : "-");
    }
    fclose(stderr);
    stderr = before;
    if (val == '?') {
      put("error");
      put(message);
    } else {
      put("end");
      while (optind < argc) put(argv[optind++]);
      put(".END");
    }
  }
}
