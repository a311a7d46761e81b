#include "launcher.h"

static int inside(uint64_t at, uint64_t size, uint64_t from, uint64_t to)
{
    return at >= from && at <= to && size <= to - at;
}

int plan_holds(const struct plan *plan, uint64_t at, uint64_t size)
{
    return inside(at, size, (uint64_t)((uint8_t *)(plan->steps + plan->header->step_count) - plan->base),
                  plan->header->relocations_at);
}

/* Which arguments the launcher looks at itself, instead of passing them on: offsets and counts, WAITER_ bits, the terminal's
 * descriptor. step_ok has judged them, once and together, so that no relocation may change them afterwards. */
static int is_checked(const struct step *step, unsigned argument)
{
    if (step->op == OP_EXEC)
        return argument == 0 || argument == 3;
    return step->op == OP_SUPERVISE && (argument == 1 || argument == 2 || argument == 3);
}

static int in_arguments(const struct plan *plan, uint32_t index, uint64_t at, uint64_t width)
{
    const struct step *step = &plan->steps[index];
    uint64_t args = (uint64_t)((const uint8_t *)step->args - plan->base);
    return width == 8 && at % 8 == 0 && inside(at, width, args, args + sizeof step->args) &&
           !is_checked(step, (unsigned)((at - args) / 8));
}

/* How many texts go into the vector there; -1 when that many words are not all data. */
static int64_t texts_at(const struct plan *plan, uint64_t at)
{
    if (!plan_holds(plan, at, 8))
        return -1;
    uint64_t count = *(const uint64_t *)(plan->base + at);
    return count < plan->header->size / 8 && plan_holds(plan, at, (count + 1) * 8) ? (int64_t)count : -1;
}

/* A relocation may change data and its own step's arguments, never what has been checked here. */
static int relocation_ok(const struct plan *plan, uint32_t step, const struct relocation *relocation)
{
    uint64_t width = relocation->kind == RELOCATE_DECIMAL ? DECIMAL_SIZE : 8;
    if (!plan_holds(plan, relocation->at, width) && !in_arguments(plan, step, relocation->at, width))
        return 0;
    if (relocation->kind != RELOCATE_DECIMAL && relocation->at % 8)
        return 0;
    switch (relocation->kind) {
    case RELOCATE_ADDRESS:
        return plan_holds(plan, relocation->value, 0);
    case RELOCATE_TEXTS:
        return plan_holds(plan, relocation->value, 0) && texts_at(plan, relocation->at) >= 0;
    case RELOCATE_CELL:
        return plan_holds(plan, relocation->value, 4) && relocation->value % 4 == 0;
    case RELOCATE_RESULT:
    case RELOCATE_DECIMAL:
        return relocation->value < step;
    }
    return 0;
}

static int terminal_ok(const struct plan *plan, const uint64_t *args)
{
    if ((int)args[2] < 0)
        return args[3] == 0;
    return args[3] % 4 == 0 && plan_holds(plan, args[3], 4);
}

static int step_ok(const struct plan *plan, uint32_t index)
{
    const struct step *step = &plan->steps[index];
    const struct header *header = plan->header;
    if (step->op > OP_SUPERVISE || (step->expect & ~(uint32_t)EXPECT_TOLD) > EXPECT_CELL || step->tolerated_count > 3)
        return 0;
    if ((step->expect & EXPECT_CELL) && (!plan_holds(plan, step->expected_cell, 4) || step->expected_cell % 4))
        return 0;
    if ((step->op == OP_FORK || step->op == OP_VFORK) && (step->child <= index || step->child >= header->step_count))
        return 0;
    if (step->op == OP_EXEC && (step->args[3] > header->size / 8 || step->args[0] % 8 ||
                                !plan_holds(plan, step->args[0], step->args[3] * 8)))
        return 0;
    if (step->op == OP_SUPERVISE && step->args[1] && !terminal_ok(plan, step->args))
        return 0;
    if (!inside(step->first_relocation, step->relocation_count, 0, header->relocation_count))
        return 0;
    for (uint32_t i = 0; i < step->relocation_count; i++)
        if (!relocation_ok(plan, index, &plan->relocations[step->first_relocation + i]))
            return 0;
    return 1;
}

