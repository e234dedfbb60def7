#include "watch/settle.h"

#include <assert.h>

static int64_t larger(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

static int64_t smaller(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t quiet_of(const struct settle_rule *rule)
{
    return rule->network ? larger(rule->quiet_ms, SETTLE_NETWORK_QUIET_MS) : rule->quiet_ms;
}

/* A pause that grows with how often the file disappointed; never zero, so no caller can spin. */
static int64_t pause_of(int64_t quiet_ms, int64_t times)
{
    return larger(quiet_ms, SETTLE_FLOOR_MS) * larger(1, smaller(times, SETTLE_MAX_FACTOR));
}

/* Compares with the look before; true when the file is not as it was, or was never seen. */
static bool remember(const struct settle_rule *rule, struct settle_memory *memory,
                     const struct beneath_facts *facts, int64_t now_ms)
{
    bool is_first = memory->looks == 0;

    if (!is_first && beneath_facts_equal(&memory->facts, facts, rule->network)) {
        memory->looks++;
        if (now_ms < memory->since_ms)
            memory->since_ms = now_ms; // the clock went back: what it said before is void
        return false;
    }
    // a burst of events brings many looks: only those a quiet time apart lengthen the pause
    if (!is_first && now_ms - memory->since_ms >= quiet_of(rule))
        memory->changes++;
    memory->facts = *facts;
    memory->since_ms = now_ms;
    memory->looks = 1;
    return true;
}

enum settle_verdict settle_look(const struct settle_rule *rule, struct settle_memory *memory,
                                const struct settle_seen *seen, int64_t now_ms, int64_t *again_ms)
{
    int64_t quiet_ms = quiet_of(rule);
    bool is_first_look = memory->looks == 0;
    bool has_changed = remember(rule, memory, &seen->facts, now_ms);

    assert(rule->quiet_ms >= 0);
    if (seen->facts.size <= 0 || (rule->needs_marker && !seen->has_marker)) {
        *again_ms = now_ms + pause_of(quiet_ms, memory->looks);
        return SETTLE_WAIT;
    }
    if (rule->needs_marker)
        return SETTLE_READY;
    if (is_first_look) {
        *again_ms = now_ms + quiet_ms;
        return SETTLE_WAIT;
    }
    if (has_changed) {
        *again_ms = now_ms + pause_of(quiet_ms, memory->changes);
        return SETTLE_WAIT;
    }
    *again_ms = memory->since_ms + quiet_ms;
    return now_ms >= *again_ms ? SETTLE_READY : SETTLE_WAIT;
}
