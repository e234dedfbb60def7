/*
 * steer_pause.c - the operator's pause, and what every steering stands on.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/printable.h"
#include "control/steer_parts.h"
#include "store/pause.h"

bool steer_begin(struct db *db, struct err *err)
{
    return db_commit(db, err) && db_begin(db, err);
}

bool steer_finish(struct db *db, bool ok, struct err *err)
{
    if (ok && db_commit(db, err))
        return true;
    db_rollback(db);
    return false;
}

bool steer_check_text(const char *text, const char *what, size_t room, struct err *err)
{
    if (text[0] == '\0')
        return err_set(err, ERR_USAGE, "%s must not be empty", what);
    if (strlen(text) >= room)
        return err_set(err, ERR_USAGE, "%s is over %zu bytes", what, room - 1);
    if (!printable_is(text))
        return err_set(err, ERR_USAGE, "%s must be one line of printable UTF-8", what);
    return true;
}

static void tell_pause(const struct pause *old, const struct pause *pause,
                       struct steer_result *result)
{
    char since[CLOCK_TEXT_SIZE];

    if (!old->is_set) {
        snprintf(result->text, sizeof result->text, "paused: %s", pause->reason);
        return;
    }
    auto_free char *by = printable_new(old->by_whom);
    snprintf(result->text, sizeof result->text, "already paused since %s by %s; reason now: %s",
             clock_text(old->since, since), by, pause->reason);
}

bool steer_pause(const struct steer *steer, const char *reason, const char *by,
                 struct steer_result *result, struct err *err)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct pause pause = {.is_set = true, .since = steer->now_ms};

    if (!steer_check_text(reason, "the reason", sizeof pause.reason, err) ||
        !steer_check_text(by, "the author", sizeof pause.by_whom, err))
        return false;
    snprintf(pause.reason, sizeof pause.reason, "%s", reason);
    snprintf(pause.by_whom, sizeof pause.by_whom, "%s", by);
    if (!pause_load(steer->db, pauses, err) || !steer_begin(steer->db, err) ||
        !steer_finish(steer->db, pause_set(steer->db, PAUSE_OPERATOR, &pause, err), err))
        return err_wrap(err, "pause");
    result->changed = !pauses[PAUSE_OPERATOR].is_set;
    tell_pause(&pauses[PAUSE_OPERATOR], &pause, result);
    return true;
}

bool steer_resume(const struct steer *steer, struct steer_result *result, struct err *err)
{
    struct pause pauses[PAUSE_KIND_COUNT];

    if (!pause_load(steer->db, pauses, err) || !steer_begin(steer->db, err) ||
        !steer_finish(steer->db, pause_clear(steer->db, PAUSE_OPERATOR, err), err))
        return err_wrap(err, "resume");
    const char *rest = "";
    if (pauses[PAUSE_AUTH].is_set)
        rest = steer->live ? "; the token's pause stays until it works, it is tried now"
                           : "; the token's pause stays until a token works";
    result->changed = pauses[PAUSE_OPERATOR].is_set;
    snprintf(result->text, sizeof result->text, "%s%s",
             result->changed ? "resumed" : "was not paused by an operator", rest);
    return true;
}
