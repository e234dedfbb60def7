#include "run/exports.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/export_flow.h"
#include "flow/place_flow.h"
#include "run/exports_parts.h"
#include "store/turn.h"

enum { PLACE_AGAIN_MS = 60000, ROOM_PATIENCE_MS = 60000, WAIT_MAX_MS = 25 * 3600 * 1000 };

/* ---- the rows ---- */

static struct exports *of_save(struct save *save)
{
    return (struct exports *)((char *)save - offsetof(struct exports, save));
}

static bool write_rows(struct save *save, struct db *db, struct err *err)
{
    const struct exports *exports = of_save(save);

    for (size_t i = 0; i < exports->count; i++) {
        struct exports_one *one = &exports->ones[i];

        if (one->is_dirty && !export_job_save(db, &one->row, err))
            return false;
        one->is_written = one->is_dirty;
    }
    return true;
}

/* What came with the list was written at once, and is lost where the commit failed at first. */
static void settle_list(struct exports *exports, struct exports_one *one)
{
    bool is_lost = one->is_unsure && turn_losses(exports->options.flow->turn) != one->losses;

    one->is_unsure = false;
    if (is_lost)
        exports_list_again(exports, one);
}

static void on_saved(struct save *save)
{
    struct exports *exports = of_save(save);

    exports->is_saving = false;
    for (size_t i = 0; i < exports->count; i++) {
        struct exports_one *one = &exports->ones[i];

        if (one->is_written)
            one->is_dirty = one->is_written = false;
        settle_list(exports, one);
        if (one->is_dirty) /* changed between the commit and now */
            exports_mark_dirty(exports, one);
    }
    exports->options.changed(exports->options.owner);
}

void exports_mark_dirty(struct exports *exports, struct exports_one *one)
{
    one->is_dirty = true;
    one->is_written = false;
    exports->is_saving = true;
    turn_save(exports->options.flow->turn, &exports->save);
}

/* ---- what there is ---- */

/* The same at every start of this machine; a container's may be another, but stays for its life. */
static void name_host(char host[EXPORTS_HOST_SIZE])
{
    auto_fd int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, host, EXPORTS_HOST_SIZE - 1);

    if (got > 0)
        host[got] = '\0';
    else if (gethostname(host, EXPORTS_HOST_SIZE - 1) != 0)
        host[0] = '\0';
    host[EXPORTS_HOST_SIZE - 1] = '\0';
}

static void plan_of(const struct config_export *config, struct export_plan *plan)
{
    *plan = (struct export_plan){
        .name = config->name,
        .is_tenant = config->scope == CONFIG_SCOPE_TENANT,
        .marks = config->on_vanished == CONFIG_VANISHED_MARK,
        .filter = {.vendor = config->filter.vendor,
                   .product = config->filter.product,
                   .product_group = config->filter.product_group,
                   .name = config->filter.name,
                   .version = config->filter.version},
    };
}

static bool load_one(struct exports *exports, struct exports_one *one, struct err *err)
{
    if (one->config) {
        plan_of(one->config, &one->plan);
        one->zone = zone_new(one->config->timezone, err);
        one->calendar = one->zone ? calendar_new(one->config->schedule, err) : NULL;
        if (!one->calendar)
            return err_wrap(err, "export %s", one->config->name);
    } else {
        one->plan = (struct export_plan){.name = EXPORTS_TENANT, .is_tenant = true};
    }
    return export_job_get(exports->options.flow->db, one->plan.name, &one->row, err);
}

/* A job that is no longer configured ends; its documents stay. */
static bool drop_strays(struct exports *exports, struct err *err)
{
    auto_json json_t *names = json_array();

    for (size_t i = 0; i < exports->count; i++)
        json_array_append_new(names, json_string(exports->ones[i].plan.name));
    auto_free char *text = json_dumps(names, JSON_COMPACT);
    return export_job_drop_strays(exports->options.flow->db, text ? text : "[]", clock_wall_ms(),
                                  err);
}

