#include "cli/held_up.h"

#include "base/clock.h"

enum { UNREACHABLE_MS = 5 * 60 * 1000 };

bool held_up_look(struct held_up *held, const char *closed, int closed_exit, const char *what,
                  struct err *err)
{
    enum err_kind kind = err_kind_of_exit(closed_exit);
    int64_t now_ms = clock_steady_ms();

    if (!closed || kind == ERR_OK) {
        held->since_ms = 0;
        return false;
    }
    if (held->since_ms == 0)
        held->since_ms = now_ms;
    if (err_kind_exit(kind) == err_kind_exit(ERR_NETWORK) &&
        now_ms - held->since_ms < UNREACHABLE_MS)
        return false;
    err_set(err, kind, "%s; %s", closed, what);
    return true;
}
