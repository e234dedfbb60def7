#include "flow/intake_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/item_move.h"
#include "watch/settle.h"

enum { UNREADABLE_MS = 15000 };

enum intake_change intake_judge(enum item_state state)
{
    switch (state) {
    case ITEM_SETTLING: /* the look that is due sees it */
    case ITEM_REGISTERING:
    case ITEM_UPLOADING: /* its job compares the file itself */
        return INTAKE_LEAVE;
    case ITEM_FOUND:
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_GONE:
        return INTAKE_RESTART;
    case ITEM_ANALYSING:
    case ITEM_FETCHING:
    case ITEM_DONE:
    case ITEM_DUPLICATE:
    case ITEM_UNCONFIRMED:
    case ITEM_HELD:
    case ITEM_FAILED:
    case ITEM_IGNORED:
        return INTAKE_SUPERSEDE;
    }
    return INTAKE_LEAVE;
}

static struct beneath_facts facts_of(const struct item_facts *row)
{
    return (struct beneath_facts){
        .size = row->size,
        .mtime_ns = row->mtime_ns,
        .dev = (uint64_t)row->device,
        .ino = (uint64_t)row->inode,
    };
}

static void put_facts(struct item *item, const struct beneath_facts *facts)
{
    item->size = facts->size;
    item->mtime_ns = facts->mtime_ns;
    item->device = (int64_t)facts->dev;
    item->inode = (int64_t)facts->ino;
}

/*
 * The backlog goes by the files' times. What was found later is a build and goes by when that
 * was, whatever time stamp it carries (cp -p, downloads).
 */
static void put_lane(const struct source *source, const struct intake_sight *sight,
                     struct item *item)
{
    int64_t when_ms = sight->is_backlog ? sight->entry->facts.mtime_ns / 1000000 : clock_wall_ms();

    item->backlog = sight->is_backlog;
    item->rank = source->oldest_first ? -when_ms : when_ms;
}

/* Other content than the row is about, and not by the first walk: somebody builds here now. */
static void note_content(const struct source *source, const struct intake_sight *sight,
                         struct item *item)
{
    const struct beneath_facts known = {
        .size = item->size,
        .mtime_ns = item->mtime_ns,
        .dev = (uint64_t)item->device,
        .ino = (uint64_t)item->inode,
    };

    if (!sight->is_backlog && !beneath_facts_equal(&known, &sight->entry->facts, source->network))
        put_lane(source, sight, item);
}

/* ---- settling ---- */

static void look(const struct source *source, const struct intake_sight *sight, struct item *item)
{
    struct settle_rule rule = source->settle;
    const struct settle_seen seen = {.facts = sight->entry->facts, .has_marker = sight->has_marker};
    struct settle_memory memory = {
        .facts = {.size = item->size,
                  .mtime_ns = item->mtime_ns,
                  .dev = (uint64_t)item->device,
                  .ino = (uint64_t)item->inode},
        .since_ms = item->settle_since_ms,
        .looks = item->settle_looks,
        .changes = item->settle_changes,
    };
    int64_t steady_ms = clock_steady_ms();
    int64_t again_ms = steady_ms;

    rule.network = source->network;
    if (item->settle_looks == 0)
        memory = (struct settle_memory){.changes = item->settle_changes};
    enum settle_verdict verdict = settle_look(&rule, &memory, &seen, steady_ms, &again_ms);
    put_facts(item, &memory.facts);
    item->settle_since_ms = memory.since_ms;
    item->settle_looks = memory.looks;
    item->settle_changes = memory.changes;
    if (verdict == SETTLE_READY)
        item_move(item, ITEM_HASHING, clock_wall_ms());
    else
        item->due_at = clock_wall_ms() + (again_ms - steady_ms);
}

/* ---- rows ---- */

static bool insert(struct flow *flow, const struct source *source, const struct intake_sight *sight,
                   const char *path, struct err *err)
{
    int64_t now_ms = clock_wall_ms();
    auto_item struct item item = {
        .state = ITEM_SETTLING,
        .watch = xstrdup(source->name),
        .path = xstrdup(path),
        .current = 1,
        .due_at = now_ms,
        .found_at = now_ms,
    };

    put_facts(&item, &sight->entry->facts);
    put_lane(source, sight, &item);
    if (sight->is_old) {
        item.state = ITEM_IGNORED;
        text_replace(&item.error, "it was there before this folder was watched (existing: ignore)");
    } else if (sight->is_look) {
        look(source, sight, &item);
    }
    log_debug("item_found", F_TEXT("path", path), F_INT("bytes", item.size));
    return item_save(flow->db, &item, err);
}

