/*
 * ci_ask.c - one question until it is answered.
 *
 *   good answer                       the count of failures starts over
 *   refused token, another is there   asked again with that, at once
 *   trouble that may pass             a notice, a wait, asked again
 *   too many in a row, the deadline,
 *   trouble that stays                the end, with the last answer's kind
 */
#include "cli/ci_ask.h"

#include <stddef.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/session.h"
#include "onekey/findings.h"

enum { NO_DEADLINE = -1 };

static int64_t left_ms(const struct ci_ask *ask)
{
    int64_t left = ask->deadline_ms - clock_steady_ms();

    if (ask->deadline_ms == 0)
        return NO_DEADLINE;
    return left > 0 ? left : 0;
}

/* The last question gets some time whenever it is asked. */
static int64_t deadline_of_try(const struct ci_ask *ask)
{
    int64_t last = clock_steady_ms() + CI_ASK_LAST_MS;

    if (ask->deadline_ms == 0)
        return 0;
    return ask->deadline_ms > last ? ask->deadline_ms : last;
}

static void note(struct ci_ask *ask, const char *text)
{
    waiting_line_clear(&ask->line);
    session_notice(ask->session, "%s", text);
}

static void note_answer(struct ci_ask *ask)
{
    if (ask->failures > 0)
        note(ask, "the platform answers again");
    ask->failures = 0;
}

/* True after a wait: it may be asked again. */
static bool wait_to_retry(struct ci_ask *ask, int64_t retry_after_ms, struct err *err)
{
    char span[CLOCK_TEXT_SIZE];

    ask->failures++;
    int64_t wait_ms = ci_ask_wait_ms(ask, err, retry_after_ms, left_ms(ask));
    if (wait_ms < 0) {
        if (ask->failures > 1)
            err_prefix(err, "%jd questions in a row failed, the last with",
                       (intmax_t)ask->failures);
        return false;
    }
    auto_free char *text = xasprintf(
        "the platform gave no good answer (%s); asking again in %s, try %jd of %jd", err->message,
        clock_span_text(wait_ms, span), (intmax_t)ask->failures, (intmax_t)ask->retry_count);
    note(ask, text);
    ci_ask_pause(ask, wait_ms, "waiting for the platform");
    return true;
}

/* Only another token is tried: a refused one stays refused. */
static bool renew_token(struct ci_ask *ask, struct err *err)
{
    if (err->kind != ERR_AUTH || !platform_renew_token(ask->platform, ask->session, err))
        return false;
    note(ask, "the token was refused; going on with the one that is in its place now");
    return true;
}

bool ci_ask(struct ci_ask *ask, const char *request, platform_reply_fn *reply, void *owner,
            struct err *err)
{
    const struct platform_question question = {.body = request, .max_answer = FINDINGS_BYTES_MAX};

    for (;;) {
        struct platform_try try = {.deadline_ms = deadline_of_try(ask)};

        if (platform_ask_once(ask->platform, &question, &try, reply, owner, err)) {
            note_answer(ask);
            return true;
        }
        if (!renew_token(ask, err) && !wait_to_retry(ask, try.retry_after_ms, err))
            return false;
    }
}

void ci_ask_pause(struct ci_ask *ask, int64_t ms, const char *what)
{
    int64_t now_ms = clock_steady_ms();
    int64_t left = left_ms(ask);
    int64_t wait_ms = left != NO_DEADLINE && left < ms ? left : ms;
    int64_t end_ms = 0;

    if (__builtin_add_overflow(now_ms, wait_ms, &end_ms))
        end_ms = INT64_MAX;
    for (; now_ms < end_ms; now_ms = clock_steady_ms()) {
        auto_free char *text = waiting_line_text(what, ask->start_ms, now_ms, ask->deadline_ms);
        int64_t slice_ms = end_ms - now_ms;

        waiting_line_show(&ask->line, now_ms, text);
        if (ask->line.next_ms > now_ms && ask->line.next_ms - now_ms < slice_ms)
            slice_ms = ask->line.next_ms - now_ms;
        platform_wait(ask->platform, slice_ms);
    }
}

bool ci_ask_is_late(const struct ci_ask *ask)
{
    return left_ms(ask) == 0;
}

int64_t ci_ask_wait_ms(const struct ci_ask *ask, const struct err *err, int64_t retry_after_ms,
                       int64_t left_ms)
{
    static const enum err_kind passing[] = {ERR_NETWORK, ERR_SERVER, ERR_THROTTLED, ERR_PROTOCOL};
    bool passes = false;
    int64_t wait_ms = 0;

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        passes |= err->kind == passing[i];
    if (!passes || ask->failures > ask->retry_count || left_ms == 0)
        return -1;
    if (__builtin_mul_overflow(ask->retry_wait_ms, ask->failures, &wait_ms))
        wait_ms = INT64_MAX;
    if (retry_after_ms > wait_ms)
        wait_ms = retry_after_ms;
    return left_ms != NO_DEADLINE && left_ms < wait_ms ? left_ms : wait_ms;
}
