/*
 * agent_errand.c - one file that a command hands over, from its open descriptor to its end.
 *
 * The agent works on it as on any other, in a private ledger. Where the command shares a
 * state directory, the book carries each step there before its effect.
 *
 *   hashing    the digest; then the book says whether these bytes are known
 *   ...        as everywhere
 *   analysing  the end without wait
 *   fetching   the end where SBOMs have no folder
 *   done
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/agent_parts.h"

enum {
    GIVE_UP_MS = 5 * 60 * 1000, /* of waits between tries: a pipeline wants to know */
    EAGER_MS = 5000,
    AGENT_LOOK_MS = 500,
    OTHER_RETRY_MS = 200,
};

static struct agent_errand *errand_of(const struct agent *agent)
{
    return agent->options->errand;
}

/* The private ledger has no folder: what is only in flight goes where temporary files go. */
static const char *scratch_folder(const struct agent *agent)
{
    const char *given = agent->options->environment("TMPDIR");

    if (errand_of(agent)->state_dir)
        return errand_of(agent)->state_dir;
    return given && *given ? given : "/tmp";
}

static void adapt_settings(struct agent *agent)
{
    struct flow_settings *settings = &agent->flow.settings;

    settings->state_dir = scratch_folder(agent);
    settings->sbom_directory = errand_of(agent)->sbom_directory;
    if (settings->poll_interval_ms > errand_of(agent)->check_interval_ms)
        settings->poll_interval_ms = errand_of(agent)->check_interval_ms;
    settings->eager_poll_ms =
        settings->poll_interval_ms < EAGER_MS ? settings->poll_interval_ms : EAGER_MS;
    settings->wait_analysis = settings->wait_analysis || errand_of(agent)->wait;
    if (settings->give_up_after_ms > GIVE_UP_MS)
        settings->give_up_after_ms = GIVE_UP_MS;
}

bool agent_errand_start(struct agent *agent, struct err *err)
{
    const struct book_options options = {
        .state_dir = errand_of(agent)->state_dir,
        .force = errand_of(agent)->file.force,
    };

    adapt_settings(agent);
    if (options.state_dir && !(agent->book = book_new(&options, err)))
        return false;
    return handed_add(&agent->flow, &errand_of(agent)->file, &agent->errand_id, err) &&
           db_commit(agent->flow.db, err);
}

/* ---- with each commit ---- */

static void end_with(struct agent *agent, const struct err *err)
{
    if (agent->end.kind == ERR_OK)
        agent->end = *err;
}

static bool has_holder_changed(struct agent *agent)
{
    int64_t before = agent->lock_holder;

    agent->lock_holder = book_holder(agent->book);
    return agent->lock_holder != before;
}

/* Whose ledger it is waits for at most lock_wait; whose bytes these are, as for an analysis. */
static bool is_out_of_patience(struct agent *agent, int64_t now_ms)
{
    int64_t *since_ms = book_waits(agent->book) ? &agent->other_since_ms : &agent->lock_since_ms;
    int64_t most_ms =
        book_waits(agent->book) ? errand_of(agent)->wait_timeout_ms : agent->options->lock_wait_ms;

    if (book_waits(agent->book) || has_holder_changed(agent)) /* others get through */
        agent->lock_since_ms = 0;
    if (*since_ms == 0)
        *since_ms = agent->book_asked_ms = now_ms;
    return now_ms - *since_ms >= most_ms && !(book_waits(agent->book) && most_ms == 0);
}

/* It was not there when the command looked; it holds the ledger for good, but takes the file. */
static bool has_agent_appeared(struct agent *agent, int64_t now_ms)
{
    if (book_state(agent->book) != BOOK_OPEN || book_waits(agent->book) ||
        now_ms - agent->book_asked_ms < AGENT_LOOK_MS)
        return false;
    agent->book_asked_ms = now_ms;
    return book_has_agent(agent->book);
}

static void tell_waiting(struct agent *agent, const struct err *err)
{
    const struct agent_errand *errand = errand_of(agent);

    if (agent->errand_waits || !book_waits(agent->book))
        return;
    agent->errand_waits = true;
    errand->waits(errand->owner, err->message);
}