static bool load(struct flow *flow, int64_t id, struct item *item, struct err *err)
{
    bool found;

    if (!item_by_id(flow->db, id, item, &found, err))
        return false;
    return found || err_set(err, ERR_INTERNAL, "item %jd is gone", (intmax_t)id);
}

static bool restart(struct flow *flow, const struct source *source,
                    const struct intake_sight *sight, int64_t id, struct err *err)
{
    auto_item struct item item = {0};

    if (!load(flow, id, &item, err))
        return false;
    note_content(source, sight, &item);
    put_facts(&item, &sight->entry->facts);
    item_clear_error(&item); /* "vanished", as it may say, no longer holds */
    item_restart(&item, clock_wall_ms());
    return item_save(flow->db, &item, err) && item_free_aliases(flow->db, id, clock_wall_ms(), err);
}

static bool look_at_row(struct flow *flow, const struct source *source,
                        const struct intake_sight *sight, int64_t id, struct err *err)
{
    auto_item struct item item = {0};

    if (!load(flow, id, &item, err))
        return false;
    note_content(source, sight, &item);
    look(source, sight, &item);
    return item_save(flow->db, &item, err);
}

static bool apply_change(struct flow *flow, const struct source *source,
                         const struct intake_sight *sight, const struct item_facts *row,
                         const char *path, struct err *err)
{
    switch (intake_judge(row->state)) {
    case INTAKE_LEAVE:
        return true;
    case INTAKE_RESTART:
        return restart(flow, source, sight, row->id, err);
    case INTAKE_SUPERSEDE:
        log_info("item_changed", F_TEXT("path", path), F_TEXT("was", item_state_name(row->state)));
        return item_supersede(flow->db, row->id, err) && insert(flow, source, sight, path, err);
    }
    return true;
}

static bool apply_file(struct flow *flow, const struct source *source,
                       const struct intake_sight *sight, const char *path, struct err *err)
{
    struct item_facts row;
    bool found;

    if (!item_facts_by_path(flow->db, source->name, path, &row, &found, err))
        return false;
    if (!found)
        return insert(flow, source, sight, path, err);
    if (flow_is_active(flow, row.id))
        return true;
    if (row.state == ITEM_SETTLING)
        return !sight->is_look || look_at_row(flow, source, sight, row.id, err);
    struct beneath_facts known = facts_of(&row);
    if (beneath_facts_equal(&known, &sight->entry->facts, source->network) &&
        row.state != ITEM_GONE)
        return true;
    return apply_change(flow, source, sight, &row, path, err);
}

/* Written once: a row that settles would be due for a look for ever. */
static bool refuse_row(struct flow *flow, const struct item_facts *row, enum item_state state,
                       const char *reason, struct err *err)
{
    auto_item struct item item = {0};
    struct err why;

    if (row->state != ITEM_SETTLING || flow_is_active(flow, row->id))
        return true;
    if (!load(flow, row->id, &item, err))
        return false;
    err_set(&why, ERR_INPUT, "%s", reason);
    item_note_error(&item, &why);
    item_move(&item, state, clock_wall_ms());
    return item_save(flow->db, &item, err);
}

struct refused {
    const char *path;
    enum item_state state;
    const char *reason;
};

/* What is not a file that could be sent is listed once, with the reason. */
static bool list_refused(struct flow *flow, const struct source *source,
                         const struct intake_sight *sight, const struct refused *refused,
                         struct err *err)
{
    struct item_facts row;
    int64_t now_ms = clock_wall_ms();
    bool found;

    if (!item_facts_by_path(flow->db, source->name, refused->path, &row, &found, err))
        return false;
    if (found)
        return refuse_row(flow, &row, refused->state, refused->reason, err);
    auto_item struct item item = {
        .state = refused->state,
        .watch = xstrdup(source->name),
        .path = xstrdup(refused->path),
        .current = 1,
        .found_at = now_ms,
        .error_kind = xstrdup(err_kind_name(ERR_INPUT)),
        .error = xstrdup(refused->reason),
        .first_error = xstrdup(refused->reason),
    };
    put_lane(source, sight, &item); /* for a retry */
    log_warn("item_refused", F_TEXT("path", item.path),
             F_TEXT("state", item_state_name(item.state)), F_TEXT("reason", item.error));
    return item_save(flow->db, &item, err);
}

