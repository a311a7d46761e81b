/* Numbers at random, the same for the same seed. */
#include <stdint.h>

static uint64_t random_state;

static void seed_random(uint64_t seed)
{
    random_state = seed | 1;
}

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t below(uint64_t end)
{
    return end ? next_random() % end : 0;
}
