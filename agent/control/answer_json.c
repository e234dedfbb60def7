/*
 * answer_json.c - the fields and their order are SPEC 10's; new ones come behind them.
 *
 * An item is told with all that hangs from it, so what hangs from it is bounded too: a
 * content of which ten thousand copies lie about must not make one endless row.
 */
#include "control/answer_json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/answer_arguments.h"
#include "flow/handed.h"
#include "store/item_scan.h"
#include "store/sbom.h"

enum {
    ALIASES_MAX = 10000,
    ALIASES_MAX_BYTES = 1 << 20, /* escaped they are up to six times that: a line has 8 MiB */
};

void answer_json_put(json_t *object, const char *key, json_t *take_value)
{
    int failed = json_object_set_new(object, key, take_value);

    assert(failed == 0);
    (void)failed;
}

json_t *answer_json_text(const char *text)
{
    if (!text)
        return json_null();
    if (arguments_is_utf8(text))
        return json_string(text);
    auto_free char *shown = printable_new(text);
    return json_string(shown);
}

void answer_json_put_text(json_t *object, const char *key, const char *text)
{
    answer_json_put(object, key, answer_json_text(text));
}

void answer_json_put_time(json_t *object, const char *key, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];

    answer_json_put_text(object, key, wall_ms ? clock_text(wall_ms, text) : NULL);
}

static void put_int(json_t *object, const char *key, int64_t value)
{
    answer_json_put(object, key, json_integer(value));
}

void answer_json_put_path(json_t *object, const char *path)
{
    answer_json_put_text(object, "path", path);
    if (!arguments_is_utf8(path)) {
        auto_free char *hex = arguments_hex_new(path);
        answer_json_put_text(object, "path_bytes", hex);
    }
}

/* ---- aliases ---- */

struct aliases {
    char **paths;
    size_t count;
    size_t bytes;
    bool more;
};

static void aliases_release(struct aliases *aliases)
{
    for (size_t i = 0; i < aliases->count; i++)
        free(aliases->paths[i]);
    free(aliases->paths);
}

static void on_alias(void *owner, const char *path)
{
    struct aliases *aliases = owner;
    size_t size = strlen(path);

    aliases->more |= aliases->count == ALIASES_MAX || aliases->bytes + size > ALIASES_MAX_BYTES;
    if (aliases->more)
        return;
    /* Doubled at each power of two. */
    if ((aliases->count & (aliases->count - 1)) == 0)
        aliases->paths = xrealloc(aliases->paths, (2 * aliases->count + 1) * sizeof(char *));
    aliases->paths[aliases->count++] = xstrdup(path);
    aliases->bytes += size;
}

