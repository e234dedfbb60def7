#include "cli/upload_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "cli/show_progress.h"
#include "cli/token_source.h"
#include "cli/upload_follow.h"
#include "control/answer_json.h"
#include "run/agent.h"
#include "run/token.h"

enum { TRIES_MAX = 8 };

/* One call, for the callbacks of both ways. */
struct running {
    struct session *session;
    void (*known)(struct session *session, const char *firmware_id);
    struct upload_outcome *outcome;
};

void upload_outcome_release(struct upload_outcome *outcome)
{
    json_decref(outcome->item);
    free(outcome->firmware_id);
    free(outcome->other);
    *outcome = (struct upload_outcome){0};
}

static bool is_default(const struct config *config, const char *path)
{
    auto_free char *origin = config_origin(config, path);

    return strcmp(origin, "default") == 0;
}

const char *upload_state_dir(const struct config *config)
{
    return is_default(config, "state_dir") ? NULL : config->state_dir;
}

/* What was only left as it is by default is no wish. */
static const char *chosen_api_url(const struct config *config)
{
    return is_default(config, "api.url") ? NULL : config->api.url;
}

static void on_known(void *owner, const char *firmware_id, const char *other)
{
    struct running *running = owner;
    struct upload_outcome *outcome = running->outcome;

    /* Told once, though an agent that was started anew says it again. */
    if (outcome->firmware_id && strcmp(outcome->firmware_id, firmware_id) == 0)
        return;
    text_replace(&outcome->firmware_id, firmware_id);
    text_replace(&outcome->other, other);
    if (other) {
        auto_free char *shown = printable_new(other);
        session_notice(running->session,
                       "these bytes are on the platform already (%s): this is their firmware ID; "
                       "--force sends them again",
                       shown);
    }
    running->known(running->session, firmware_id);
}

static void on_waits(void *owner, const char *why)
{
    const struct running *running = owner;

    session_notice(running->session, "%s: waiting for its firmware ID", why);
}

static int64_t wait_timeout_ms(const struct args *args)
{
    return args->wait_timeout_ms == ARGS_NOT_SAID ? ARGS_CI_WAIT_TIMEOUT_MS : args->wait_timeout_ms;
}

/* ---- by an agent ---- */

static enum upload_followed by_agent(struct running *running, const struct upload_files *files,
                                     struct err *err)
{
    struct session *session = running->session;
    const struct handed_file file = upload_files_handed(&session->args, files);
    struct progress *progress = show_progress_start(session, false);
    const struct agent_progress hooks = {.update = progress_update, .owner = progress};
    const struct upload_follow want = {
        .file = &file,
        .state_dir = upload_state_dir(session->settings.config),
        .tenant = session->settings.config->api.tenant,
        .api_url = chosen_api_url(session->settings.config),
        .wait = session->args.wait,
        .wait_timeout_ms = wait_timeout_ms(&session->args),
        .progress = progress ? &hooks : NULL,
        .known = on_known,
        .owner = running,
    };
    json_t *item = NULL;
    enum upload_followed followed = upload_follow(&want, &item, err);

    show_progress_end(progress);
    running->outcome->handed_over = followed == UPLOAD_ENDED;
    json_decref(running->outcome->item);
    running->outcome->item = item;
    return followed;
}

/* ---- by this process ---- */

static void put_time(json_t *object, const char *key, int64_t wall_ms)
{
    answer_json_put_time(object, key, wall_ms);
}

static json_t *item_json(const struct item *item)
{
    json_t *object = json_object();

    answer_json_put_path(object, item->path);
    answer_json_put_text(object, "sha256", item->sha256);
    answer_json_put(object, "size", json_integer(item->size));
    answer_json_put_text(object, "state", item_state_name(item->state));
    answer_json_put_text(object, "name", item->name);
    answer_json_put_text(object, "vendor", item->vendor);
    answer_json_put_text(object, "product", item->product);
    answer_json_put_text(object, "version", item->version);
    answer_json_put_text(object, "product_group", item->product_group);
    put_time(object, "uploaded_at", item->uploaded_at);
    put_time(object, "analysed_at", item->analysed_at);
    return object;
}