static void note_busy(struct agent *agent, const struct err *err)
{
    int64_t now_ms = clock_steady_ms();
    bool is_over = is_out_of_patience(agent, now_ms);
    struct err late = *err;

    turn_retry_in(agent->turn, book_waits(agent->book) ? OTHER_RETRY_MS : book_retry_ms());
    tell_waiting(agent, err);
    if (has_agent_appeared(agent, now_ms))
        errand_of(agent)->agent_appeared = is_over = true;
    if (!is_over)
        return;
    if (book_waits(agent->book))
        err_set(&late, ERR_DEADLINE, "the deadline came: %.300s", err->message);
    end_with(agent, &late);
    agent_wake(agent);
}

bool agent_errand_keep(struct agent *agent, struct err *err)
{
    if (agent->ending || agent->end.kind != ERR_OK)
        return true; /* agent_errand_end() has the last word */
    if (book_keep(agent->book, agent->flow.db, agent->errand_id, err)) {
        agent->lock_since_ms = agent->other_since_ms = 0;
        return true;
    }
    if (err->kind == ERR_BUSY) {
        note_busy(agent, err);
        return false;
    }
    end_with(agent, err);
    agent_wake(agent);
    err_set(err, ERR_BUSY, "ending");
    return false;
}

/* ---- is it over? ---- */

static bool load(struct agent *agent, struct item *item)
{
    struct err err = {.kind = ERR_OK};
    bool found = false;

    if (item_by_id(agent->flow.db, agent->errand_id, item, &found, &err) && found)
        return true;
    end_with(agent, &err);
    return false;
}

/* The end of everything but good ends: the row's own reason gives the exit code. */
static void end_as(struct agent *agent, const struct item *item)
{
    enum err_kind kind = item->error_kind ? err_kind_of_name(item->error_kind) : ERR_INTERNAL;
    struct err err;

    err_set(&err, kind, "%s", item->error ? item->error : "no reason is known");
    end_with(agent, &err);
}

static bool is_at_its_end(struct agent *agent, const struct item *item)
{
    const struct agent_errand *errand = errand_of(agent);

    switch (item->state) {
    case ITEM_DONE:
        return true;
    case ITEM_ANALYSING:
        return !errand->wait;
    case ITEM_FETCHING:
        return !errand->wait || !errand->sbom_directory;
    case ITEM_FAILED:
    case ITEM_HELD:
    case ITEM_GONE:
        end_as(agent, item);
        return true;
    case ITEM_UNCONFIRMED:
        if (item->misses != ITEM_NEEDS_PERSON)
            return false;
        end_as(agent, item);
        return true;
    case ITEM_FOUND:
    case ITEM_SETTLING:
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
    case ITEM_UPLOADING:
    case ITEM_DUPLICATE:
    case ITEM_IGNORED:
        return false;
    }
    return false;
}

static void tell_known(struct agent *agent, const char *firmware_id, const char *other)
{
    const struct agent_errand *errand = errand_of(agent);

    if (!firmware_id || agent->errand_told)
        return;
    agent->errand_told = true;
    errand->known(errand->owner, firmware_id, other);
}

static bool is_known_elsewhere(struct agent *agent)
{
    if (!agent->book || book_state(agent->book) != BOOK_KNOWN)
        return false;
    tell_known(agent, book_other(agent->book)->firmware_id, book_other(agent->book)->path);
    return true;
}

/* What waits is bounded, what moves is not: no upload is too long. */
static int64_t left_ms(struct agent *agent, const struct item *item)
{
    int64_t now_ms = clock_steady_ms();

    bool moves = !item->firmware_id && !flow_is_idle(&agent->flow);

    if (agent->deadline_ms == 0 || moves || (item->firmware_id != NULL) != agent->errand_sent) {
        agent->errand_sent = item->firmware_id != NULL;
        if (__builtin_add_overflow(now_ms, errand_of(agent)->wait_timeout_ms, &agent->deadline_ms))
            agent->deadline_ms = INT64_MAX; /* nobody lives to see it */
    }
    return agent->deadline_ms - now_ms;
}

