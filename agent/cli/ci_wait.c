/*
 * ci_wait.c - looks at the analysis at an interval. The platform tells nobody when it is done, so
 * looking is all that can be done; the official client does the same.
 */
#include "cli/ci_wait.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"

enum { FIRST_PAUSE_MS = 5000 };

/* One look at one firmware. */
struct look {
    const char *id;
    struct analysis analysis;
};

static void look_release(struct look *look)
{
    analysis_release(&look->analysis, 1);
}

#define auto_look __attribute__((cleanup(look_release)))

/* What the platform could not read of its own is its trouble, and asked for again. */
static bool read_look(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct look *look = owner;

    analysis_release(&look->analysis, 1);
    if (!analysis_reply(bytes, size, &look->id, 1, &look->analysis, err))
        return false;
    return look->analysis.state != ANALYSIS_UNREADABLE ||
           err_set(err, ERR_SERVER, "platform says: %s", look->analysis.reason);
}

static void keep_words(struct subject *subject, const struct analysis *analysis)
{
    if (analysis->name) {
        text_replace(&subject->name, analysis->name);
        text_replace(&subject->version, analysis->version);
    }
    text_replace(&subject->state, analysis->state_text[0] ? analysis->state_text : NULL);
    text_replace(&subject->result, analysis->result_text[0] ? analysis->result_text : NULL);
}

static bool take_look(struct ci_ask *ask, struct subject *subject, struct look *look,
                      struct err *err)
{
    auto_free char *request = analysis_request(&look->id, 1);

    if (!ci_ask(ask, request, read_look, look, err))
        return err_wrap(err, "look at the analysis");
    keep_words(subject, &look->analysis);
    return true;
}

/* What is seen, for the waiting line and for the end. */
static char *state_text(const struct analysis *analysis)
{
    switch (analysis->state) {
    case ANALYSIS_UNKNOWN_FIRMWARE:
        return xstrdup("the firmware is not there yet");
    case ANALYSIS_NOT_STARTED:
        return xstrdup("the analysis has not started yet");
    case ANALYSIS_RUNNING:
    case ANALYSIS_COMPLETE:
    case ANALYSIS_FAILED:
    case ANALYSIS_UNREADABLE:
    case ANALYSIS_RIGHTS_MISSING:
        break;
    }
    return xasprintf("still analysing (%s)", analysis->state_text);
}

static bool be_late(const struct ci_ask *ask, const struct subject *subject, const char *seen,
                    struct err *err)
{
    char span[CLOCK_TEXT_SIZE];

    return err_set(err, ERR_DEADLINE,
                   "wait for the analysis: not over after %s, %s; ask again later with: "
                   "onekey-agent ci-result --firmware-id %s",
                   clock_span_text(clock_steady_ms() - ask->start_ms, span), seen,
                   subject->firmware_id);
}

bool ci_wait(struct ci_ask *ask, struct subject *subject, int64_t check_interval_ms,
             struct err *err)
{
    auto_look struct look look = {.id = subject->firmware_id};
    int64_t interval_ms =
        check_interval_ms < CI_WAIT_LEAST_MS ? CI_WAIT_LEAST_MS : check_interval_ms;
    int64_t pause_ms = interval_ms < FIRST_PAUSE_MS ? interval_ms : FIRST_PAUSE_MS;
    int64_t null_since_ms = 0;

    for (;;) {
        /* Before it is asked: at the deadline the last look still counts. */
        bool is_late = ci_ask_is_late(ask);

        if (!take_look(ask, subject, &look, err))
            return false;
        switch (ci_wait_judge(&look.analysis, subject, clock_steady_ms(), &null_since_ms, err)) {
        case CI_WAIT_COMPLETE:
            return true;
        case CI_WAIT_FAILED:
            return false;
        case CI_WAIT_MORE:
            break;
        }
        auto_free char *seen = state_text(&look.analysis);
        if (is_late)
            return be_late(ask, subject, seen, err);
        ci_ask_pause(ask, pause_ms, seen);
        /* A step of a pipeline often comes when it is nearly over: the first looks are closer. */
        pause_ms = pause_ms * 2 < interval_ms ? pause_ms * 2 : interval_ms;
    }
}

bool ci_wait_look(struct ci_ask *ask, struct subject *subject, struct err *err)
{
    auto_look struct look look = {.id = subject->firmware_id};

    if (!take_look(ask, subject, &look, err))
        return false;
    return look.analysis.name ||
           err_set(err, ERR_RIGHTS,
                   "read firmware %s: it is not there, or the token may not view it",
                   subject->firmware_id);
}

enum ci_wait_end ci_wait_judge(const struct analysis *analysis, const struct subject *subject,
                               int64_t now_ms, int64_t *null_since_ms, struct err *err)
{
    char span[CLOCK_TEXT_SIZE];
    const char *result = analysis->result_text;

    if (analysis->state != ANALYSIS_UNKNOWN_FIRMWARE)
        *null_since_ms = 0;
    switch (analysis->state) {
    case ANALYSIS_COMPLETE:
        return CI_WAIT_COMPLETE;
    case ANALYSIS_NOT_STARTED:
    case ANALYSIS_RUNNING:
    case ANALYSIS_UNREADABLE: /* is asked for again before it comes here */
        return CI_WAIT_MORE;
    case ANALYSIS_FAILED:
        err_set(err, ERR_ANALYSIS, "the analysis failed (%s %s): see %s", analysis->state_text,
                result[0] ? result : "without a result", subject->firmware_link);
        return CI_WAIT_FAILED;
    case ANALYSIS_RIGHTS_MISSING:
        err_set(err, ERR_RIGHTS,
                "read firmware %s: the token may not view it (%s); make a token that may",
                subject->firmware_id, analysis->reason);
        return CI_WAIT_FAILED;
    case ANALYSIS_UNKNOWN_FIRMWARE:
        break;
    }
    if (*null_since_ms == 0)
        *null_since_ms = now_ms;
    if (now_ms - *null_since_ms < CI_WAIT_NULL_MS)
        return CI_WAIT_MORE;
    err_set(
        err, ERR_RIGHTS,
        "read firmware %s: the platform has shown none for %s; check the ID, and that the token "
        "may view firmwares of its product group",
        subject->firmware_id, clock_span_text(now_ms - *null_since_ms, span));
    return CI_WAIT_FAILED;
}
