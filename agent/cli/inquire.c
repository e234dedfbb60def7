/*
 * inquire.c - the daemon first, since it holds the ledger while it runs; then the ledger.
 *
 * Between the two looks a daemon may start or end. The ledger is therefore only waited for
 * in slices, with a look for the daemon before each.
 */
#include "cli/inquire.h"

#include <errno.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "control/answer.h"
#include "store/ledger.h"

enum { SLICE_MS = 500 };

struct taking {
    const struct inquire *inquire;
    control_row_fn *on_row;
    void *owner;
};

static void auto_ledger_fn(struct ledger **ledger)
{
    ledger_close(*ledger);
}

#define auto_ledger __attribute__((cleanup(auto_ledger_fn)))

static bool take_rows(const struct taking *taking, struct answer *answer, struct err *err)
{
    for (;;) {
        auto_json json_t *row = NULL;

        if (!answer_next(answer, &row, err))
            return false;
        if (!row)
            return true;
        if (!taking->on_row(taking->owner, row, err))
            return false;
    }
}

/* db NULL: there is no ledger. */
static int answer_here(const struct taking *taking, struct db *db, struct err *err)
{
    const struct answer_context context = {.db = db, .version = AGENT_VERSION};

    *err = (struct err){.kind = ERR_OK}; /* of an earlier try */
    auto_answer struct answer *answer =
        answer_new(taking->inquire->command, taking->inquire->arguments, &context, err);

    if (!answer || !take_rows(taking, answer, err))
        return err_kind_exit(err->kind);
    return answer_exit(answer);
}

/* "There is none" must not be said of a directory that we may not look into. */
static bool find_ledger(const char *state_dir, bool *exists, struct err *err)
{
    *exists = ledger_exists(state_dir);
    if (!*exists && access(state_dir, X_OK) != 0 && errno == EACCES)
        return err_sys(err, EACCES, "look into the state directory %s", state_dir);
    return true;
}

/* False with ERR_BUSY: somebody holds the ledger. */
static bool answer_by_ledger(const struct taking *taking, int64_t wait_ms, int *exit_code,
                             struct err *err)
{
    const struct inquire *inquire = taking->inquire;
    bool exists;

    if (!find_ledger(inquire->state_dir, &exists, err)) {
        *exit_code = err_kind_exit(err->kind);
        return true;
    }
    if (!exists && !inquire->makes_ledger) {
        *exit_code = answer_here(taking, NULL, err);
        return true;
    }
    auto_ledger struct ledger *ledger = ledger_open(inquire->state_dir, wait_ms, err);
    if (!ledger && err->kind == ERR_BUSY)
        return false;
    *exit_code = ledger ? answer_here(taking, ledger_db(ledger), err) : err_kind_exit(err->kind);
    return true;
}

struct counted {
    const struct taking *taking;
    size_t rows;
};

static bool count_row(void *owner, json_t *row, struct err *err)
{
    struct counted *counted = owner;

    counted->rows++;
    return counted->taking->on_row(counted->taking->owner, row, err);
}

/* True when a daemon answered, or failed to. */
static bool answer_by_daemon(const struct taking *taking, int *exit_code, struct err *err)
{
    struct counted counted = {.taking = taking};
    const struct control_request request = {
        .command = taking->inquire->command,
        .arguments = taking->inquire->arguments,
        .state_dir = taking->inquire->state_dir,
    };
    struct control_end end = {0};

    switch (control_client_ask(&request, count_row, &counted, &end, err)) {
    case CONTROL_ANSWERED:
        *exit_code = end.exit;
        if (end.exit != 0)
            err_set(err, ERR_INTERNAL, "%s", end.error);
        return true;
    case CONTROL_FAILED:
        /* It ends, or takes over a new configuration: who only reads asks whoever comes next. */
        if (end.broke && counted.rows == 0 && !answer_changes(request.command))
            return false;
        *exit_code = err_kind_exit(err->kind);
        return true;
    case CONTROL_NO_DAEMON:
        break;
    }
    return false;
}

int inquire(const struct inquire *inquire, control_row_fn *on_row, void *owner, struct err *err)
{
    const struct taking taking = {inquire, on_row, owner};
    int64_t until = clock_steady_ms() + inquire->lock_wait_ms;

    for (;;) {
        int64_t left = until - clock_steady_ms();
        int exit_code = 0;

        if (answer_by_daemon(&taking, &exit_code, err) ||
            answer_by_ledger(&taking, left < SLICE_MS ? left : SLICE_MS, &exit_code, err))
            return exit_code;
        if (left <= 0)
            return err_kind_exit(ERR_BUSY);
    }
}
