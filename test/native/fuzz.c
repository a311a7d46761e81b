/* The launcher's decoder and interpreter on damaged plans, built with sanitizers and with this file as the kernel:
 *
 *     fuzz SEED INPUTS PLAN…
 *
 * Half of what it is for is that nothing happens: no access outside of the plan, no endless loop, no undefined
 * behaviour. Prints how many inputs were taken and how many refused. */
#include "fuzz-kernel.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_RANDOM = 1024 };

static uint32_t boundary(const struct header *header)
{
    const uint32_t size = (uint32_t)fuzz.size;
    const uint32_t words = header->failures_at + (uint32_t)below(8 * sizeof(struct failure)) / 4 * 4;
    const uint32_t values[] = {0, 1, 2, 3, 4, 7, 8, 16, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, size - 8,
                               size - 4, size - 1, size, size + 1, (uint32_t)below(size), (uint32_t)below(size) & ~7u, words, words};
    return values[below(sizeof values / sizeof *values)];
}

static void set_field(void)
{
    struct header header;
    memcpy(&header, fuzz.input, sizeof header);
    size_t at = below(sizeof header / 4) * 4;
    uint64_t steps = header.step_count % 4096;
    if (below(3) == 0)
        at = sizeof header + below(steps + 1) * sizeof(struct step) + below(sizeof(struct step) / 4) * 4;
    else if (below(2) && header.relocations_at < fuzz.size)
        at = header.relocations_at + below((fuzz.size - header.relocations_at) / 4) * 4;
    uint32_t value = below(4) ? boundary(&header) : (uint32_t)next_random();
    if (at + 4 <= fuzz.size)
        memcpy(fuzz.input + at, &value, 4);
}

static void swap_parts(void)
{
    uint8_t kept[sizeof(struct step)];
    size_t size = below(2) ? sizeof(struct relocation) : 8 * (1 + below(sizeof kept / 8));
    if (size > sizeof kept || fuzz.size < 2 * size)
        return;
    size_t one = below(fuzz.size - size) & ~3ul, other = below(fuzz.size - size) & ~3ul;
    memcpy(kept, fuzz.input + one, size);
    memmove(fuzz.input + one, fuzz.input + other, size);
    memcpy(fuzz.input + other, kept, size);
}

static void damage(void)
{
    switch (below(6)) {
    case 0:
        fuzz.input[below(fuzz.size)] ^= (uint8_t)(1u << below(8));
        break;
    case 1:
        swap_parts();
        break;
    default:
        set_field();
    }
}

/* Exactly as large as it says, so that the first byte behind it is noticed. */
static void make_input(void)
{
    const struct seed_plan *from = &fuzz.seeds[below(fuzz.seed_count)];
    int from_nothing = below(16) == 0;
    int cut = !from_nothing && below(16) == 0;
    fuzz.size = from_nothing ? 1 + below(LONGEST_RANDOM) : cut ? 1 + below(from->size) : from->size;
    fuzz.input = malloc(fuzz.size);
    for (size_t i = 0; from_nothing && i < fuzz.size; i++)
        fuzz.input[i] = (uint8_t)next_random();
    if (!from_nothing)
        memcpy(fuzz.input, from->bytes, fuzz.size);
    if (fuzz.size < sizeof(struct header))
        return;
    if (from_nothing) /* a header that gets past the first look */
        memcpy(fuzz.input, from->bytes, below(sizeof(struct header)));
    for (uint64_t i = below(5); i > 0; i--)
        damage();
    if (below(16))
        ((struct header *)fuzz.input)->size = (uint32_t)fuzz.size;
}

/* ---- one input ---- */

static void run(struct plan *plan)
{
    fuzz.calls = 0;
    fuzz.failing = 0;
    fuzz.child_end = 0;
    fuzz.unmapped = 0;
    if (setjmp(fuzz.end) == 0)
        plan_run(plan, 0);
    ASAN_UNPOISON_MEMORY_REGION(fuzz.input, fuzz.size);
    for (volatile int i = 0; i < 2; i++) {
        fuzz.calls = 0;
        fuzz.failing = 1;
        fuzz.child_end = 0;
        if (setjmp(fuzz.end) == 0)
            plan_fail(plan, (uint32_t)below(plan->header->step_count), (int)(below(2) ? below(140) : below(65536)));
    }
}

static void one_input(void)
{
    struct plan plan;
    make_input();
    if (plan_open(&plan, fuzz.input, fuzz.size) == 0) {
        fuzz.taken++;
        fuzz.plan = &plan;
        run(&plan);
    } else {
        fuzz.refused++;
    }
    free(fuzz.input);
}

static void read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fuzz.seed_count == MAX_SEEDS)
        exit(2);
    struct seed_plan *seed = &fuzz.seeds[fuzz.seed_count++];
    fseek(file, 0, SEEK_END);
    seed->size = (size_t)ftell(file);
    rewind(file);
    seed->bytes = malloc(seed->size);
    if (fread(seed->bytes, 1, seed->size, file) != seed->size)
        exit(2);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    seed_random(strtoull(argv[1], 0, 10));
    for (int i = 3; i < argc; i++)
        read_seed(argv[i]);
    alarm(60); /* SIGALRM: something did not end */
    for (unsigned long i = strtoul(argv[2], 0, 10); i > 0; i--)
        one_input();
    printf("%lu taken, %lu refused\n", fuzz.taken, fuzz.refused);
    return 0;
}