static bool load(struct exports *exports, struct err *err)
{
    const struct config *config = exports->options.config;

    exports->count = config->export_count + 1;
    exports->ones = xcalloc(exports->count, sizeof *exports->ones);
    for (size_t i = 0; i < exports->count; i++) {
        exports->ones[i].config = i < config->export_count ? &config->exports[i] : NULL;
        if (!load_one(exports, &exports->ones[i], err))
            return false;
        exports_settle_slot(exports, &exports->ones[i], clock_wall_ms());
    }
    /* No wait is that long: what is due later was dated by a clock that was set back since. */
    return export_work_hasten(exports->options.flow->db, clock_wall_ms() + WAIT_MAX_MS, err) &&
           (exports->options.order || drop_strays(exports, err));
}

static struct exports_one *find(struct exports *exports, const char *name)
{
    for (size_t i = 0; i < exports->count; i++) {
        if (strcmp(exports->ones[i].plan.name, name) == 0)
            return &exports->ones[i];
    }
    return NULL;
}

static bool is_under_way(const struct exports *exports, const struct exports_one *one)
{
    return one->row.phase != EXPORT_IDLE && (!exports->options.order || one->is_ordered);
}

/* Whose run goes on: the one that was worked on last, until it is over. */
static struct exports_one *choose(const struct exports *exports)
{
    if (exports->current && exports->current->row.phase != EXPORT_IDLE)
        return exports->current;
    for (size_t i = 0; i < exports->count; i++) {
        if (is_under_way(exports, &exports->ones[i]))
            return &exports->ones[i];
    }
    return NULL;
}

/* ---- planning ---- */

static bool has_unplaced(const struct exports *exports, bool *found, struct err *err)
{
    static const struct sbom_cursor first = {0};
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);

    return sbom_next_unplaced(exports->options.flow->db, &first, sbom, found, err);
}

