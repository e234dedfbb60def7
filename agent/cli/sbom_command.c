/*
 * sbom_command.c - sbom get. The document on stdout is the platform's own bytes, so what is
 * said about it goes to stderr, or with --output and --json to stdout in its place.
 */
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/platform.h"
#include "cli/sbom_fetch.h"
#include "cli/session.h"
#include "cli/state.h"
#include "cli/text.h"
#include "control/answer_json.h"
#include "onekey/field.h"

/* "-" is stdout, as everywhere. */
static const char *file_of(const struct args *args)
{
    return args->output && strcmp(args->output, "-") != 0 ? args->output : NULL;
}

static bool check_get(const struct args *args, struct err *err)
{
    if (args->json && !file_of(args)) {
        return err_set(err, ERR_USAGE,
                       "option --json needs --output FILE: without it the document itself is on "
                       "stdout");
    }
    if (!firmware_id_is_sane(args->operands[0]))
        return err_set(err, ERR_USAGE,
                       "sbom get: that is no firmware ID; list-firmwares --remote shows them");
    return true;
}

/* Also without --json: whoever redirects stdout sees that it was an SBOM, and of what kind. */
static void tell(struct session *session, const struct sbom_fetched *fetched)
{
    auto_free char *summary = sbom_fetch_summary(&fetched->facts);
    auto_free char *shown = file_of(&session->args) ? printable_new(session->args.output) : NULL;
    char size[TEXT_SIZE];

    session_notice(session, "%s, %s%s%s", summary, text_bytes(fetched->size, size),
                   shown ? ": " : "", shown ? shown : "");
}

/* Nothing but what was found in the document itself, and where it is now. */
static void write_facts(struct session *session, const struct sbom_fetched *fetched)
{
    struct err ignored;
    auto_free char *path = state_path(session->args.output, &ignored);
    auto_json json_t *document = json_object();
    const struct sbom_facts *facts = &fetched->facts;

    answer_json_put_text(document, "firmware_id", session->args.operands[0]);
    answer_json_put_text(document, "format", fetched->format);
    answer_json_put_text(document, "kind", sbom_kind_name(facts->kind));
    answer_json_put_text(document, "spec_version", facts->spec_version);
    answer_json_put(document, "components",
                    facts->newer ? json_null() : json_integer(facts->components));
    answer_json_put_text(document, "sha256", fetched->sha256);
    answer_json_put(document, "size", json_integer(fetched->size));
    answer_json_put_text(document, "file", path ? path : session->args.output);
    out_json(&session->out, document);
}

static int get(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    const struct sbom_fetch want = {args->operands[0], args->format, file_of(args)};
    struct sbom_fetched fetched;
    auto_platform struct platform *platform = platform_open(session, err);

    /* tell() comes before the facts are on stdout, so that a failure there is the last line. */
    if (!platform ||
        !sbom_fetch(platform, session->settings.config, &want, &session->out, &fetched, err))
        return command_failed(err);
    tell(session, &fetched);
    if (args->json)
        write_facts(session, &fetched);
    return 0;
}

static const struct args_option get_options[] = {
    ARGS_OPTION("--output", 0, ARGS_TEXT, output, "FILE",
                "replaced at once, when the document is known to be good"),
    ARGS_OPTION("--format", 0, ARGS_TEXT, format, "NAME",
                "one of sbom.formats of the configuration; else the first"),
    {.name = NULL},
};

const struct command command_sbom_get = {
    .name = "sbom get",
    .summary = "fetch one SBOM from the platform now",
    .operands = "FIRMWARE_ID",
    .least = 1,
    .most = 1,
    .options = get_options,
    .about =
        "What is no SBOM never reaches stdout or FILE (76). Exits 69 while the analysis is\n"
        "not complete, 2 when it failed, 65 for an ID that the token does not see. With\n"
        "--output and --json facts about the document are printed: kind, components, digest.\n",
    .examples = "onekey-agent sbom get 5b8f0d9e-7c1a-4d2e-9f60-1b2c3d4e5f60 > router.cdx.json\n"
                "onekey-agent sbom get $ID --output router.spdx.json --format spdx --json\n",
    .check = check_get,
    .run = get,
};