/* A bad token is told before anything is read: files can be large. */
static bool check_token(const struct token_options *source, struct err *err)
{
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token = NULL;
    bool ok = token_read(source, &token, origin, err);

    secret_free(token);
    return ok;
}

/* Whose refusal it was: the gate knows only what the platform said. */
static void explain_refusal(const struct token_options *source, struct err *err)
{
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token = NULL;
    struct err trouble;

    if (err->kind == ERR_AUTH && token_read(source, &token, origin, &trouble))
        platform_explain_refusal(token, origin, err);
    secret_free(token);
}

/* Where only a state directory is named, the SBOMs lie in it. */
static char *sbom_directory(const struct config *config)
{
    const char *state_dir = upload_state_dir(config);

    if (!state_dir)
        return NULL;
    return is_default(config, "sbom.directory") ? xasprintf("%s/sboms", state_dir)
                                                : xstrdup(config->sbom.directory);
}

static int run_errand(struct session *session, struct agent_errand *errand, struct err *err)
{
    struct progress *progress = show_progress_start(session, false);
    const struct agent_progress hooks = {.update = progress_update, .owner = progress};
    const struct agent_options options = {
        .config = session->settings.config,
        .environment = session->environment,
        .token = token_source(session),
        .lock_wait_ms = session->args.lock_wait_ms,
        .once = true,
        .errand = errand,
        .no_wait = !errand->wait,
        .progress = progress ? &hooks : NULL,
    };
    int exit_code =
        check_token(&options.token, err) ? agent_run(&options, err) : command_failed(err);

    show_progress_end(progress);
    explain_refusal(&options.token, err);
    return exit_code;
}

static int by_itself(struct running *running, const struct upload_files *files,
                     bool *agent_appeared, struct err *err)
{
    struct session *session = running->session;
    const struct config *config = session->settings.config;
    auto_free char *directory = sbom_directory(config);
    struct agent_errand errand = {
        .file = upload_files_handed(&session->args, files),
        .wait = session->args.wait,
        .wait_timeout_ms = wait_timeout_ms(&session->args),
        .check_interval_ms = session->args.check_interval_ms,
        .state_dir = upload_state_dir(config),
        .sbom_directory = directory,
        .known = on_known,
        .waits = on_waits,
        .owner = running,
    };
    errand.file.hash_sent = !errand.state_dir;
    int exit_code = run_errand(session, &errand, err);

    if (errand.result.path) {
        json_decref(running->outcome->item);
        running->outcome->item = item_json(&errand.result);
    }
    item_release(&errand.result);
    *agent_appeared = errand.agent_appeared;
    return exit_code;
}

int upload_run(struct session *session, const struct upload_files *files,
               void (*known)(struct session *session, const char *firmware_id),
               struct upload_outcome *outcome, struct err *err)
{
    struct running running = {session, known, outcome};
    const char *state_dir = upload_state_dir(session->settings.config);
    bool agent_appeared = false;
    int exit_code = 0;

    *outcome = (struct upload_outcome){0};
    /* Agents start and end while a command works: who holds the ledger may change. */
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        enum upload_followed followed =
            state_dir ? by_agent(&running, files, err) : UPLOAD_NO_AGENT;

        if (followed == UPLOAD_ENDED)
            return err->kind == ERR_OK ? 0 : command_failed(err);
        if (followed == UPLOAD_AGAIN)
            continue;
        *err = (struct err){.kind = ERR_OK};
        exit_code = by_itself(&running, files, &agent_appeared, err);
        if (!agent_appeared)
            return exit_code;
    }
    return exit_code != 0 ? exit_code : command_failed(err);
}
