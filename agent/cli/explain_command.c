/*
 * explain_command.c - explain: every watch that covers a path, and the ledger's word on it.
 */
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "cli/command.h"
#include "cli/explain.h"
#include "cli/explain_text.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/state.h"
#include "cli/verify.h"
#include "control/answer.h"
#include "control/answer_json.h"

enum { NOTHING_KNOWN = 66 };

static bool on_row(void *owner, json_t *row, struct err *err)
{
    (void)err;
    json_array_append(owner, row);
    return true;
}

/* NULL when the ledger could not be asked. Nothing known is an answer too. */
static json_t *ask_ledger(struct session *session, const char *path, int *exit_code,
                          struct err *err)
{
    auto_json json_t *arguments = json_object();
    auto_json json_t *rows = json_array();

    answer_put_path(arguments, "what", path);
    answer_put_path(arguments, "path", path);
    *exit_code = state_ask(session, "show", arguments, on_row, rows, err);
    if (*exit_code == NOTHING_KNOWN)
        *exit_code = 0;
    return *exit_code == 0 ? auto_take(rows) : NULL;
}

/* What the ledger has of that path in that watch now; borrowed, or NULL. */
static const json_t *present_row(const json_t *rows, const char *watch)
{
    size_t index;
    const json_t *row;

    json_array_foreach(rows, index, row)
    {
        const char *name = row_string(row, "watch");

        if (name && strcmp(name, watch) == 0 && json_is_true(json_object_get(row, "current")))
            return row;
    }
    return NULL;
}

static bool covers(const struct config_watch *watch, const char *path)
{
    size_t size = strcmp(watch->path, "/") == 0 ? 0 : strlen(watch->path);

    return strncmp(path, watch->path, size) == 0 && path[size] == '/' && path[size + 1] != '\0';
}

static bool add_watch(const struct config *config, size_t index, const char *path, json_t *document,
                      struct err *err)
{
    const json_t *rows = json_object_get(document, "ledger");
    const struct explain explain = {
        .config = config,
        .watch = index,
        .path = path,
        .row = present_row(rows, config->watches[index].name),
        .no_ledger = json_is_null(rows),
    };
    json_t *object = explain_watch(&explain, err);

    if (object) {
        json_array_append_new(json_object_get(document, "watches"), object);
        return true;
    }
    auto_free char *origin = verify_origin(config, index, err->message);
    return err_wrap(err, "%s", origin);
}

static json_t *gather(const struct config *config, const char *path, json_t *take_rows,
                      struct err *err)
{
    auto_json json_t *document = json_object();

    answer_json_put_path(document, path);
    answer_json_put(document, "watches", json_array());
    answer_json_put(document, "ledger", take_rows ? take_rows : json_null());
    for (size_t i = 0; i < config->watch_count; i++) {
        if (covers(&config->watches[i], path) && !add_watch(config, i, path, document, err))
            return NULL;
    }
    return auto_take(document);
}

static void write_row(struct out *out, const json_t *row)
{
    static const char *const lines[][2] = {
        {"ledger", "state"},
        {"firmware", "firmware_id"},
        {"copy of", "duplicate_of"},
        {"error", "error"},
    };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        explain_text_line(out, lines[i][0], row_string(row, lines[i][1]));
}

static void write_text(struct out *out, const json_t *document)
{
    const json_t *watches = json_object_get(document, "watches");
    const json_t *rows = json_object_get(document, "ledger");
    size_t index;
    const json_t *object;

    out_name(out, row_string(document, "path"));
    out_print(out, "\n");
    json_array_foreach(watches, index, object)
    {
        const json_t *row = present_row(rows, row_string(object, "watch"));

        if (index > 0)
            out_print(out, "\n");
        explain_text(out, object);
        if (row)
            write_row(out, row);
    }
    if (json_array_size(watches) == 0)
        explain_text_line(out, "next", "nothing: no watch covers it");
}

static int run(struct session *session, struct err *err)
{
    const struct config *config = session_config(session, err);
    auto_free char *path = config ? state_path(session->args.operands[0], err) : NULL;
    int exit_code;

    if (!path)
        return command_failed(err);
    json_t *rows = ask_ledger(session, path, &exit_code, err);
    struct err broken = {.kind = ERR_OK};
    auto_json json_t *document = gather(config, path, rows, &broken);
    if (!document) {
        *err = broken;
        return command_failed(err);
    }
    if (session->args.json)
        out_json(&session->out, document);
    else
        write_text(&session->out, document);
    return exit_code;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "why a file is taken or not, and what it would be sent as",
    .operands = "PATH",
    .least = 1,
    .most = 1,
    .about = "For each watch that covers it: the rule and where that stands, how it settles, each\n"
             "metadata field with its value and where that comes from, the requests without the\n"
             "token, and what happens next. A path that does not exist is judged by its name.\n"
             "Nothing is sent.\n",
    .examples = "onekey-agent explain /srv/builds/router/1.2/router.bin\n"
                "onekey-agent explain build/new.img --json\n",
    .run = run,
};
