/* known_items.h - a private ledger in memory, and rows for it. */
#ifndef TESTS_RUN_KNOWN_ITEMS_H
#define TESTS_RUN_KNOWN_ITEMS_H

#include "base/mem.h"
#include "store/db.h"
#include "store/item.h"

enum { KNOWN_NOW = 1780000000 }; /* seconds; 2026-05-28T20:26:40Z */
#define KNOWN_NOW_MS ((int64_t)KNOWN_NOW * 1000)

static inline struct db *known_ledger(void)
{
    struct err err;
    struct db *db = db_open(":memory:", migrations, migration_count, &err);

    if (!db)
        fail_msg("%s", err.message);
    return db;
}

static inline int64_t known_now(void)
{
    return KNOWN_NOW_MS;
}

/* A current row that was found an hour ago. Texts are copied by the caller's text_replace(). */
static inline struct item known_item(enum item_state state, const char *path)
{
    struct item item = {.state = state, .current = 1, .size = 4096, .inode = 7, .rank = 1};

    item.found_at = KNOWN_NOW_MS - 3600000;
    text_replace(&item.watch, "release");
    text_replace(&item.path, path);
    return item;
}

static inline int64_t known_save(struct db *db, struct item *item)
{
    struct err err;

    if (!item_save(db, item, &err))
        fail_msg("%s", err.message);
    int64_t id = item->id;
    item_release(item);
    return id;
}

static inline int64_t known_add(struct db *db, enum item_state state, const char *path)
{
    struct item item = known_item(state, path);

    return known_save(db, &item);
}

static inline struct item known_load(struct db *db, int64_t id)
{
    struct item item = {0};
    struct err err;
    bool found = false;

    if (!item_by_id(db, id, &item, &found, &err) || !found)
        fail_msg("item %jd is not there", (intmax_t)id);
    return item;
}

#endif
