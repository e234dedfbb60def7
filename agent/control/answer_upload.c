/*
 * answer_upload.c - "upload": a command hands its open files over; "handed": how far it is.
 *
 * upload       path, vendor, product, name; tenant, api_url (the caller's guards: others are
 *              refused); version, category, group, configuration,
 *              release_date, notes, monitoring, force, sbom_only, sbom (its path)
 *              with the image's descriptor (the SBOM's with sbom_only), then the SBOM's
 *              -> {"id"}
 * handed       id -> {"state","firmware_id","sha256","size","error","error_kind","exit",
 *              "needs_person","other","item":{as listed},"bytes_done","bytes_total","rate",
 *              "closed","closed_exit"}
 *
 * The state is that of the item which has the bytes: of a copy, of what it is a copy of;
 * other is that one's path. closed says why nothing is requested now, with the exit code that
 * fits. A row that is not there is ERR_GONE: the agent was restarted, hand it over again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "control/control_files.h"
#include "flow/handed.h"

/* ---- upload ---- */

static const char *text(const struct answer *answer, const char *name)
{
    return arguments_text(answer->arguments, name);
}

/* What the caller's guards say holds here too: nothing goes to another platform or tenant. */
static bool check_guards(const struct answer *answer, struct err *err)
{
    const struct live *live = answer->context.live;
    const char *tenant = text(answer, "tenant");
    const char *api_url = text(answer, "api_url");
    struct live_token token = {0};

    if (api_url && strcmp(api_url, live->api_url) != 0) {
        return err_set(err, ERR_CONFIG,
                       "the agent that runs here works with %.200s, not with %.200s", live->api_url,
                       api_url);
    }
    live->token(live->owner, &token);
    if (tenant && !token.tenant) {
        *err = live->closed(live->owner);
        return err->kind == ERR_AUTH
                   ? false
                   : err_set(err, ERR_BUSY, "the agent does not know yet whose token it has");
    }
    return !tenant || strcmp(tenant, token.tenant) == 0 ||
           err_set(err, ERR_TENANT,
                   "the agent's token belongs to tenant %.100s, not to %.100s: "
                   "nothing is sent with it",
                   token.tenant, tenant);
}

static bool upload_start(struct answer *answer, struct err *err)
{
    size_t files = answer->context.files ? answer->context.files->count : 0;

    if (!answer->context.live || !answer->context.live->hand_over)
        return err_set(err, ERR_NOT_YET, "no agent runs that would take it");
    answer->path = arguments_path_new(answer->arguments, "path");
    if (!answer->path || !text(answer, "vendor") || !text(answer, "product") ||
        !text(answer, "name"))
        return err_set(err, ERR_USAGE, "path, vendor, product and name are needed");
    if (files == 0)
        return err_set(err, ERR_USAGE, "no open file came with it");
    if (!check_guards(answer, err))
        return false;
    for (size_t i = 0; i < files; i++)
        answer->fds[i] = control_files_take(answer->context.files, i);
    return true;
}

static bool upload_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct live *live = answer->context.live;
    auto_free char *sbom_path = arguments_path_new(answer->arguments, "sbom");
    const struct handed_file file = {
        .path = answer->path,
        .fd = answer->fds[0],
        .sbom_path = sbom_path,
        .sbom_fd = answer->fds[1],
        .sbom_only = arguments_flag(answer->arguments, "sbom_only"),
        .force = arguments_flag(answer->arguments, "force"),
        .monitoring = arguments_flag(answer->arguments, "monitoring"),
        .vendor = text(answer, "vendor"),
        .product = text(answer, "product"),
        .name = text(answer, "name"),
        .version = text(answer, "version"),
        .category = text(answer, "category"),
        .group = text(answer, "group"),
        .configuration = text(answer, "configuration"),
        .release_date = text(answer, "release_date"),
        .notes = text(answer, "notes"),
    };
    int64_t id;

    if (!live->hand_over(live->owner, &file, &id, err))
        return false;
    live->kick(live->owner, LIVE_KICK_ITEMS);
    *row = json_object();
    answer_json_put(*row, "id", json_integer(id));
    *over = true;
    return true;
}