bool intake_row_drop(struct flow *flow, const struct source *source, const char *path,
                     const char *reason, struct err *err)
{
    auto_item struct item item = {0};
    bool found;

    if (!item_by_path(flow->db, source->name, path, &item, &found, err))
        return false;
    if (!found || flow_is_active(flow, item.id) ||
        (item.state != ITEM_SETTLING && item.state != ITEM_HASHING && item.state != ITEM_PENDING))
        return true;
    text_replace(&item.error, reason);
    item_move(&item, ITEM_GONE, clock_wall_ms());
    return item_save(flow->db, &item, err) &&
           item_free_aliases(flow->db, item.id, clock_wall_ms(), err);
}

bool intake_row_skip(struct flow *flow, const struct source *source, const char *relpath,
                     struct err *err)
{
    const struct rule_judgement judgement = rule_judge(source->rules, relpath, RULE_FILE);
    auto_free char *reason = rule_judgement_text(&judgement);
    auto_free char *path = source_path(source, relpath);

    return intake_row_drop(flow, source, path, reason, err);
}

static bool apply_gone(struct flow *flow, const struct source *source, const char *path,
                       struct err *err)
{
    return intake_row_drop(flow, source, path, "the file vanished before it was sent", err);
}

/* Settling never gives up: what cannot be looked at now is looked at later. */
static bool look_later(struct flow *flow, int64_t id, const char *reason, struct err *err)
{
    auto_item struct item item = {0};
    struct err why;

    if (!load(flow, id, &item, err))
        return false;
    err_set(&why, ERR_INPUT, "%s", reason);
    item_note_error(&item, &why);
    item.settle_looks = 0;
    item.settle_changes++;
    item.due_at = clock_wall_ms() + UNREADABLE_MS;
    return item_save(flow->db, &item, err);
}

static bool apply_unreadable(struct flow *flow, const struct source *source,
                             const struct intake_sight *sight, const char *path, struct err *err)
{
    const char *meaning = strerrordesc_np(sight->entry->number);
    auto_free char *reason =
        xasprintf("it cannot be looked at: %s", meaning ? meaning : "unknown error");
    struct item_facts row;
    bool found;

    if (!item_facts_by_path(flow->db, source->name, path, &row, &found, err))
        return false;
    if (found && row.state == ITEM_SETTLING)
        return flow_is_active(flow, row.id) || look_later(flow, row.id, reason, err);
    const struct refused refused = {path, ITEM_FAILED, reason};
    return list_refused(flow, source, sight, &refused, err);
}

/* Why it is never a file to send; NULL: it is one, or nothing that could be listed. */
static const char *never_sent(const struct scan_entry *entry)
{
    const char *kind_text;

    switch (entry->kind) {
    case SCAN_SPECIAL:
        kind_text = beneath_kind_text(entry->mode);
        return kind_text ? kind_text : "is not a regular file";
    case SCAN_LINK_OUTSIDE:
        return "is a link that leads out of the watched folder";
    case SCAN_TOO_DEEP:
        return "is deeper than 64 folders and not entered";
    case SCAN_FILE:
    case SCAN_LINK:
    case SCAN_GONE:
    case SCAN_UNREADABLE:
    case SCAN_LINK_OTHER:
    case SCAN_LINK_BROKEN:
    case SCAN_DIRECTORY:
        return NULL;
    }
    return NULL;
}

bool intake_row_apply(struct flow *flow, const struct source *source,
                      const struct intake_sight *sight, struct err *err)
{
    const struct scan_entry *entry = sight->entry;
    auto_free char *path = source_path(source, entry->relpath);
    const struct refused refused = {path, ITEM_IGNORED, never_sent(entry)};

    switch (entry->kind) {
    case SCAN_FILE:
    case SCAN_LINK:
        return apply_file(flow, source, sight, path, err);
    case SCAN_SPECIAL:
    case SCAN_LINK_OUTSIDE:
    case SCAN_TOO_DEEP:
        return list_refused(flow, source, sight, &refused, err);
    case SCAN_UNREADABLE:
        return apply_unreadable(flow, source, sight, path, err);
    case SCAN_GONE:
    case SCAN_LINK_OTHER:
    case SCAN_LINK_BROKEN:
    case SCAN_DIRECTORY: /* nothing to list, but no longer the file that it was */
        return apply_gone(flow, source, path, err);
    }
    return true;
}