static int compare_texts(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static bool put_aliases(struct db *db, json_t *row, int64_t id, struct err *err)
{
    __attribute__((cleanup(aliases_release))) struct aliases aliases = {0};
    json_t *list = json_array();

    answer_json_put(row, "aliases", list);
    if (!item_scan_aliases(db, id, ALIASES_MAX + 1, on_alias, &aliases, err))
        return false;
    if (aliases.count > 0)
        qsort(aliases.paths, aliases.count, sizeof aliases.paths[0], compare_texts);
    for (size_t i = 0; i < aliases.count; i++) {
        /* Two watches may cover one file. */
        if (i == 0 || strcmp(aliases.paths[i], aliases.paths[i - 1]) != 0)
            json_array_append_new(list, answer_json_text(aliases.paths[i]));
    }
    if (aliases.more)
        answer_json_put(row, "aliases_more", json_true());
    return true;
}

/* ---- SBOMs ---- */

static void on_sbom(void *owner, const struct sbom_row *sbom)
{
    json_t *list = owner;
    json_t *row = json_object();

    answer_json_put_text(row, "format", sbom->format);
    answer_json_put_text(row, "kind", sbom->kind);
    answer_json_put_text(row, "spec_version", sbom->spec_version[0] ? sbom->spec_version : NULL);
    answer_json_put(row, "components",
                    sbom->components >= 0 ? json_integer(sbom->components) : json_null());
    answer_json_put_text(row, "sha256", sbom->sha256);
    put_int(row, "size", sbom->size);
    answer_json_put_text(row, "file", sbom->file);
    answer_json_put_time(row, "fetched_at", sbom->fetched_at);
    json_array_append_new(list, row);
}

static bool put_sboms(struct db *db, json_t *row, const struct item *item, struct err *err)
{
    json_t *list = json_array();

    answer_json_put(row, "sboms", list);
    return !item->firmware_id || sbom_each(db, item->firmware_id, on_sbom, list, err);
}

/* ---- the row ---- */

static void put_facts(json_t *row, const struct item *item)
{
    answer_json_put_path(row, item->path);
    answer_json_put_text(row, "watch", handed_is(item) ? NULL : item->watch);
    answer_json_put_text(row, "sha256", item->sha256);
    put_int(row, "size", item->size);
    answer_json_put_text(row, "state", item_state_name(item->state));
    answer_json_put_text(row, "firmware_id", item->firmware_id);
    answer_json_put_text(row, "name", item->name);
    answer_json_put_text(row, "vendor", item->vendor);
    answer_json_put_text(row, "product", item->product);
    answer_json_put_text(row, "version", item->version);
    answer_json_put_text(row, "product_group", item->product_group);
    put_int(row, "attempts", item->attempts);
    answer_json_put_text(row, "error", item->error);
    answer_json_put_time(row, "found_at", item->found_at);
    answer_json_put_time(row, "uploaded_at", item->uploaded_at);
    answer_json_put_time(row, "analysed_at", item->analysed_at);
    answer_json_put_time(row, "done_at", item->done_at);
}

static bool put_original(struct db *db, json_t *row, const struct item *item, struct err *err)
{
    auto_item struct item original = {0};
    bool found = false;

    if (item->duplicate_of && !item_by_id(db, item->duplicate_of, &original, &found, err))
        return false;
    answer_json_put_text(row, "duplicate_of", found ? original.path : NULL);
    return true;
}

/* It says something only while the item is on its way or waits. */
static int64_t retry_at(const struct item *item)
{
    const unsigned resting = 1U << ITEM_DONE | 1U << ITEM_DUPLICATE | 1U << ITEM_HELD |
                             1U << ITEM_FAILED | 1U << ITEM_IGNORED | 1U << ITEM_GONE;

    return item->forgotten || (resting & 1U << item->state) ? 0 : item->due_at;
}

static void put_details(json_t *row, const struct item *item)
{
    answer_json_put(row, "current", json_boolean(item->current));
    answer_json_put(row, "forgotten", json_boolean(item->forgotten));
    answer_json_put_text(row, "product_category", item->product_category);
    answer_json_put_text(row, "analysis_configuration", item->analysis_configuration);
    answer_json_put_text(row, "release_date", item->release_date);
    answer_json_put_text(row, "notes", item->notes);
    answer_json_put(row, "monitoring", json_boolean(item->monitoring));
    answer_json_put_text(row, "attached_sbom", item->sbom_path);
    answer_json_put_text(row, "attached_sbom_sha256", item->sbom_sha256);
    answer_json_put_text(row, "upload_id", item->upload_id);
    answer_json_put_time(row, "registered_at", item->registered_at);
    answer_json_put_text(row, "analysis_state", item->analysis_state);
    answer_json_put_text(row, "analysis_result", item->analysis_result);
    answer_json_put_text(row, "error_kind", item->error_kind);
    answer_json_put_text(row, "first_error", item->first_error);
    answer_json_put_text(row, "held_right", item->state == ITEM_HELD ? item->error : NULL);
    put_int(row, "misses", item->misses);
    answer_json_put_time(row, "retry_at", retry_at(item));
}

json_t *answer_json_item(struct db *db, const struct item *item, bool details, struct err *err)
{
    auto_json json_t *row = json_object();

    put_facts(row, item);
    if (!put_aliases(db, row, item->id, err) || !put_sboms(db, row, item, err))
        return NULL;
    if (details) {
        put_details(row, item);
        if (!put_original(db, row, item, err))
            return NULL;
    }
    return auto_take(row);
}
