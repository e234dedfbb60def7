#include "store/turn.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum {
    STALL_RETRY_MS = 2000,
    BUSY_RETRY_MS = 25, /* unless the owner says so */
    ROUNDS_MAX = 16,    /* saved() may queue more; the rest waits for the next turn */
};

struct turn {
    uv_prepare_t prepare; /* runs after the callbacks of a turn, before the loop sleeps */
    uv_timer_t retry;
    uv_async_t again; /* keeps the loop from sleeping while something is queued */
    struct db *db;
    struct save *first;
    struct save **last;
    const struct turn_hooks *hooks;
    void *owner;
    bool stalled;
    bool told; /* stalled() was called */
    bool retry_due;
    uint64_t busy_retry_ms;
    unsigned losses;
    unsigned open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

bool turn_is_stalled(const struct turn *turn)
{
    return turn->stalled;
}

void turn_retry_in(struct turn *turn, uint64_t ms)
{
    turn->busy_retry_ms = ms;
}

unsigned turn_losses(const struct turn *turn)
{
    return turn->losses;
}

bool turn_is_clean(const struct turn *turn)
{
    return !turn->first && !db_in_transaction(turn->db);
}

static void on_retry(uv_timer_t *timer)
{
    struct turn *turn = timer->data;

    turn->retry_due = true;
}

static void on_again(uv_async_t *async)
{
    (void)async; /* waking the loop is all it does */
}

static void stall(struct turn *turn, const struct err *why)
{
    bool is_busy = turn->hooks->before_commit && why->kind == ERR_BUSY;
    bool first = !turn->told && !is_busy;
    uint64_t wait_ms = is_busy ? turn->busy_retry_ms : STALL_RETRY_MS;

    db_rollback(turn->db);
    turn->losses++;
    turn->stalled = true;
    turn->told = turn->told || first;
    turn->retry_due = false;
    uv_timer_start(&turn->retry, on_retry, wait_ms, 0);
    if (first)
        turn->hooks->stalled(turn->owner, why);
}

static bool write_all(struct turn *turn, struct err *err)
{
    turn->busy_retry_ms = BUSY_RETRY_MS;
    for (struct save *save = turn->first; save; save = save->next) {
        if (!save->write(save, turn->db, err))
            return false;
    }
    if (turn->hooks->before_commit && !turn->hooks->before_commit(turn->owner, err))
        return false;
    return db_commit(turn->db, err);
}

static struct save *take_all(struct turn *turn)
{
    struct save *first = turn->first;

    turn->first = NULL;
    turn->last = &turn->first;
    return first;
}

static void run_saved(struct save *save)
{
    while (save) {
        struct save *next = save->next;

        save->next = NULL;
        save->queued = false;
        if (save->saved)
            save->saved(save);
        save = next;
    }
}

/* One commit and its effects. False when nothing more can be done in this turn. */
static bool commit_round(struct turn *turn)
{
    struct err err = {.kind = ERR_OK};
    bool was_stalled = turn->stalled;
    bool was_told = turn->told;

    if (turn_is_clean(turn) && !was_stalled)
        return false;
    if (!write_all(turn, &err)) {
        stall(turn, &err);
        return false;
    }
    struct save *done = take_all(turn);
    turn->stalled = turn->told = false;
    if (was_told)
        turn->hooks->stalled(turn->owner, NULL);
    run_saved(done);
    return true;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct turn *turn = prepare->data;
    unsigned rounds = 0;

    if (turn->stalled && !turn->retry_due)
        return;
    turn->retry_due = false;
    while (rounds++ < ROUNDS_MAX && commit_round(turn))
        continue;
    if (!turn_is_clean(turn) && !turn->stalled)
        uv_async_send(&turn->again);
}

struct turn *turn_new(uv_loop_t *loop, struct db *db, const struct turn_hooks *hooks, void *owner)
{
    struct turn *turn = xcalloc(1, sizeof *turn);

    turn->db = db;
    turn->hooks = hooks;
    turn->owner = owner;
    turn->last = &turn->first;
    uv_prepare_init(loop, &turn->prepare);
    uv_timer_init(loop, &turn->retry);
    uv_async_init(loop, &turn->again, on_again);
    turn->prepare.data = turn->retry.data = turn->again.data = turn;
    turn->open_handles = 3;
    uv_prepare_start(&turn->prepare, on_prepare);
    uv_unref((uv_handle_t *)&turn->prepare);
    uv_unref((uv_handle_t *)&turn->again);
    return turn;
}

static void on_closed(uv_handle_t *handle)
{
    struct turn *turn = handle->data;

    if (--turn->open_handles > 0)
        return;
    void (*closed)(void *) = turn->closed;
    void *owner = turn->closed_owner;
    free(turn);
    closed(owner);
}

void turn_free(struct turn *turn, void (*closed)(void *owner), void *owner)
{
    struct err err = {.kind = ERR_OK};

    if (!write_all(turn, &err))
        turn->hooks->stalled(turn->owner, &err);
    turn->closed = closed;
    turn->closed_owner = owner;
    uv_close((uv_handle_t *)&turn->prepare, on_closed);
    uv_close((uv_handle_t *)&turn->retry, on_closed);
    uv_close((uv_handle_t *)&turn->again, on_closed);
}

void turn_save(struct turn *turn, struct save *save)
{
    assert(save->write);
    if (save->queued)
        return;
    save->queued = true;
    save->next = NULL;
    *turn->last = save;
    turn->last = &save->next;
}
