#include "flow/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flow/item_job.h"

enum { HELD_LOOK_MS = 500 };

static bool is_held(const struct flow *flow, const struct source *source, const char *relpath)
{
    for (const struct item_job *job = flow->jobs; job; job = job->next) {
        const char *path = source_relpath(source, job->item.path);

        if (path && strcmp(path, relpath) == 0)
            return true;
    }
    return false;
}

bool held_note(struct held *held, const struct flow *flow, const struct source *source,
               const char *relpath)
{
    if (!is_held(flow, source, relpath))
        return true;
    if (names_is_empty(&held->names))
        held->due_at = clock_steady_ms() + HELD_LOOK_MS;
    return names_add(&held->names, relpath);
}

bool held_hand_over(struct held *held, struct names *names)
{
    bool all = true;
    char *name;

    if (clock_steady_ms() < held->due_at)
        return true;
    while ((name = names_take(&held->names))) {
        all = names_add(names, name) && all;
        free(name);
    }
    return all;
}

int64_t held_due_in(const struct held *held)
{
    if (names_is_empty(&held->names))
        return -1;
    int64_t wait_ms = held->due_at - clock_steady_ms();
    return wait_ms > 0 ? wait_ms : 0;
}

void held_release(struct held *held)
{
    names_release(&held->names);
}
