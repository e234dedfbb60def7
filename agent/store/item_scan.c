#include "store/item_scan.h"

#include <assert.h>

#include "base/auto.h"
#include "base/mem.h"

/* Every query here selects ids and has a LIMIT of max. */
static bool read_ids(struct row *row, int64_t *ids, size_t max, size_t *count, struct err *err)
{
    bool found;

    *count = 0;
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        assert(*count < max);
        ids[(*count)++] = row_int(row, 0);
    }
    return false;
}

static bool start(struct db *db, struct item_scan *scan, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_LAST_ID);
    bool found;

    if (!row_next(row, &found, err))
        return false;
    scan->next_id = found ? row_int(row, 0) : 0;
    scan->started = true;
    row_done(row);
    return true;
}

static struct row *query_stretch(struct db *db, const struct item_scan *scan, int64_t lowest,
                                 size_t max)
{
    struct row *row = db_query(db, QUERY_ITEM_SCAN);

    row_bind_int(row, lowest);
    row_bind_int(row, scan->next_id);
    row_bind_text(row, scan->state);
    row_bind_text(row, scan->watch);
    row_bind_text(row, scan->product);
    row_bind_text(row, scan->path);
    row_bind_int(row, scan->since_ms);
    row_bind_int(row, scan->duplicates);
    row_bind_int(row, scan->forgotten);
    row_bind_int(row, (int64_t)max);
    return row;
}

bool item_scan_next(struct db *db, struct item_scan *scan, int64_t *ids, size_t max, size_t *count,
                    struct err *err)
{
    assert(max > 0);
    if (!scan->started && !start(db, scan, err))
        return false;
    int64_t lowest = scan->next_id >= ITEM_SCAN_ROWS ? scan->next_id - ITEM_SCAN_ROWS + 1 : 1;
    if (!read_ids(query_stretch(db, scan, lowest, max), ids, max, count, err))
        return false;
    /* A full page may have left some of this stretch for the next call. */
    scan->next_id = *count == max ? ids[max - 1] - 1 : lowest - 1;
    scan->over = scan->next_id < 1;
    return true;
}

bool item_scan_path(struct db *db, const char *path, int64_t *ids, size_t max, size_t *count,
                    struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_IDS_OF_PATH);

    row_bind_text(row, path);
    row_bind_int(row, (int64_t)max);
    return read_ids(row, ids, max, count, err);
}

bool item_scan_digest(struct db *db, const char *digits, int64_t *ids, size_t max, size_t *count,
                      struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_IDS_OF_DIGEST);
    auto_free char *behind = xasprintf("%s~", digits); /* sorts behind every hex digit */

    row_bind_text(row, digits);
    row_bind_text(row, behind);
    row_bind_int(row, (int64_t)max);
    return read_ids(row, ids, max, count, err);
}

bool item_scan_aliases(struct db *db, int64_t id, size_t max,
                       void (*each)(void *owner, const char *path), void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SOME_ALIASES);
    bool found;

    row_bind_int(row, id);
    row_bind_int(row, (int64_t)max);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        each(owner, row_text(row, 0));
    }
    return false;
}
