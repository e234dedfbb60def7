#include "flow/export_list.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/batch_job.h"
#include "flow/inventory_step.h"
#include "store/export_job.h"
#include "store/fact.h"
#include "store/quarantine.h"
#include "store/remote.h"

enum { DETAIL_HOLDS_MS = 7 * 24 * 60 * 60 * 1000, TENTH = 10 };

struct list_job {
    struct batch_job base; /* first */
    const struct export_plan *plan;
    struct inventory inventory;
    int64_t shown; /* in the whole list */
    struct export_listing listing;
    bool marks_all;
    bool is_clear; /* no work of an earlier list is left */
    struct export_page page;
    export_list_done_fn *done;
    void *owner;
};

static struct list_job *of(struct job *job)
{
    return (struct list_job *)job;
}

/* ---- what a platform's list tells ---- */

/* How much its schema has, as it was found out last; from time to time it is asked anew. */
static bool known_detail(struct db *db, enum inventory_detail *detail, struct err *err)
{
    int64_t at_ms = 0;
    int64_t known = 0;

    *detail = INVENTORY_GROUP;
    if (!fact_get_int(db, "inventory_detail_at", &at_ms, err) ||
        !fact_get_int(db, "inventory_detail", &known, err))
        return false;
    int64_t age_ms = clock_wall_ms() - at_ms;
    if (at_ms != 0 && age_ms >= 0 && age_ms < DETAIL_HOLDS_MS && known > INVENTORY_PLAIN &&
        known <= INVENTORY_NAMES)
        *detail = (enum inventory_detail)known;
    return true;
}

static bool note_detail(struct list_job *list, struct err *err)
{
    struct db *db = list->base.flow->db;
    int64_t known = 0;

    if (!fact_get_int(db, "inventory_detail", &known, err))
        return false;
    if (known == list->inventory.detail)
        return true;
    return fact_set_int(db, "inventory_detail", list->inventory.detail, err) &&
           fact_set_int(db, "inventory_detail_at", clock_wall_ms(), err);
}

/* ---- the list, row by row ---- */

static bool is_wanted(struct list_job *list, const struct inventory_firmware *firmware,
                      bool *wanted, struct err *err)
{
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);
    struct flow *flow = list->base.flow;

    /* It is analysed anew: the last successful analysis still has an SBOM. */
    *wanted = firmware->is_analysed;
    return *wanted ||
           sbom_latest(flow->db, firmware->id, flow->settings.formats[0].name, sbom, wanted, err);
}

static bool add_work(struct list_job *list, const struct inventory_firmware *firmware,
                     struct err *err)
{
    auto_firmware_row struct firmware_row known = {0};
    struct db *db = list->base.flow->db;
    bool found;
    bool wanted;

    if (!firmware_row_get(db, firmware->id, &known, &found, err))
        return false;
    if (!found || !export_filter_takes(&list->plan->filter, &known))
        return true;
    list->listing.listed++;
    if (!is_wanted(list, firmware, &wanted, err))
        return false;
    if (wanted)
        return export_work_add(db, list->plan->name, firmware->id, err);
    list->listing.not_ready++;
    return true;
}