static void end_late(struct agent *agent, const struct item *item)
{
    const char *closed = gate_why(agent->gate)->message;
    const char *why = item->error ? item->error : closed[0] ? closed : "nothing moved";
    const char *state = item->analysis_state ? item->analysis_state : "not started";
    struct err err;

    if (item->firmware_id) {
        err_set(&err, ERR_DEADLINE,
                "the deadline came before the analysis ended (%s); it goes on: onekey-agent "
                "ci-result --firmware-id %s",
                state, item->firmware_id);
    } else {
        err_set(&err, ERR_DEADLINE, "the deadline came before it was sent: %.300s", why);
    }
    end_with(agent, &err);
}

static bool is_past_deadline(struct agent *agent, const struct item *item)
{
    if (errand_of(agent)->wait_timeout_ms == 0 || left_ms(agent, item) > 0)
        return false;
    end_late(agent, item);
    return true;
}

/* An agent waits for room; a command says so, while its file is still there. */
static bool is_short_of_disk(struct agent *agent, const struct item *item)
{
    struct err err;

    if (!agent->disk_low || item->firmware_id || !flow_is_idle(&agent->flow))
        return false;
    err_set(&err, ERR_DISK_FULL, "the disk of the state directory %.300s is nearly full: make room",
            errand_of(agent)->state_dir);
    end_with(agent, &err);
    return true;
}

/* Between two looks nothing may happen that would tell: while it waits, it asks. */
static bool is_over(struct agent *agent)
{
    auto_item struct item item = {0};

    if (agent->end.kind != ERR_OK || is_known_elsewhere(agent))
        return true;
    if (turn_is_stalled(agent->turn) || !load(agent, &item))
        return agent->end.kind != ERR_OK;
    tell_known(agent, item.firmware_id, NULL);
    if (is_short_of_disk(agent, &item))
        return true;
    return (flow_is_idle(&agent->flow) && is_at_its_end(agent, &item)) ||
           is_past_deadline(agent, &item);
}

void agent_errand_check(struct agent *agent)
{
    if (is_over(agent) || agent_is_stuck(agent))
        agent_stop(agent, true);
}

/* ---- the end ---- */

static bool is_worth_waiting(const struct agent *agent, const struct err *err, int64_t since_ms)
{
    return err->kind == ERR_BUSY && agent->signal == 0 &&
           clock_steady_ms() - since_ms < agent->options->lock_wait_ms;
}

/* A dead holder's row is settled by the next who comes: no failure here loses anything. */
static void end_book(struct agent *agent)
{
    int64_t since_ms = clock_steady_ms();
    struct err err = {.kind = ERR_OK};

    while (!book_end(agent->book, agent->flow.db, agent->errand_id, &err)) {
        if (has_holder_changed(agent))
            since_ms = clock_steady_ms();
        if (!is_worth_waiting(agent, &err, since_ms)) {
            log_warn("hand_not_saved", F_TEXT("reason", err.message));
            return;
        }
        uv_sleep(book_retry_ms());
    }
}

/* Known elsewhere, the item is that one's. */
static void fill_result(struct agent *agent)
{
    struct item *result = &errand_of(agent)->result;
    struct err err = {.kind = ERR_OK};
    bool found;

    if (agent->book && book_state(agent->book) == BOOK_KNOWN)
        item_copy(book_other(agent->book), result);
    else if (!item_by_id(agent->flow.db, agent->errand_id, result, &found, &err))
        log_warn("store_trouble", F_TEXT("reason", err.message));
    /* Nobody wants its SBOM from here: nothing is left to do. */
    if (result->state == ITEM_FETCHING && !agent->book)
        result->state = ITEM_DONE;
}

void agent_errand_end(struct agent *agent)
{
    if (agent->errand_id == 0)
        return;
    if (agent->book)
        end_book(agent);
    fill_result(agent);
}
