/*
 * config_command.c - config check and config show.
 *
 * check tells everything that is wrong at once. With --json the document on stdout has the
 * problems; else they are lines on stderr and stdout has only the good news.
 */
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/secret.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "cli/session.h"
#include "cli/token_source.h"
#include "cli/verify.h"
#include "config/config_show.h"
#include "control/answer_json.h"

struct checking {
    struct session *session;
    struct config_problems loading;
    struct verify_problems found;
    struct identity identity; /* with --online */
    bool was_online;
    struct err err; /* what is no line of the file: no such file, no token, no platform */
};

static void checking_release(struct checking *checking)
{
    config_problems_release(&checking->loading);
    verify_release(&checking->found);
    identity_release(&checking->identity);
}

#define auto_checking __attribute__((cleanup(checking_release)))

static size_t error_count(const struct checking *checking)
{
    return checking->loading.error_count + checking->loading.errors_more + checking->found.count;
}

static bool ask(struct checking *checking, const struct secret *token)
{
    struct session *session = checking->session;
    const struct config *config = session->settings.config;
    struct platform *platform = platform_new(config, token, session->environment, &checking->err);
    bool ok = platform && platform_identity(platform, &checking->identity, &checking->err) &&
              verify_names(config, platform, &checking->found, &checking->err);

    platform_free(platform);
    return ok;
}

static bool check_online(struct checking *checking)
{
    const struct token_options source = token_source(checking->session);
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token;

    if (!token_read(&source, &token, origin, &checking->err))
        return false;
    checking->was_online = ask(checking, token);
    secret_free(token);
    return checking->was_online;
}

/*
 * True when nothing is wrong. The platform is only asked about a configuration that is
 * right by itself: a token must not go to an address that is a typing mistake.
 */
static bool examine(struct checking *checking)
{
    struct session *session = checking->session;
    struct settings *settings = &session->settings;

    if (!settings_read(settings, &settings->config, &checking->loading, &checking->err)) {
        /* It repeats the first of the lines. */
        if (error_count(checking) > 0)
            checking->err = (struct err){.kind = ERR_CONFIG};
        return false;
    }
    verify_watches(settings->config, &checking->found);
    if (error_count(checking) == 0 && session->args.online && !check_online(checking))
        return false;
    if (error_count(checking) > 0)
        checking->err = (struct err){.kind = ERR_CONFIG};
    return error_count(checking) == 0;
}

/* ---- telling ---- */

static void add_lines(json_t *list, char *const *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, answer_json_text(lines[i]));
}

static void tell_json(const struct checking *checking, bool is_valid)
{
    struct session *session = checking->session;
    const struct config *config = session->settings.config;
    auto_json json_t *document = json_object();
    json_t *errors = json_array();
    json_t *warnings = json_array();

    add_lines(errors, checking->loading.errors, checking->loading.error_count);
    add_lines(errors, checking->found.lines, checking->found.count);
    if (checking->err.message[0] != '\0')
        json_array_append_new(errors, answer_json_text(checking->err.message));
    add_lines(warnings, checking->loading.warnings, checking->loading.warning_count);
    answer_json_put(document, "valid", json_boolean(is_valid));
    answer_json_put_text(document, "file", session->settings.file);
    answer_json_put(document, "online", json_boolean(checking->was_online));
    answer_json_put_text(document, "tenant", checking->identity.tenant);
    answer_json_put(document, "watches",
                    config ? json_integer((json_int_t)config->watch_count) : json_null());
    answer_json_put_text(document, "state_dir", config ? config->state_dir : NULL);
    answer_json_put(document, "errors", errors);
    answer_json_put(document, "warnings", warnings);
    out_json(&session->out, document);
}

static void tell_problems(const struct checking *checking)
{
    const struct config_problems *loading = &checking->loading;

    for (size_t i = 0; i < loading->warning_count; i++)
        fprintf(stderr, "warning: %s\n", loading->warnings[i]);
    for (size_t i = 0; i < loading->error_count; i++)
        fprintf(stderr, "%s\n", loading->errors[i]);
    if (loading->errors_more > 0)
        fprintf(stderr, "and %zu more\n", loading->errors_more);
    for (size_t i = 0; i < checking->found.count; i++)
        fprintf(stderr, "%s\n", checking->found.lines[i]);
}

/* What it amounts to, so that a person sees a folder that is missing or wrong. */
static void tell_text(const struct checking *checking)
{
    struct session *session = checking->session;
    const struct config *config = session->settings.config;
    struct out *out = &session->out;

    out_print(out, "configuration is valid\n");
    out_print(out, "file         ");
    out_name(out, session->settings.file ? session->settings.file : "none: built-in defaults");
    out_print(out, "\nplatform     %s\nstate_dir    ", config->api.url);
    out_name(out, config->state_dir);
    out_print(out, "\n");
    for (size_t i = 0; i < config->watch_count; i++) {
        out_print(out, "%-13s%s  ", i == 0 ? "watches" : "", config->watches[i].name);
        out_name(out, config->watches[i].path);
        out_print(out, "\n");
    }
    if (config->watch_count == 0)
        out_print(out, "watches      none: run and once have nothing to send\n");
    if (!checking->was_online)
        return;
    out_print(out, "tenant       ");
    out_name(out, checking->identity.tenant);
    out_print(out, "; product groups and analysis configurations exist\n");
}

static int check(struct session *session, struct err *err)
{
    auto_checking struct checking checking = {.session = session};
    bool is_valid = examine(&checking);

    if (session->args.json)
        tell_json(&checking, is_valid);
    else
        tell_problems(&checking);
    if (is_valid) {
        if (!session->args.json)
            tell_text(&checking);
        return 0;
    }
    *err = checking.err;
    if (err->message[0] == '\0')
        err_set(err, ERR_CONFIG, "the configuration has %zu error%s", error_count(&checking),
                error_count(&checking) == 1 ? "" : "s");
    return command_failed(err);
}

static int show(struct session *session, struct err *err)
{
    const struct config *config = session_config(session, err);
    auto_buf struct buf text = {0};

    if (!config)
        return command_failed(err);
    if (session->args.json) {
        auto_json json_t *document = config_show_json(config);
        out_json(&session->out, document);
    } else {
        config_show_text(config, &text);
        out_text(&session->out, text.bytes, text.size);
    }
    return 0;
}

static const struct args_option check_options[] = {
    ARGS_OPTION("--online", 0, ARGS_FLAG, online, NULL,
                "ask the platform too: token, tenant, groups, configurations"),
    {.name = NULL},
};

const struct command command_config_check = {
    .name = "config check",
    .summary = "is the configuration right, down to each glob and template?",
    .options = check_options,
    .about = "Problems are lines FILE:LINE:COLUMN: what is wrong; what is right. Exits 78 then.\n",
    .examples = "onekey-agent config check\n"
                "onekey-agent -c ./new.yaml config check --online\n",
    .run = check,
};

const struct command command_config_show = {
    .name = "config show",
    .summary = "the effective configuration, and where each value comes from",
    .about = "Secrets are left out. Without # comments it is a configuration file again.\n",
    .examples = "onekey-agent config show\n"
                "onekey-agent config show --json | jq '.\"api.url\"'\n",
    .run = show,
};
