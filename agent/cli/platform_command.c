/*
 * platform_command.c - list-product-groups, list-analysis-configurations, query: one
 * question, its answer on stdout.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "cli/query_kind.h"
#include "cli/session.h"
#include "control/answer_json.h"
#include "onekey/named.h"
#include "onekey/query.h"

/* A person's request, or a script's: far more than any, far less than memory. */
enum { QUERY_TEXT_MAX = 1 << 20 };

/* ---- names ---- */

static bool read_names(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct named_list *list = owner;

    return named_reply(list->kind, bytes, size, list, err);
}

/* The IDs are for programs: people use the names, which the other commands take too. */
static void print_names(struct session *session, const struct named_list *list)
{
    struct out *out = &session->out;

    for (size_t i = 0; i < list->count; i++) {
        if (session->args.json) {
            auto_json json_t *row = json_object();

            answer_json_put_text(row, "id", list->items[i].id);
            answer_json_put_text(row, "name", list->items[i].name);
            out_json_row(out, row);
        } else {
            out_name(out, list->items[i].name);
            out_print(out, "\n");
        }
    }
    if (session->args.json)
        out_json_end(out);
    if (list->count == 0)
        session_notice(session, "the token sees no %s", named_kind_text(list->kind));
}

static int list_names(struct session *session, enum named_kind kind, struct err *err)
{
    struct named_list list = {.kind = kind};
    auto_free char *request = named_request(kind);
    auto_platform struct platform *platform = platform_open(session, err);

    if (!platform)
        return command_failed(err);
    if (!platform_ask(platform, request, read_names, &list, err)) {
        err_wrap(err, "ask for each %s", named_kind_text(kind));
        return command_failed(err);
    }
    print_names(session, &list);
    named_list_release(&list);
    return 0;
}

static int list_product_groups(struct session *session, struct err *err)
{
    return list_names(session, NAMED_PRODUCT_GROUP, err);
}

static int list_analysis_configurations(struct session *session, struct err *err)
{
    return list_names(session, NAMED_ANALYSIS_CONFIGURATION, err);
}

/* ---- query ---- */

/* As everywhere; a file is "query - < FILE", so no word of a request means one. */
static bool is_stdin(const char *operand)
{
    return strcmp(operand, "-") == 0;
}

static bool check_query(const struct args *args, struct err *err)
{
    if (is_stdin(args->operands[0]) && args->token && strcmp(args->token, "-") == 0)
        return err_set(err, ERR_USAGE, "stdin holds the token already: write the query as a word");
    return true;
}

static bool read_stdin(struct buf *text, struct err *err)
{
    if (!buf_read_fd(text, STDIN_FILENO, err)) {
        if (err->kind == ERR_PROTOCOL)
            return err_set(err, ERR_USAGE, "read the query from stdin: it is over 1 MiB");
        err->kind = ERR_INPUT;
        return err_wrap(err, "read the query from stdin");
    }
    if (text->size == 0)
        return err_set(err, ERR_USAGE, "read the query from stdin: it is empty");
    /* What follows it would not be sent, and nobody would see that. */
    if (memchr(text->bytes, '\0', text->size))
        return err_set(err, ERR_USAGE, "read the query from stdin: it is no text");
    return true;
}

static bool read_data(void *owner, const char *bytes, size_t size, struct err *err)
{
    return query_reply(bytes, size, owner, err);
}

static int query(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    const char *text = args->operands[0];
    auto_buf struct buf input = {.max = QUERY_TEXT_MAX};
    auto_json json_t *data = NULL;
    auto_free char *body = NULL;

    /* All that can be wrong with the words is found before the token is read and used. */
    if (is_stdin(text)) {
        if (!read_stdin(&input, err))
            return command_failed(err);
        text = input.bytes;
    }
    if (!query_request(text, args->variables, &body, err))
        return command_failed(err);
    const struct platform_question question = {
        .body = body,
        .max_answer = QUERY_BYTES_MAX,
        .once = !query_kind_only_reads(text),
    };
    auto_platform struct platform *platform = platform_open(session, err);
    if (!platform || !platform_ask_for(platform, &question, read_data, &data, err))
        return command_failed(err);
    out_json(&session->out, data);
    return 0;
}

const struct command command_list_product_groups = {
    .name = "list-product-groups",
    .summary = "the product groups that the token can see",
    .examples = "onekey-agent list-product-groups\n"
                "onekey-agent list-product-groups --json | jq -r '.[].id'\n",
    .run = list_product_groups,
};

const struct command command_list_analysis_configurations = {
    .name = "list-analysis-configurations",
    .summary = "the configurations that the token can see",
    .examples = "onekey-agent list-analysis-configurations\n",
    .run = list_analysis_configurations,
};

static const struct args_option query_options[] = {
    ARGS_OPTION("--variables", 0, ARGS_TEXT, variables, "JSON", "an object: {\"id\": \"...\"}"),
    {.name = NULL},
};

const struct command command_query = {
    .name = "query",
    .summary = "a GraphQL request of your own; prints the JSON data",
    .operands = "GRAPHQL",
    .least = 1,
    .most = 1,
    .options = query_options,
    .about = "- reads the request from stdin. What the platform finds wrong with it is told (65).\n"
             "A mutation is sent once, whatever happens; queries are tried three times.\n",
    .examples = "onekey-agent query '{ allFirmwares { id name version } }'\n"
                "onekey-agent query --variables '{\"id\": \"5b8f0d9e\"}' - < firmware.graphql\n",
    .check = check_query,
    .run = query,
};
