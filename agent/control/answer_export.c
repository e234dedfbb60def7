/*
 * answer_export.c - exports: how far each one is; export-run: begin one now.
 *
 * exports      -> a row per export: {"name","phase","listed","fetched","left","written",
 *              "restored","unchanged","not_ready","quarantined","failed","vanished","last_slot",
 *              "last_attempt","last_success","next","error","schedule","timezone","closed",
 *              "closed_exit"}
 * export-run   job | tenant; marks_all -> {"changed","text"}
 *
 * `closed` says why nothing is requested now, as "handed" does. Without a daemon next, schedule
 * and timezone are null: the ledger does not know what is configured.
 */
#include "control/answer_export.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "store/export_job.h"

/* One export, as the ledger and, where it is configured, the running agent know it. */
struct view {
    const struct live_export *live; /* NULL: only the ledger knows it */
    struct export_job job;
    int64_t left;
    bool is_configured; /* or nobody knows */
};

struct visit {
    const struct answer_context *context;
    void (*each)(void *owner, const struct view *view);
    void *owner;
    json_t *told; /* names, as keys */
    struct err err;
};

/* The live callback cannot stop a walk: the first failure is kept in the visit. */
static bool visit_one(struct visit *visit, const char *name, const struct live_export *live,
                      struct err *err)
{
    auto_free struct view *view = xcalloc(1, sizeof *view);

    view->live = live;
    view->is_configured = live || !visit->context->live;
    if (!export_job_get(visit->context->db, name, &view->job, err) ||
        !export_work_left(visit->context->db, name, &view->left, err))
        return false;
    answer_json_put(visit->told, name, json_true());
    visit->each(visit->owner, view);
    return true;
}

static void on_live(void *to, const struct live_export *live)
{
    struct visit *visit = to;

    if (visit->err.kind == ERR_OK)
        (void)visit_one(visit, live->name, live, &visit->err);
}

/* What was asked for once, or was configured before. */
static bool visit_others(struct visit *visit, struct err *err)
{
    char name[EXPORT_NAME_SIZE] = "";
    bool found;

    for (;;) {
        if (!export_job_next(visit->context->db, name, &found, err))
            return false;
        if (!found)
            return true;
        if (!json_object_get(visit->told, name) && !visit_one(visit, name, NULL, err))
            return false;
    }
}

static bool visit_all(const struct answer_context *context,
                      void (*each)(void *owner, const struct view *view), void *owner,
                      struct err *err)
{
    auto_json json_t *told = json_object();
    const struct live *live = context->live;
    struct visit visit = {.context = context, .each = each, .owner = owner, .told = told};

    if (!context->db)
        return true;
    if (live && live->each_export)
        live->each_export(live->owner, on_live, &visit);
    if (visit.err.kind != ERR_OK) {
        *err = visit.err;
        return false;
    }
    return visit_others(&visit, err);
}

/* ---- exports ---- */

static void put_int(json_t *row, const char *key, int64_t number)
{
    answer_json_put(row, key, json_integer(number));
}

static void put_counts(json_t *row, const struct view *view)
{
    const struct export_counts *counts = &view->job.counts;

    answer_json_put_text(row, "phase", export_phase_name(view->job.phase));
    put_int(row, "listed", counts->listed);
    put_int(row, "fetched", counts->fetched);
    put_int(row, "left", view->left);
    put_int(row, "written", counts->written);
    put_int(row, "restored", counts->restored);
    put_int(row, "unchanged", counts->unchanged);
    put_int(row, "not_ready", counts->not_ready);
    put_int(row, "quarantined", counts->quarantined);
    put_int(row, "failed", counts->failed);
    put_int(row, "vanished", counts->vanished);
}

static void put_plan(json_t *row, const struct view *view)
{
    const struct export_job *job = &view->job;

    answer_json_put_time(row, "last_slot", job->last_slot);
    answer_json_put_time(row, "last_attempt", job->last_attempt_at);
    answer_json_put_time(row, "last_success", job->last_success_at);
    answer_json_put_time(row, "next", view->live ? view->live->next_ms : 0);
    answer_json_put_text(row, "error", job->error[0] ? job->error : NULL);
    answer_json_put_text(row, "schedule", view->live ? view->live->schedule : NULL);
    answer_json_put_text(row, "timezone", view->live ? view->live->timezone : NULL);
}

