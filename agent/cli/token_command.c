/*
 * token_command.c - token check and list-tenants: whose token is it, and does it work?
 */
#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/token_source.h"
#include "control/answer_json.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* A token that was read, and whose it turned out to be. */
struct checked {
    struct secret *token;
    char source[TOKEN_ORIGIN_SIZE];
    struct identity identity;
};

static void checked_release(struct checked *checked)
{
    identity_release(&checked->identity);
    secret_free(checked->token);
}

#define auto_checked __attribute__((cleanup(checked_release)))

/* A token that works for another tenant than the guard's is a failure here too. */
static bool check(struct session *session, struct checked *checked, struct err *err)
{
    const struct config *config = session_config(session, err);

    if (!config)
        return false;
    const struct token_options source = token_source(session);
    if (!token_read(&source, &checked->token, checked->source, err))
        return false;
    auto_platform struct platform *platform =
        platform_new(config, checked->token, session->environment, err);
    if (!platform)
        return false;
    if (platform_identity(platform, &checked->identity, err))
        return true;
    platform_explain_refusal(checked->token, checked->source, err);
    return false;
}

/* ---- token check ---- */

static void write_line(struct out *out, const char *label, const char *text)
{
    out_print(out, "%-13s", label);
    out_name(out, text);
    out_print(out, "\n");
}

/* The platform does not tell when a token ends; only what a person configured is known. */
static void write_expiry(struct out *out, int64_t expires_ms)
{
    char when[CLOCK_TEXT_SIZE];
    int64_t days = (expires_ms - clock_wall_ms()) / DAY_MS;

    if (expires_ms == 0)
        return;
    out_print(out, "%-13s%.10s, by the configuration", "expires", clock_text(expires_ms, when));
    if (days >= 0)
        out_print(out, ": in %jd day%s\n", (intmax_t)days, days == 1 ? "" : "s");
    else
        out_print(out, ": that day is past\n");
}

static void write_text(struct out *out, const struct checked *checked, int64_t expires_ms)
{
    write_line(out, "tenant", checked->identity.tenant);
    if (checked->identity.email[0] != '\0')
        write_line(out, "email", checked->identity.email);
    write_line(out, "fingerprint", secret_fingerprint(checked->token));
    write_line(out, "source", checked->source);
    write_expiry(out, expires_ms);
}

static void write_json(struct out *out, const struct checked *checked, int64_t expires_ms)
{
    const char *email = checked->identity.email;
    auto_json json_t *document = json_object();

    answer_json_put_text(document, "tenant", checked->identity.tenant);
    answer_json_put_text(document, "email", email[0] ? email : NULL);
    answer_json_put_text(document, "fingerprint", secret_fingerprint(checked->token));
    answer_json_put_text(document, "source", checked->source);
    answer_json_put_time(document, "expires", expires_ms);
    out_json(out, document);
}

static int token_check(struct session *session, struct err *err)
{
    auto_checked struct checked checked = {0};

    if (!check(session, &checked, err))
        return command_failed(err);
    int64_t expires_ms = session->settings.config->api.token_expires_ms;
    if (session->args.json)
        write_json(&session->out, &checked, expires_ms);
    else
        write_text(&session->out, &checked, expires_ms);
    return 0;
}

/* ---- list-tenants ---- */

static int list_tenants(struct session *session, struct err *err)
{
    auto_checked struct checked checked = {0};

    if (!check(session, &checked, err))
        return command_failed(err);
    if (session->args.json) {
        auto_json json_t *row = json_object();
        answer_json_put_text(row, "name", checked.identity.tenant);
        if (checked.identity.email[0] != '\0')
            answer_json_put_text(row, "email", checked.identity.email);
        out_json_row(&session->out, row);
        out_json_end(&session->out);
    } else {
        out_name(&session->out, checked.identity.tenant);
        out_print(&session->out, "\n");
    }
    return 0;
}

const struct command command_token_check = {
    .name = "token check",
    .summary = "whose token it is, which tenant, and whether it works",
    .about = "Exits 77 when there is no token or it is refused, 78 for another tenant than\n"
             "api.tenant, 69 when the platform cannot be reached, 76 when something else than\n"
             "the platform answers. The token itself is never shown.\n",
    .examples = "onekey-agent token check\n"
                "onekey-agent --token - token check < token-file\n",
    .run = token_check,
};

const struct command command_list_tenants = {
    .name = "list-tenants",
    .summary = "the tenant that the token belongs to",
    .examples = "onekey-agent list-tenants\n",
    .run = list_tenants,
};
