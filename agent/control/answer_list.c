/*
 * answer_list.c - list-firmwares and show: ids found page by page, told row by row.
 *
 * Only ids are kept between two calls. Each row is read when it is told, so that it is
 * as true as it can be and a page takes no memory by the length of names.
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "store/item.h"

enum { DIGEST_DIGITS = 64, DIGEST_LEAST_DIGITS = 8 };

static bool check_state(const char *name, struct err *err)
{
    struct suggest suggest = {.word = name};
    enum item_state state;

    if (!name || item_state_of_name(name, &state))
        return true;
    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        suggest_offer(&suggest, item_state_name((enum item_state)i));
    auto_free char *text = printable_new(name);
    return err_set(err, ERR_USAGE, "no state is called %s%s%s", text,
                   suggest.best ? "; did you mean " : "", suggest.best ? suggest.best : "");
}

static bool list_start(struct answer *answer, struct err *err)
{
    struct item_scan *scan = &answer->scan;
    int64_t limit = arguments_count(answer->arguments, "limit");

    scan->state = arguments_text(answer->arguments, "state");
    scan->watch = arguments_text(answer->arguments, "watch");
    scan->product = arguments_text(answer->arguments, "product");
    /* Duplicates are told as aliases, unless somebody asks for them by name. */
    scan->duplicates = scan->state && strcmp(scan->state, item_state_name(ITEM_DUPLICATE)) == 0;
    answer->left = limit > 0 ? limit : INT64_MAX;
    return check_state(scan->state, err) &&
           arguments_time(answer->arguments, "since", &scan->since_ms, err);
}

/* Tells the next of the ids that were found; a row that is gone meanwhile is left out. */
static bool tell_next(struct answer *answer, json_t **row, struct err *err)
{
    struct db *db = answer->context.db;
    auto_item struct item item = {0};
    bool found;

    assert(answer->at < answer->count);
    if (!item_by_id(db, answer->ids[answer->at++], &item, &found, err))
        return false;
    if (!found)
        return true;
    *row = answer_json_item(db, &item, answer->details, err);
    answer->left--;
    answer->told++;
    return *row != NULL;
}

static bool find_more(struct answer *answer, struct err *err)
{
    answer->at = 0;
    return item_scan_next(answer->context.db, &answer->scan, answer->ids, ANSWER_PAGE,
                          &answer->count, err);
}

static bool list_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    if (!answer->context.db) {
        *over = true;
        return true;
    }
    bool empty = answer->at == answer->count;
    bool ok = empty ? find_more(answer, err) : tell_next(answer, row, err);
    *over = answer->left == 0 || (answer->scan.over && answer->at == answer->count);
    return ok || err_wrap(err, "%s", answer->kind->command);
}

/* ---- show ---- */

static bool show_start(struct answer *answer, struct err *err)
{
    auto_free char *what = arguments_path_new(answer->arguments, "what");

    if (!what || what[0] == '\0')
        return err_set(err, ERR_USAGE, "a path, a firmware ID or a SHA-256 is missing");
    answer->path = arguments_path_new(answer->arguments, "path");
    if (!answer->path)
        answer->path = auto_take(what);
    answer->details = true;
    answer->left = INT64_MAX;
    answer->scan.path = answer->path;
    answer->scan.duplicates = answer->scan.forgotten = true;
    return true;
}

static bool find_firmware(struct answer *answer, const char *what, struct err *err)
{
    auto_item struct item item = {0};
    bool found;

    if (!item_by_firmware(answer->context.db, what, &item, &found, err))
        return false;
    if (found)
        answer->ids[answer->count++] = item.id;
    return true;
}

/* The digits in lower case; NULL when it is no digest or the beginning of one. */
static char *digits_new(const char *what)
{
    size_t size = strlen(what);

    if (size < DIGEST_LEAST_DIGITS || size > DIGEST_DIGITS)
        return NULL;
    for (size_t i = 0; i < size; i++) {
        if (!isxdigit((unsigned char)what[i]))
            return NULL;
    }
    char *digits = xstrdup(what);
    for (size_t i = 0; i < size; i++)
        digits[i] = (char)tolower((unsigned char)digits[i]);
    return digits;
}

/* What indexes find: by firmware ID, by digest. A path's old rows need a scan. */
static bool show_find(struct answer *answer, struct err *err)
{
    auto_free char *what = arguments_path_new(answer->arguments, "what");
    auto_free char *digits = digits_new(what);

    if (!find_firmware(answer, what, err))
        return false;
    if (answer->count == 0 && digits &&
        !item_scan_digest(answer->context.db, digits, answer->ids, ANSWER_IDS, &answer->count, err))
        return false;
    answer->scan.over = answer->count > 0;
    return answer->scan.over || find_more(answer, err);
}

static bool show_end(const struct answer *answer, struct err *err)
{
    if (answer->told > 0)
        return true;
    auto_free char *text = printable_new(answer->path);
    return err_set(err, ERR_INPUT,
                   "nothing is known of %s: list-firmwares shows what is, explain says why a file "
                   "is not taken",
                   text);
}

static bool show_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    bool first = !answer->scan.started && !answer->scan.over;

    if (!answer->context.db)
        return show_end(answer, err) || err_wrap(err, "show");
    if (first && !show_find(answer, err))
        return err_wrap(err, "show");
    if (first) {
        *over = answer->scan.over && answer->count == 0;
    } else if (!list_work(answer, row, over, err)) {
        return false;
    }
    return !*over || show_end(answer, err) || err_wrap(err, "show");
}

static const struct argument list_arguments[] = {
    {"state", ARGUMENT_TEXT}, {"watch", ARGUMENT_TEXT},  {"product", ARGUMENT_TEXT},
    {"since", ARGUMENT_TIME}, {"limit", ARGUMENT_COUNT}, {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_list = {
    .command = "list-firmwares",
    .arguments = list_arguments,
    .start = list_start,
    .work = list_work,
};

static const struct argument show_arguments[] = {
    {"what", ARGUMENT_PATH},
    {"path", ARGUMENT_PATH},
    {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_show = {
    .command = "show",
    .arguments = show_arguments,
    .start = show_start,
    .work = show_work,
};
