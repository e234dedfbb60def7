#include "flow/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "watch/pattern.h"

static bool compile_metadata(struct source *source, const struct source_options *options,
                             struct err *err)
{
    struct metadata_options given = {
        .watch = source->name,
        .groups = source->pattern ? pattern_names(source->pattern) : NULL,
        .has_sidecar = source->has_sidecar,
        .environment = (const char *(*)(const char *))getenv,
    };

    memcpy(given.text, options->metadata, sizeof given.text);
    source->metadata = metadata_rules_new(&given, err);
    return source->metadata || err_wrap(err, "metadata");
}

static bool compile(struct source *source, const struct source_options *options, struct err *err)
{
    source->rules = rule_set_new(&options->rules, err);
    if (!source->rules)
        return false;
    if (options->match && !(source->pattern = pattern_new(options->match, err)))
        return err_wrap(err, "match");
    return compile_metadata(source, options, err);
}

struct source *source_new(const struct source_options *options, struct err *err)
{
    struct source *source = xcalloc(1, sizeof *source);

    source->name = xstrdup(options->name);
    source->path = xstrdup(options->path);
    source->move_to = options->move_to ? xstrdup(options->move_to) : NULL;
    source->settle.quiet_ms = options->settle_ms;
    source->settle.needs_marker = options->rules.marker != NULL;
    source->rescan_ms = options->rescan_ms;
    source->mode = options->mode;
    source->links = options->follow_links ? BENEATH_LINKS_INSIDE : BENEATH_NO_LINKS;
    source->existing = options->existing;
    source->attach_missing = options->attach_missing;
    source->per_version = options->per_version;
    source->oldest_first = options->oldest_first;
    source->has_attachment = options->rules.attachment != NULL;
    source->has_sidecar = options->rules.sidecar != NULL;
    if (compile(source, options, err))
        return source;
    source_free(source);
    return NULL;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    metadata_rules_free(source->metadata);
    pattern_free(source->pattern);
    rule_set_free(source->rules);
    free(source->move_to);
    free(source->path);
    free(source->name);
    free(source);
}

bool source_skips(const void *rules, const char *relpath, bool is_directory)
{
    struct rule_judgement judgement =
        rule_judge(rules, relpath, is_directory ? RULE_DIRECTORY : RULE_FILE);

    return judgement.verdict == RULE_IGNORE;
}

char *source_path(const struct source *source, const char *relpath)
{
    bool is_root = strcmp(source->path, "/") == 0;

    return xasprintf("%s/%s", is_root ? "" : source->path, relpath);
}

const char *source_relpath(const struct source *source, const char *path)
{
    size_t size = strcmp(source->path, "/") == 0 ? 0 : strlen(source->path);

    if (strncmp(path, source->path, size) != 0 || path[size] != '/')
        return NULL;
    return path + size + 1;
}

bool source_takes(const struct source *source, const char *path, struct err *err)
{
    const char *relpath = source_relpath(source, path);

    if (!relpath)
        return err_set(err, ERR_GONE, "watch %s has another folder now", source->name);
    struct rule_judgement judgement = rule_judge(source->rules, relpath, RULE_FILE);
    if (judgement.verdict == RULE_TAKE)
        return true;
    auto_free char *text = rule_judgement_text(&judgement);
    return err_set(err, ERR_GONE, "the rules leave it out now: %s", text);
}

bool source_metadata(const struct source *source, const struct metadata_facts *facts,
                     const struct metadata_sidecar *sidecar, struct metadata *out, struct err *err)
{
    struct metadata_facts known = *facts;
    struct pattern_groups groups = {0};
    bool ok = true;

    *out = (struct metadata){0};
    if (source->pattern) {
        enum pattern_outcome outcome = pattern_run(source->pattern, facts->relpath, &groups);

        if (outcome == PATTERN_MATCHED)
            known.groups = &groups;
        else if (outcome == PATTERN_GAVE_UP)
            ok = err_set(err, ERR_INPUT,
                         "match: the pattern needs too many steps on this path; make it simpler");
    }
    ok = ok && metadata_resolve(source->metadata, &known, sidecar, out, err);
    pattern_groups_release(&groups);
    return ok;
}
