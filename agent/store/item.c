#include "store/item.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

static const char *const state_names[] = {
#define X(state, name) [ITEM_##state] = (name),
    ITEM_STATES(X)
#undef X
};

const char *item_state_name(enum item_state state)
{
    assert(state < ITEM_STATE_COUNT);
    return state_names[state];
}

bool item_state_of_name(const char *name, enum item_state *state)
{
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++) {
        if (strcmp(state_names[i], name) == 0) {
            *state = (enum item_state)i;
            return true;
        }
    }
    return false;
}

void item_release(struct item *item)
{
#define TEXT(name)   free(item->name);
#define NUMBER(name) /* nothing to free */
    ITEM_FIELDS(TEXT, NUMBER, NUMBER, NUMBER)
#undef TEXT
#undef NUMBER
    *item = (struct item){0};
}

// One statement a column, from the list: long, but flat.
// NOLINTNEXTLINE(readability-function-size)
static void bind_fields(struct row *row, const struct item *item)
{
    row_bind_text(row, item_state_name(item->state));
#define TEXT(name) row_bind_text(row, item->name);
#define INT(name)  row_bind_int(row, item->name);
#define TIME(name) row_bind_time(row, item->name);
    ITEM_FIELDS(TEXT, INT, TIME, TIME)
#undef TEXT
#undef INT
#undef TIME
}

/* The order of the SELECTs: id, state, then the fields. */
// NOLINTNEXTLINE(readability-function-size)
static void read_item(struct row *row, struct item *item)
{
    int column = 2;
    bool known = item_state_of_name(row_text(row, 1), &item->state);

    assert(known); /* the table's CHECK holds it */
    (void)known;
    item->id = row_int(row, 0);
#define TEXT(name) item->name = row_text_new(row, column++);
#define INT(name)  item->name = row_int(row, column++);
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
}

// NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity)
void item_copy(const struct item *from, struct item *to)
{
    to->id = from->id;
    to->state = from->state;
#define TEXT(name) to->name = from->name ? xstrdup(from->name) : NULL;
#define INT(name)  to->name = from->name;
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
}

static bool is_same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

// NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity)
bool item_equal(const struct item *one, const struct item *other)
{
    bool is_equal = one->id == other->id && one->state == other->state;

#define TEXT(name) is_equal = is_equal && is_same_text(one->name, other->name);
#define INT(name)  is_equal = is_equal && one->name == other->name;
    ITEM_FIELDS(TEXT, INT, INT, INT)
#undef TEXT
#undef INT
    return is_equal;
}

bool item_save(struct db *db, struct item *item, struct err *err)
{
    struct row *row = db_query(db, item->id ? QUERY_ITEM_UPDATE : QUERY_ITEM_INSERT);

    bind_fields(row, item);
    if (item->id)
        row_bind_int(row, item->id);
    if (!row_exec_one(row, err))
        return false;
    if (!item->id)
        item->id = db_last_id(db);
    return true;
}

bool item_read_one(struct row *row, struct item *item, bool *found, struct err *err)
{
    assert(!item->path); /* it must be released: its texts would leak */
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        read_item(row, item);
        row_done(row);
    }
    return true;
}

bool item_by_id(struct db *db, int64_t id, struct item *item, bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_BY_ID);

    row_bind_int(row, id);
    return item_read_one(row, item, found, err);
}

bool item_by_path(struct db *db, const char *watch, const char *path, struct item *item,
                  bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_BY_PATH);

    row_bind_text(row, path);
    row_bind_text(row, watch);
    return item_read_one(row, item, found, err);
}

bool item_by_firmware(struct db *db, const char *firmware_id, struct item *item, bool *found,
                      struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_BY_FIRMWARE);

    row_bind_text(row, firmware_id);
    return item_read_one(row, item, found, err);
}

bool item_by_content(struct db *db, const struct item *like, bool same_version, struct item *item,
                     bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_BY_CONTENT);

    assert(like->sha256);
    row_bind_text(row, like->sha256);
    row_bind_int(row, like->size);
    row_bind_int(row, like->id);
    row_bind_int(row, same_version);
    row_bind_text(row, like->product);
    row_bind_text(row, like->version);
    return item_read_one(row, item, found, err);
}