static const struct argument upload_arguments[] = {
    {"tenant", ARGUMENT_TEXT},        {"api_url", ARGUMENT_TEXT},      {"path", ARGUMENT_PATH},
    {"vendor", ARGUMENT_TEXT},        {"product", ARGUMENT_TEXT},      {"name", ARGUMENT_TEXT},
    {"version", ARGUMENT_TEXT},       {"category", ARGUMENT_TEXT},     {"group", ARGUMENT_TEXT},
    {"configuration", ARGUMENT_TEXT}, {"release_date", ARGUMENT_TEXT}, {"notes", ARGUMENT_TEXT},
    {"monitoring", ARGUMENT_FLAG},    {"force", ARGUMENT_FLAG},        {"sbom_only", ARGUMENT_FLAG},
    {"sbom", ARGUMENT_PATH},          {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_upload = {
    .command = "upload",
    .arguments = upload_arguments,
    .changes = true,
    .start = upload_start,
    .work = upload_work,
};

/* ---- handed ---- */

static bool handed_start(struct answer *answer, struct err *err)
{
    return arguments_count(answer->arguments, "id") > 0 || err_set(err, ERR_USAGE, "id is needed");
}

static bool load(struct db *db, int64_t id, struct item *item, struct err *err)
{
    bool found;

    if (!item_by_id(db, id, item, &found, err))
        return false;
    return found || err_set(err, ERR_GONE, "no such item");
}

struct sight {
    const char *path;
    struct live_transfer transfer;
};

static void note_transfer(void *owner, const struct live_transfer *one)
{
    struct sight *sight = owner;

    if (strcmp(one->path, sight->path) == 0)
        sight->transfer = *one;
}

static void put_transfer(const struct live *live, const struct item *item, json_t *row)
{
    struct sight sight = {.path = item->path};

    live->each_transfer(live->owner, note_transfer, &sight);
    answer_json_put(row, "bytes_done", json_integer(sight.transfer.bytes_done));
    answer_json_put(row, "bytes_total", json_integer(sight.transfer.bytes_total));
    answer_json_put(row, "rate", json_integer(sight.transfer.rate));
}

static void put_closed(const struct live *live, json_t *row)
{
    const struct err why = live->closed(live->owner);

    answer_json_put_text(row, "closed", why.kind == ERR_OK ? NULL : why.message);
    answer_json_put(row, "closed_exit", json_integer(err_kind_exit(why.kind)));
}

static void put_item(const struct item *item, const struct item *own, json_t *row)
{
    enum err_kind kind = item->error_kind ? err_kind_of_name(item->error_kind) : ERR_OK;

    answer_json_put_text(row, "state", item_state_name(item->state));
    answer_json_put_text(row, "firmware_id", item->firmware_id);
    answer_json_put_text(row, "sha256", item->sha256);
    answer_json_put(row, "size", json_integer(item->size));
    answer_json_put_text(row, "error", item->error);
    answer_json_put_text(row, "error_kind", item->error_kind);
    answer_json_put(row, "exit", json_integer(err_kind_exit(kind)));
    answer_json_put(
        row, "needs_person",
        json_boolean(item->state == ITEM_UNCONFIRMED && item->misses == ITEM_NEEDS_PERSON));
    answer_json_put_text(row, "other", item == own ? NULL : item->path);
}

static bool handed_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    struct db *db = answer->context.db;
    const struct live *live = answer->context.live;
    auto_item struct item own = {0};
    auto_item struct item original = {0};
    const struct item *item = &own;

    if (!db || !live)
        return err_set(err, ERR_GONE, "no agent runs");
    if (!load(db, arguments_count(answer->arguments, "id"), &own, err))
        return false;
    if (own.state == ITEM_DUPLICATE && own.duplicate_of != 0) {
        if (!load(db, own.duplicate_of, &original, err))
            return false;
        item = &original;
    }
    auto_json json_t *listed = answer_json_item(db, item, false, err);
    if (!listed)
        return false;
    *row = json_object();
    put_item(item, &own, *row);
    put_transfer(live, item, *row);
    put_closed(live, *row);
    answer_json_put(*row, "item", auto_take(listed));
    *over = true;
    return true;
}

static const struct argument handed_arguments[] = {{"id", ARGUMENT_COUNT}, {NULL, ARGUMENT_TEXT}};

const struct answer_kind answer_handed = {
    .command = "handed",
    .arguments = handed_arguments,
    .start = handed_start,
    .work = handed_work,
};