static char *copy_new(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static bool take(void *owner, const struct inventory_firmware *firmware, struct err *err)
{
    struct list_job *list = owner;
    struct db *db = list->base.flow->db;
    auto_firmware_row struct firmware_row row = {
        .id = xstrdup(firmware->id),
        .name = xstrdup(firmware->name),
        .version = copy_new(firmware->version),
        .vendor = copy_new(firmware->vendor),
        .product = copy_new(firmware->product),
        .product_group = copy_new(firmware->product_group),
        .seen_at = list->inventory.began_at,
    };

    list->shown++;
    return remote_seen(db, firmware->id, firmware->name, firmware->version,
                       list->inventory.began_at, err) &&
           firmware_row_see(db, &row, err) && add_work(list, firmware, err);
}

static enum started clear_start(struct job *job, struct err *err)
{
    struct list_job *list = of(job);

    list->page = (struct export_page){0};
    return export_work_clear(list->base.flow->db, list->plan->name, &list->is_clear, err)
               ? STEP_READY
               : STEP_BROKEN;
}

static enum verdict clear_outcome(struct job *job, struct err *err)
{
    (void)err;
    return of(job)->is_clear ? NEXT_STEP : SAME_STEP;
}

static enum started download_start(struct job *job, struct err *err)
{
    struct list_job *list = of(job);

    list->shown = 0;
    list->listing = (struct export_listing){.losses = list->listing.losses};
    return inventory_download(&list->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

/* The platform's schema has less than was asked for: the next poorer question. */
static enum verdict ask_for_less(struct list_job *list, const char *why)
{
    (void)inventory_next_detail(&list->inventory.detail);
    log_info("inventory_detail", F_TEXT("reason", why),
             F_TEXT("next", "the list is asked for without it"));
    return FIRST_STEP;
}

static enum verdict download_outcome(struct job *job, struct err *err)
{
    struct list_job *list = of(job);

    (void)err;
    return list->inventory.lacks_field ? ask_for_less(list, "HTTP 400") : NEXT_STEP;
}

static enum started read_start(struct job *job, struct err *err)
{
    return inventory_read(&of(job)->inventory, err) ? STEP_WAITS : STEP_BROKEN;
}

/* ---- what is no longer there ---- */

bool export_list_is_doubtful(int64_t shown, int64_t kept, int64_t missing, char *why, size_t size)
{
    if (missing == 0 || (shown > 0 && (missing <= 1 || missing * TENTH <= kept)))
        return false;
    snprintf(why, size,
             "the platform's list no longer shows %jd of %jd firmwares whose SBOMs are kept; so "
             "many are not marked as vanished at once (if they are: onekey-agent sbom export "
             "--allow-vanished)",
             (intmax_t)missing, (intmax_t)kept);
    return true;
}

static bool look_for_missing(struct list_job *list, struct err *err)
{
    struct db *db = list->base.flow->db;
    struct export_listing *listing = &list->listing;
    int64_t kept = 0;
    int64_t missing = 0;

    if (!list->plan->marks)
        return true;
    if (!firmware_row_missing(db, list->inventory.began_at, &kept, &missing, err))
        return false;
    if (!list->marks_all && export_list_is_doubtful(list->shown, kept, missing, listing->refused,
                                                    sizeof listing->refused))
        return true;
    listing->vanished = missing;
    return firmware_row_mark_missing(db, list->inventory.began_at, clock_wall_ms(), err);
}

static bool is_configured(const struct flow *flow, const char *format)
{
    for (size_t i = 0; i < flow->settings.format_count; i++) {
        if (strcmp(flow->settings.formats[i].name, format) == 0)
            return true;
    }
    return false;
}

/* Nobody will ever fetch a better one: not of a firmware or a format that is no longer there. */
static bool is_stale(const struct list_job *list, const struct sbom_row *sbom, bool *stale,
                     struct err *err)
{
    auto_firmware_row struct firmware_row firmware = {0};
    bool found;

    *stale = !is_configured(list->base.flow, sbom->format);
    if (*stale)
        return true;
    if (!firmware_row_get(list->base.flow->db, sbom->firmware_id, &firmware, &found, err))
        return false;
    *stale = !found || firmware.seen_at < list->inventory.began_at;
    return true;
}

static bool clear_quarantine(struct list_job *list, struct err *err)
{
    auto_free struct quarantine_row *row = xcalloc(1, sizeof *row);
    struct flow *flow = list->base.flow;
    struct sbom_cursor cursor = {0};
    bool found;
    bool stale;
    bool has;

    for (;;) {
        if (!quarantine_next(flow->db, &cursor, row, &found, err))
            return false;
        if (!found)
            return true;
        if (!is_stale(list, &row->sbom, &stale, err))
            return false;
        if (!stale)
            continue;
        if (!quarantine_drop(flow->db, row->sbom.firmware_id, row->sbom.format, NULL, err) ||
            !quarantine_has(flow->db, row->sbom.firmware_id, &has, err))
            return false;
        if (!has)
            flow->hooks->alert_over(flow->owner, "sbom_quarantined", row->sbom.firmware_id);
    }
}

/* A filter that nothing can pass must not look like a tenant in which nothing passes it. */
static void look_at_filter(struct list_job *list)
{
    const struct export_filter *filter = &list->plan->filter;
    enum inventory_detail detail = list->inventory.detail;
    const char *untold = NULL;

    if (filter->product_group && detail != INVENTORY_GROUP)
        untold = "product_group";
    if (filter->vendor && detail != INVENTORY_GROUP && detail != INVENTORY_VENDOR)
        untold = "vendor";
    if (filter->product && detail == INVENTORY_NAMES)
        untold = "product";
    if (!untold)
        return;
    size_t used = strlen(list->listing.refused);
    snprintf(list->listing.refused + used, sizeof list->listing.refused - used,
             "%sthe platform does not tell the %s of its firmwares: filter.%s lets through only "
             "what was uploaded from here",
             used > 0 ? "; " : "", untold, untold);
}

static enum verdict read_outcome(struct job *job, struct err *err)
{
    struct list_job *list = of(job);
    enum inventory_detail next = list->inventory.detail;

    if (inventory_finish(&list->inventory, err)) {
        bool ok = note_detail(list, err) && look_for_missing(list, err) &&
                  (list->listing.refused[0] || list->shown == 0 || clear_quarantine(list, err));
        look_at_filter(list);
        return ok ? NEXT_STEP : STEP_FAILED;
    }
    if (!list->inventory.lacks_field || !inventory_next_detail(&next))
        return STEP_FAILED;
    return ask_for_less(list, err->message);
}

/* ---- scope ledger ---- */

static enum started gather_start(struct job *job, struct err *err)
{
    struct list_job *list = of(job);

    return export_work_add_ledger(list->base.flow->db, list->plan->name, &list->page, err)
               ? STEP_READY
               : STEP_BROKEN;
}

static enum verdict gather_outcome(struct job *job, struct err *err)
{
    struct list_job *list = of(job);
    if (!list->page.is_last)
        return SAME_STEP;
    return export_work_left(list->base.flow->db, list->plan->name, &list->listing.listed, err)
               ? NEXT_STEP
               : STEP_FAILED;
}

static const struct step tenant_steps[] = {
    {"forget the list before", 0, clear_start, clear_outcome},
    {"list the tenant's firmwares", 0, download_start, download_outcome},
    {"read the list of firmwares", 0, read_start, read_outcome},
    {NULL, 0, NULL, NULL},
};

static const struct step ledger_steps[] = {
    {"forget the list before", 0, clear_start, clear_outcome},
    {"list the ledger's firmwares", 0, gather_start, gather_outcome},
    {NULL, 0, NULL, NULL},
};

static void ending(struct batch_job *job, const struct err *err)
{
    struct list_job *list = (struct list_job *)job;

    inventory_release(&list->inventory);
    if (err->kind == ERR_OK) {
        list->done(list->owner, &list->listing, NULL);
        return;
    }
    batch_job_report(job, err);
    list->done(list->owner, NULL, err);
}

static bool takes_one(const char *pattern, const char *value)
{
    return !pattern || (value && fnmatch(pattern, value, 0) == 0);
}

bool export_filter_takes(const struct export_filter *filter, const struct firmware_row *firmware)
{
    return takes_one(filter->vendor, firmware->vendor) &&
           takes_one(filter->product, firmware->product) &&
           takes_one(filter->product_group, firmware->product_group) &&
           takes_one(filter->name, firmware->name) && takes_one(filter->version, firmware->version);
}

void export_list_start(struct flow *flow, const struct export_plan *plan, bool marks_all,
                       export_list_done_fn *done, void *owner)
{
    struct list_job *list = xcalloc(1, sizeof *list);
    struct err err = {.kind = ERR_OK};

    list->plan = plan;
    list->listing.losses = turn_losses(flow->turn);
    list->marks_all = marks_all;
    list->done = done;
    list->owner = owner;
    inventory_init(&list->inventory, &list->base);
    list->inventory.take = take;
    list->inventory.owner = list;
    if (!known_detail(flow->db, &list->inventory.detail, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
    batch_job_start(&list->base, flow, EXPORT_LIST_BATCH,
                    plan->is_tenant ? tenant_steps : ledger_steps, ending);
}