bool item_open_upload(struct db *db, const struct item *like, struct item *item, bool *found,
                      struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_OPEN_UPLOAD);

    row_bind_text(row, like->sha256);
    row_bind_int(row, like->size);
    row_bind_int(row, like->id);
    row_bind_text(row, like->path);
    return item_read_one(row, item, found, err);
}

bool item_known_digest(struct db *db, const struct item *like, char **sha256, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_KNOWN_DIGEST);
    bool found;

    *sha256 = NULL;
    row_bind_int(row, like->inode);
    row_bind_int(row, like->size);
    row_bind_int(row, like->mtime_ns);
    row_bind_int(row, like->device);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *sha256 = row_text_new(row, 0);
        row_done(row);
    }
    return true;
}

bool item_facts_by_path(struct db *db, const char *watch, const char *path,
                        struct item_facts *facts, bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_FACTS_BY_PATH);

    row_bind_text(row, path);
    row_bind_text(row, watch);
    if (!row_next(row, found, err))
        return false;
    if (!*found)
        return true;
    facts->id = row_int(row, 0);
    bool known = item_state_of_name(row_text(row, 1), &facts->state);
    assert(known);
    (void)known;
    facts->size = row_int(row, 2);
    facts->mtime_ns = row_int(row, 3);
    facts->device = row_int(row, 4);
    facts->inode = row_int(row, 5);
    row_done(row);
    return true;
}

bool item_drop_strays(struct db *db, const char *watches_json, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_DROP_STRAYS);

    row_bind_text(row, watches_json);
    return row_exec(row, err) && row_exec(db_query(db, QUERY_ITEM_FREE_ORPHANS), err);
}

bool item_supersede(struct db *db, int64_t id, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_SUPERSEDE);

    row_bind_int(row, id);
    return row_exec_one(row, err);
}

bool item_page(struct db *db, const struct item_filter *filter, struct item *items, size_t max,
               size_t *count, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_PAGE);
    bool found;

    *count = 0;
    row_bind_int(row, filter->after_id);
    row_bind_text(row, filter->state);
    row_bind_text(row, filter->watch);
    row_bind_text(row, filter->product);
    row_bind_int(row, filter->since_ms);
    row_bind_int(row, filter->duplicates);
    row_bind_int(row, (int64_t)max);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        assert(*count < max);
        items[*count] = (struct item){0};
        read_item(row, &items[(*count)++]);
    }
    return false;
}

bool item_aliases(struct db *db, int64_t id, void (*each)(void *owner, const char *path),
                  void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_ALIASES);
    bool found;

    row_bind_int(row, id);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        each(owner, row_text(row, 0));
    }
    return false;
}

bool item_free_aliases(struct db *db, int64_t id, int64_t now_ms, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_FREE_ALIASES);

    row_bind_int(row, id);
    row_bind_int(row, now_ms);
    return row_exec(row, err);
}

bool item_free_stale_aliases(struct db *db, int64_t id, const char *sha256, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_FREE_STALE_ALIASES);

    row_bind_int(row, id);
    row_bind_text(row, sha256);
    return row_exec(row, err);
}

bool item_recover(struct db *db, int64_t now_ms, int64_t *uncertain, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_RECOVER_UPLOADS);

    row_bind_int(row, now_ms);
    if (!row_exec(row, err))
        return false;
    *uncertain = row_changed(db);
    row = db_query(db, QUERY_ITEM_RECOVER_REGISTRATIONS);
    row_bind_int(row, now_ms);
    if (!row_exec(row, err))
        return false;
    row = db_query(db, QUERY_ITEM_RECOVER_DUE);
    row_bind_int(row, now_ms);
    return row_exec(row, err);
}

bool item_release_held(struct db *db, int64_t now_ms, int64_t *released, struct err *err)
{
    struct row *row = db_query(db, QUERY_ITEM_RELEASE_HELD);

    row_bind_int(row, now_ms);
    if (!row_exec(row, err))
        return false;
    *released = row_changed(db);
    return true;
}