static void put_closed(json_t *row, const struct live *live)
{
    struct err why = {.kind = ERR_OK};

    if (live && live->closed)
        why = live->closed(live->owner);
    answer_json_put_text(row, "closed", why.kind == ERR_OK ? NULL : why.message);
    put_int(row, "closed_exit", err_kind_exit(why.kind));
}

static json_t *row_new(const struct view *view, const struct live *live)
{
    json_t *row = json_object();

    answer_json_put_text(row, "name", view->job.name);
    put_counts(row, view);
    put_plan(row, view);
    put_closed(row, live);
    return row;
}

static void add_row(void *owner, const struct view *view)
{
    struct answer *answer = owner;

    json_array_append_new(answer->rows, row_new(view, answer->context.live));
}

/* They are few: as many as are configured, and what a person asked for. */
static bool exports_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    if (!answer->rows) {
        answer->rows = json_array();
        if (!visit_all(&answer->context, add_row, answer, err))
            return err_wrap(err, "exports");
    }
    if (answer->at < json_array_size(answer->rows))
        *row = json_incref(json_array_get(answer->rows, answer->at++));
    *over = answer->at == json_array_size(answer->rows);
    return true;
}

static void add_status(void *owner, const struct view *view)
{
    struct answer_export_list *exports = owner;
    const struct export_job *job = &view->job;
    json_t *row = json_object();

    answer_json_put_text(row, "name", job->name);
    answer_json_put_time(row, "last_success", job->last_success_at);
    answer_json_put_time(row, "last_attempt", job->last_attempt_at);
    answer_json_put_time(row, "next", view->live ? view->live->next_ms : 0);
    answer_json_put_text(row, "phase", export_phase_name(job->phase));
    answer_json_put_text(row, "error", job->error[0] ? job->error : NULL);
    put_int(row, "listed", job->counts.listed);
    put_int(row, "fetched", job->counts.fetched);
    put_int(row, "left", view->left);
    json_array_append_new(exports->list, row);
    /* Who asked for one by hand was told; it is nobody's business until it is asked for again. */
    exports->failed += view->is_configured && job->error[0] != '\0';
}

json_t *answer_export_row(const struct export_job *job)
{
    const struct view view = {.job = *job};

    return row_new(&view, NULL);
}

bool answer_exports_put(const struct answer_context *context, struct answer_export_list *exports,
                        struct err *err)
{
    return visit_all(context, add_status, exports, err);
}

/* ---- export-run ---- */

static bool run_start(struct answer *answer, struct err *err)
{
    return !arguments_text(answer->arguments, "job") ||
           !arguments_flag(answer->arguments, "tenant") ||
           err_set(err, ERR_USAGE, "either a job or the whole tenant");
}

static char *run_text(const struct live_export_order *order)
{
    auto_free char *shown = printable_new(order->job ? order->job : "");

    if (order->tenant)
        return xstrdup("every firmware that the token sees is exported now");
    return order->job ? xasprintf("export %s runs now", shown)
                      : xstrdup("every configured export runs now");
}

static bool run_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct live *live = answer->context.live;
    const struct live_export_order order = {
        .job = arguments_text(answer->arguments, "job"),
        .tenant = arguments_flag(answer->arguments, "tenant"),
        .marks_all = arguments_flag(answer->arguments, "marks_all"),
    };

    if (!live || !live->export_now)
        return err_set(err, ERR_NOT_YET,
                       "export-run: no daemon runs; `sbom export` works without one, too");
    if (!live->export_now(live->owner, &order, err))
        return err_wrap(err, "sbom export");
    auto_free char *text = run_text(&order);
    *row = json_object();
    put_int(*row, "changed", 1);
    answer_json_put_text(*row, "text", text);
    *over = true;
    return true;
}

static const struct argument no_arguments[] = {{NULL, ARGUMENT_TEXT}};
static const struct argument run_arguments[] = {
    {"job", ARGUMENT_TEXT},
    {"tenant", ARGUMENT_FLAG},
    {"marks_all", ARGUMENT_FLAG},
    {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_exports = {
    .command = "exports",
    .arguments = no_arguments,
    .work = exports_work,
};

const struct answer_kind answer_export_run = {
    .command = "export-run",
    .arguments = run_arguments,
    .start = run_start,
    .work = run_work,
};