/* True while a document may still get its place: the index is written after that. */
bool exports_are_placing(const struct exports *exports)
{
    struct err err = {.kind = ERR_OK};
    bool found = false;

    if (flow_has_batch(exports->options.flow, "place"))
        return true;
    if (!has_unplaced(exports, &found, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
    return found && exports->place_again_ms == 0;
}

static void begin_due(struct exports *exports)
{
    int64_t now_ms = clock_wall_ms();
    struct exports_one *first = NULL;
    int64_t first_slot = 0;

    for (size_t i = 0; i < exports->count; i++) {
        int64_t slot = exports_due_slot(exports, &exports->ones[i], now_ms);

        if (slot != 0 && (!first || slot < first_slot)) {
            first = &exports->ones[i];
            first_slot = slot;
        }
    }
    if (first)
        exports_begin(exports, first, first_slot);
}

void exports_place(struct exports *exports)
{
    struct err err = {.kind = ERR_OK};
    bool started = false;

    if (exports->place_again_ms > clock_wall_ms())
        return;
    exports->place_again_ms = 0;
    if (!place_flow_start(exports->options.flow, &exports->not_placed, &started, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
    if (started || exports->not_placed.revision == 0)
        return;
    /* Through all of them: what could not be placed gets another look after a while. */
    exports->not_placed = (struct sbom_cursor){0};
    exports->place_again_ms = clock_wall_ms() + PLACE_AGAIN_MS;
}

void exports_plan(struct exports *exports, int64_t slots)
{
    if (exports->is_saving) /* a phase begins when its row is on the disk */
        return;
    exports->current = choose(exports);
    if (exports->current)
        exports_work(exports, exports->current, slots);
    else
        begin_due(exports);
}

int64_t exports_next_ms(const struct exports *exports)
{
    int64_t now_ms = clock_wall_ms();
    const struct exports_one *one = choose(exports);
    int64_t next_ms = exports->place_again_ms > 0 ? exports->place_again_ms : INT64_MAX;

    if (one && one->retry_at_ms > 0 && one->retry_at_ms < next_ms)
        next_ms = one->retry_at_ms;
    for (size_t i = 0; i < exports->count && !one; i++) {
        int64_t due_at = exports_due_at(exports, &exports->ones[i], now_ms);

        if (due_at < next_ms)
            next_ms = due_at;
    }
    return next_ms;
}

void exports_note_disk(struct exports *exports, bool is_full)
{
    if (!is_full)
        exports->disk_full_since_ms = 0;
    else if (exports->disk_full_since_ms == 0)
        exports->disk_full_since_ms = clock_steady_ms();
}

bool exports_lack_room(const struct exports *exports)
{
    return exports->disk_full_since_ms != 0 &&
           clock_steady_ms() - exports->disk_full_since_ms > ROOM_PATIENCE_MS;
}

void exports_clock_set_back(struct exports *exports)
{
    struct err err = {.kind = ERR_OK};

    exports->place_again_ms = 0;
    for (size_t i = 0; i < exports->count; i++) {
        exports->ones[i].retry_at_ms = 0;
        exports_settle_slot(exports, &exports->ones[i], clock_wall_ms());
    }
    if (!export_work_hasten(exports->options.flow->db, clock_wall_ms(), &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
}

bool exports_are_idle(const struct exports *exports)
{
    if (exports->is_saving || choose(exports))
        return false;
    for (size_t i = 0; i < exports->count; i++) {
        if (exports_due_slot(exports, &exports->ones[i], clock_wall_ms()) != 0)
            return false;
    }
    return true;
}

/* ---- by hand ---- */

/* One that runs already goes on: it has not listed what it does not list now. */
static void order_one(struct exports *exports, struct exports_one *one, bool marks_all)
{
    one->is_ordered = true;
    one->row.run_marks_all = one->row.run_marks_all || marks_all;
    if (one->row.phase == EXPORT_IDLE)
        exports_begin(exports, one, 0);
    else
        exports_mark_dirty(exports, one);
}

bool exports_start_now(struct exports *exports, const struct live_export_order *order,
                       struct err *err)
{
    const char *name = order->tenant ? EXPORTS_TENANT : order->job;
    struct exports_one *one = name ? find(exports, name) : NULL;

    if (name && !one)
        return err_set(err, ERR_INPUT, "no export of the configuration is called %s", name);
    if (!name && exports->count == 1)
        return err_set(err, ERR_CONFIG,
                       "no export is configured: add one to the file, or use --all");
    if (one) {
        order_one(exports, one, order->marks_all);
        return true;
    }
    for (size_t i = 0; i + 1 < exports->count; i++)
        order_one(exports, &exports->ones[i], order->marks_all);
    return true;
}

void exports_each(const struct exports *exports,
                  void (*each)(void *to, const struct live_export *one), void *to)
{
    int64_t now_ms = clock_wall_ms();

    for (size_t i = 0; i + 1 < exports->count; i++) {
        const struct exports_one *one = &exports->ones[i];
        int64_t next_ms = exports_next_at(exports, one, now_ms);
        const struct live_export live = {
            .name = one->plan.name,
            .schedule = one->config->schedule,
            .timezone = one->config->timezone,
            .next_ms = next_ms == INT64_MAX ? 0 : next_ms,
        };

        each(to, &live);
    }
}

bool exports_current(const struct exports *exports, struct export_job *job, int64_t *left)
{
    const struct exports_one *one = choose(exports);
    struct err ignored;

    if (!one)
        return false;
    *job = one->row;
    *left = 0;
    if (one->row.phase == EXPORT_FETCH)
        (void)export_work_left(exports->options.flow->db, one->plan.name, left, &ignored);
    return true;
}

void exports_each_ran(const struct exports *exports,
                      void (*each)(void *to, const struct export_job *job), void *to)
{
    for (size_t i = 0; i < exports->count; i++) {
        if (exports->ones[i].has_run)
            each(to, &exports->ones[i].row);
    }
}

/* ---- life ---- */

struct exports *exports_new(const struct exports_options *options, struct err *err)
{
    struct exports *exports = xcalloc(1, sizeof *exports);

    exports->options = *options;
    exports->save.write = write_rows;
    exports->save.saved = on_saved;
    name_host(exports->host);
    if (load(exports, err) &&
        (!options->order || exports_start_now(exports, &options->order->what, err)))
        return exports;
    exports_free(exports);
    return NULL;
}

void exports_free(struct exports *exports)
{
    if (!exports)
        return;
    for (size_t i = 0; i < exports->count; i++) {
        calendar_free(exports->ones[i].calendar);
        zone_free(exports->ones[i].zone);
    }
    free(exports->ones);
    free(exports);
}
