/*
 * ignore_file.c - the tree keeps the texts; entries point into it, sorted by ID.
 */
#include "ci/ignore_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/yaml_tree.h"
#include "onekey/refusal.h"

enum {
    DEPTH_MAX = 8,
    LISTED_MAX = 5,
    SHOWN_SIZE = 81,
    WHAT_SIZE = 256,
    NOTICE_MAX = 8192,
    DAY_MS = 86400000
};

struct row {
    struct ignore_entry entry;
    struct tree_place place;
};

struct ignore_file {
    char *name; /* printable */
    struct tree_node *root;
    struct row *rows;
    size_t count;
};

/* In the order in which they are missed: a person begins with what is ignored. */
static const char *const keys[] = {"id", "reason", "expires"};

enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

/* Failing is one statement; the constant is visible to the analyzer, as in base/err.h. */
#define refuse(...) (record(__VA_ARGS__), err_false())

static void record(const struct ignore_file *file, struct tree_place place, struct err *err,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void record(const struct ignore_file *file, struct tree_place place, struct err *err,
                   const char *format, ...)
{
    char what[WHAT_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    err_set(err, ERR_CONFIG, "%s:%zu:%zu: %s", file->name, place.line, place.column, what);
}

/* advice: what to write instead. */
static bool refuse_key(const struct ignore_file *file, const struct tree_node *node,
                       const char *advice, struct err *err)
{
    char shown[SHOWN_SIZE];

    refusal_excerpt(node->key, shown, sizeof shown);
    return refuse(file, node->key_place, err, "unknown key %s; write %s", shown, advice);
}

/* ---- the day ---- */

static int digits(const char *text, size_t count)
{
    int number = 0;

    while (count-- > 0)
        number = number * 10 + (*text++ - '0');
    return number;
}

static bool has_form(const char *text, const char *form)
{
    for (; *form; form++, text++) {
        if (*form == '9' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    }
    return *text == '\0';
}

static bool read_day(const struct ignore_file *file, const struct tree_node *node, int64_t *end_ms,
                     struct err *err)
{
    if (!has_form(node->text, "9999-99-99")) {
        return refuse(file, node->place, err,
                      "expires is no date; write the last day on which "
                      "this is ignored, as in 2027-01-31");
    }
    struct tm day = {.tm_year = digits(node->text, 4) - 1900,
                     .tm_mon = digits(node->text + 5, 2) - 1,
                     .tm_mday = digits(node->text + 8, 2)};
    struct tm same = day;
    int64_t start_ms = (int64_t)timegm(&same) * 1000;
    // timegm turns the 31st of June into the 1st of July
    if (same.tm_mon != day.tm_mon || same.tm_mday != day.tm_mday)
        return refuse(file, node->place, err, "expires: %s is not in the calendar", node->text);
    *end_ms = start_ms + DAY_MS;
    return true;
}

/* ---- entries ---- */

static bool check_keys(const struct ignore_file *file, const struct tree_node *node,
                       struct err *err)
{
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->children[i].key;
        bool is_known = false;

        for (size_t k = 0; k < KEY_COUNT; k++)
            is_known = is_known || strcmp(keys[k], key) == 0;
        if (is_known)
            continue;
        const char *nearest = suggest_nearest(key, keys, KEY_COUNT);
        return refuse_key(file, &node->children[i], nearest ? nearest : "id, reason and expires",
                          err);
    }
    return true;
}

/* What is written between blanks only would be a reason that says nothing. */
static bool read_text(const struct ignore_file *file, const struct tree_node *node, const char *key,
                      const struct tree_node **found, struct err *err)
{
    const struct tree_node *child = tree_child(node, key);

    if (!child) {
        return refuse(file, node->place, err,
                      "an entry without %s; each needs id, reason and expires", key);
    }
    if (child->kind != TREE_SCALAR || tree_is_null(child) ||
        !child->text[strspn(child->text, " \t\r\n")])
        return refuse(file, child->place, err, "%s has no text", key);
    *found = child;
    return true;
}

static bool read_entry(struct ignore_file *file, const struct tree_node *node, struct err *err)
{
    const struct tree_node *found[KEY_COUNT] = {NULL};
    struct row row = {0};

    if (node->kind != TREE_MAPPING)
        return refuse(file, node->place, err, "an entry is a mapping of id, reason and expires");
    if (!check_keys(file, node, err))
        return false;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (!read_text(file, node, keys[i], &found[i], err))
            return false;
    }
    if (!read_day(file, found[2], &row.entry.end_ms, err))
        return false;
    row.entry.id = found[0]->text;
    row.entry.reason = found[1]->text;
    row.entry.expires = found[2]->text;
    row.place = found[0]->place;
    file->rows[file->count++] = row;
    return true;
}

/* By ID; of equal ones the first in the file first, so that the second one is told. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    int order = strcasecmp(a->entry.id, b->entry.id);

    if (order != 0)
        return order;
    return a->place.line < b->place.line ? -1 : a->place.line > b->place.line;
}

static bool check_twice(const struct ignore_file *file, struct err *err)
{
    for (size_t i = 1; i < file->count; i++) {
        const struct row *row = &file->rows[i];

        if (strcasecmp(row[-1].entry.id, row->entry.id) != 0)
            continue;
        char shown[SHOWN_SIZE];
        refusal_excerpt(row->entry.id, shown, sizeof shown);
        return refuse(file, row->place, err, "%s stands twice, first in line %zu; keep one", shown,
                      row[-1].place.line);
    }
    return true;
}

static bool read_entries(struct ignore_file *file, const struct tree_node *list, struct err *err)
{
    if (tree_is_null(list))
        return true;
    if (list->kind != TREE_SEQUENCE)
        return refuse(file, list->place, err, "ignore is a list of entries, each behind a dash");
    file->rows = xcalloc(list->count + 1, sizeof *file->rows);
    for (size_t i = 0; i < list->count; i++) {
        if (!read_entry(file, &list->children[i], err))
            return false;
    }
    qsort(file->rows, file->count, sizeof *file->rows, compare_rows);
    return check_twice(file, err);
}

static bool read_root(struct ignore_file *file, struct err *err)
{
    const struct tree_node *root = file->root;

    if (!root || tree_is_null(root)) // nothing is ignored yet
        return true;
    if (root->kind != TREE_MAPPING)
        return refuse(file, root->place, err, "want a mapping that begins with \"ignore:\"");
    for (size_t i = 0; i < root->count; i++) {
        if (strcmp(root->children[i].key, "ignore") != 0)
            return refuse_key(file, &root->children[i], "ignore", err);
    }
    const struct tree_node *list = tree_child(root, "ignore");
    return !list || read_entries(file, list, err);
}

/* ---- notices ---- */

/* The words of a notice about one entry, and about several. */
struct notice {
    bool of_expired;
    const char *one;
    const char *many;
};

static bool belongs(const struct notice *notice, const struct ignore_entry *entry, int64_t now_ms)
{
    bool holds = ignore_entry_holds(entry, now_ms);

    return notice->of_expired ? !holds : holds && !entry->is_used;
}

static void add_entry(struct buf *ids, const struct notice *notice,
                      const struct ignore_entry *entry)
{
    char shown[SHOWN_SIZE];

    buf_print(ids, "%s%s", ids->size ? ", " : "", refusal_excerpt(entry->id, shown, sizeof shown));
    if (notice->of_expired)
        buf_print(ids, " (%s)", entry->expires);
}

static char *tell(const struct ignore_file *file, int64_t now_ms, const struct notice *notice)
{
    auto_buf struct buf ids = {.max = NOTICE_MAX};
    size_t count = 0;

    for (size_t i = 0; i < file->count; i++) {
        const struct ignore_entry *entry = &file->rows[i].entry;

        if (belongs(notice, entry, now_ms) && count++ < LISTED_MAX)
            add_entry(&ids, notice, entry);
    }
    if (count == 0)
        return NULL;
    if (count > LISTED_MAX)
        buf_print(&ids, " and %zu more", count - LISTED_MAX);
    return xasprintf("%s: %zu %s: %s", file->name, count, count == 1 ? notice->one : notice->many,
                     ids.bytes);
}

struct ignore_file *ignore_file_parse(const char *name, const char *bytes, size_t size,
                                      struct err *err)
{
    const struct tree_source source = {.name = name,
                                       .bytes = bytes,
                                       .size = size,
                                       .max_bytes = IGNORE_FILE_MAX_BYTES,
                                       .max_depth = DEPTH_MAX};
    auto_ignore_file struct ignore_file *file = xcalloc(1, sizeof *file);

    file->name = printable_new(name);
    if (!tree_parse(&source, &file->root, err) || !read_root(file, err))
        return NULL;
    return auto_take(file);
}

void ignore_file_free(struct ignore_file *file)
{
    if (!file)
        return;
    tree_free(file->root);
    free(file->rows);
    free(file->name);
    free(file);
}

const struct ignore_entry *ignore_file_find(struct ignore_file *file, const char *id)
{
    size_t low = 0;
    size_t high = file ? file->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcasecmp(file->rows[middle].entry.id, id);

        if (order == 0) {
            file->rows[middle].entry.is_used = true;
            return &file->rows[middle].entry;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool ignore_entry_holds(const struct ignore_entry *entry, int64_t now_ms)
{
    return now_ms < entry->end_ms;
}

char *ignore_file_expired(const struct ignore_file *file, int64_t now_ms)
{
    static const struct notice notice = {true, "entry expired and ignores nothing any more",
                                         "entries expired and ignore nothing any more"};

    return tell(file, now_ms, &notice);
}

char *ignore_file_unused(const struct ignore_file *file, int64_t now_ms)
{
    static const struct notice notice = {false, "entry matches no new finding",
                                         "entries match no new finding"};

    return tell(file, now_ms, &notice);
}