static int tables_ok(const struct plan *plan)
{
    const struct header *h = plan->header;
    uint64_t steps_end = sizeof *h + (uint64_t)h->step_count * sizeof(struct step);
    uint64_t relocations_size = (uint64_t)h->relocation_count * sizeof(struct relocation);
    if (h->step_count == 0 || h->relocations_at % 4 || !inside(h->relocations_at, relocations_size, steps_end, h->size))
        return 0;
    if (h->results_at % 8 || !plan_holds(plan, h->results_at, (uint64_t)h->step_count * 8))
        return 0;
    if (h->failures_at % 4 || !plan_holds(plan, h->failures_at, (uint64_t)h->failure_count * sizeof(struct failure)))
        return 0;
    const struct failure *failures = (const struct failure *)(plan->base + h->failures_at);
    for (uint32_t i = 0; i < h->failure_count; i++)
        if (!plan_holds(plan, failures[i].text_at, failures[i].text_size))
            return 0;
    return plan_holds(plan, h->errno_names_at, (uint64_t)h->errno_name_count * ERRNO_NAME_SIZE);
}

int plan_open(struct plan *plan, void *bytes, uint64_t size)
{
    struct header *header = bytes;
    if (size < sizeof *header || size > MAX_PLAN_SIZE || header->size != size)
        return -1;
    if (header->magic != PLAN_MAGIC || header->version != PLAN_VERSION || header->machine != MACHINE_HERE)
        return -1;
    plan->base = bytes;
    plan->header = header;
    plan->steps = (struct step *)(plan->base + sizeof *header);
    if (!tables_ok(plan))
        return -1;
    plan->relocations = (struct relocation *)(plan->base + header->relocations_at);
    plan->results = (int64_t *)(plan->base + header->results_at);
    for (uint32_t i = 0; i < header->step_count; i++)
        if (!step_ok(plan, i))
            return -1;
    return 0;
}

/* What stands before the digits (as in "/proc//////1234") was put there by the encoder. */
static void write_decimal(uint8_t *room, uint64_t value)
{
    for (int i = DECIMAL_SIZE - 1; i >= 0; i--) {
        room[i] = (uint8_t)('0' + value % 10);
        value /= 10;
        if (value == 0)
            return;
    }
}

/* How many there are is data, which may have changed since it was checked. */
static void write_texts(const struct plan *plan, uint64_t at, uint64_t text)
{
    uint64_t *vector = (uint64_t *)(plan->base + at);
    int64_t count = texts_at(plan, at);
    if (count < 0)
        return;
    for (int64_t i = 0; i < count; i++) {
        vector[i] = (uint64_t)(uintptr_t)(plan->base + text);
        while (plan_holds(plan, text, 1) && plan->base[text])
            text++;
        text += plan_holds(plan, text, 1);
    }
    vector[count] = 0;
}

void plan_relocate(const struct plan *plan, const struct step *step)
{
    for (uint32_t i = 0; i < step->relocation_count; i++) {
        const struct relocation *relocation = &plan->relocations[step->first_relocation + i];
        uint8_t *at = plan->base + relocation->at;
        switch (relocation->kind) {
        case RELOCATE_ADDRESS:
            *(uint64_t *)at = (uint64_t)(uintptr_t)(plan->base + relocation->value);
            break;
        case RELOCATE_RESULT:
            *(int64_t *)at = plan->results[relocation->value];
            break;
        case RELOCATE_CELL:
            *(int64_t *)at = *(int32_t *)(plan->base + relocation->value);
            break;
        case RELOCATE_TEXTS:
            write_texts(plan, relocation->at, relocation->value);
            break;
        case RELOCATE_DECIMAL:
            write_decimal(at, (uint64_t)plan->results[relocation->value]);
            break;
        }
    }
}
