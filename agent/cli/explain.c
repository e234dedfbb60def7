/*
 * explain.c - the same functions that the agent decides with, asked one after the other:
 * rule_judge(), the settle rule, source_metadata(). What is told here is what happens.
 *
 * Files are looked at below the watched folder, with the agent's own care about links.
 */
#include "cli/explain_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/row.h"
#include "cli/text.h"
#include "control/answer_json.h"
#include "run/setup.h"
#include "store/item.h"

/* ---- the file ---- */

static const char *trouble_text(int number)
{
    if (number == EXDEV)
        return "a link that leads out of the watched folder";
    if (number == ELOOP)
        return "a link, or in a circle of links";
    return strerrordesc_np(number);
}

static void add_file(struct explaining *explaining)
{
    json_t *object = explaining->object;
    int number = explain_look(explaining, explaining->relpath, &explaining->file);
    const struct beneath_facts facts = beneath_facts_of(&explaining->file.facts);

    explaining->exists = number == 0;
    explaining->is_missing = number == ENOENT || number == ENOTDIR;
    answer_json_put(object, "exists", json_boolean(!explaining->is_missing));
    if (number != 0) {
        answer_json_put_text(object, "kind", explaining->is_missing ? NULL : trouble_text(number));
        return;
    }
    const char *kind = beneath_kind_text(explaining->file.facts.st_mode);
    explaining->is_regular = !kind;
    answer_json_put_text(object, "kind", kind ? kind : "regular file");
    answer_json_put(object, "size", json_integer(facts.size));
    answer_json_put_time(object, "modified", facts.mtime_ns / 1000000);
    answer_json_put_text(object, "target", explaining->file.target);
}

/* ---- rules ---- */

/* The list entry that holds that glob, "exclude[1]"; caller frees. */
static char *entry_of(const char *option, const struct config_texts *globs, const char *glob)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (strcmp(globs->items[i], glob) == 0)
            return xasprintf("%s[%zu]", option, i);
    }
    return xstrdup(option);
}

/* The option that decided; NULL for the rules that nobody can change. Caller frees. */
static char *deciding_option(const struct explaining *explaining,
                             const struct rule_judgement *judgement)
{
    const struct config_watch *watch =
        &explaining->asked->config->watches[explaining->asked->watch];

    switch (judgement->reason) {
    case RULE_INCLUDED:
        return entry_of("include", &watch->include, judgement->rule);
    case RULE_EXCLUDED:
        return entry_of("exclude", &watch->exclude, judgement->rule);
    case RULE_MARKER:
        return xstrdup("marker");
    case RULE_SIDECAR:
        return xstrdup("sidecar");
    case RULE_ATTACHMENT:
        return xstrdup("attach_sbom.path");
    case RULE_NOT_INCLUDED:
        return xstrdup("include");
    case RULE_DOTFILE:
    case RULE_BELOW_DOT:
    case RULE_TEMPORARY:
        return NULL;
    }
    abort();
}

static void add_rule(struct explaining *explaining)
{
    struct rule_judgement judgement =
        rule_judge(explaining->source->rules, explaining->relpath, RULE_FILE);
    auto_free char *text = rule_judgement_text(&judgement);
    const char *fault = rule_name_fault(explain_base_name(explaining->relpath));
    bool is_unfit = judgement.verdict == RULE_TAKE && fault;
    auto_free char *why = is_unfit ? xasprintf("its name %s", fault) : NULL;
    auto_free char *option = is_unfit ? NULL : deciding_option(explaining, &judgement);
    auto_free char *place = option ? explain_place(explaining, option) : NULL;

    explaining->is_taken = judgement.verdict == RULE_TAKE && !fault;
    answer_json_put(explaining->object, "taken", json_boolean(explaining->is_taken));
    answer_json_put_text(explaining->object, "rule", why ? why : text);
    answer_json_put_text(explaining->object, "rule_place", place);
}

/* ---- settling ---- */

/* Other content than the ledger's is a new item, whatever became of the old one. */
static bool has_changed(const struct explaining *explaining)
{
    return explaining->asked->row && explaining->exists &&
           row_number(explaining->asked->row, "size") != explaining->file.facts.st_size;
}

/* A row that still settles says less than the file itself: what is it waiting for? */
static bool is_settling(const char *state)
{
    return state && (strcmp(state, item_state_name(ITEM_FOUND)) == 0 ||
                     strcmp(state, item_state_name(ITEM_SETTLING)) == 0);
}

/* What the ledger says of the looks; NULL where it could not be asked. Caller frees. */
static char *settle_state_text(const struct explaining *explaining)
{
    const json_t *row = explaining->asked->row;
    char since[TEXT_SIZE];
    char next[TEXT_SIZE];

    if (explaining->asked->no_ledger || !explaining->is_taken)
        return NULL;
    if (!row)
        return xstrdup("nobody has looked at it yet");
    if (has_changed(explaining))
        return xstrdup("begins anew: its size is not the ledger's");
    if (!is_settling(row_string(row, "state")))
        return xstrdup("settled");
    return xasprintf("since %s, next look at %s", text_when(row_string(row, "found_at"), since),
                     text_when(row_string(row, "retry_at"), next));
}

static void add_settle(const struct explaining *explaining)
{
    const struct settle_rule *rule = &explaining->source->settle;
    char quiet[UNITS_TEXT_SIZE];
    auto_free char *text =
        rule->needs_marker
            ? xstrdup("one look, once its marker is there")
            : xasprintf("two equal looks, %s apart", units_duration_text(rule->quiet_ms, quiet));

    auto_free char *state = settle_state_text(explaining);

    answer_json_put_text(explaining->object, "settle", text);
    answer_json_put_text(explaining->object, "settle_state", state);
}

static void add_match(const struct explaining *explaining)
{
    auto_pattern_groups struct pattern_groups groups = {0};
    struct pattern *pattern = explaining->source->pattern;

    if (!pattern)
        return;
    enum pattern_outcome outcome = pattern_run(pattern, explaining->relpath, &groups);
    json_t *match = json_object();
    json_t *values = json_object();
    answer_json_put_text(match, "pattern", pattern_text(pattern));
    answer_json_put(match, "matched", json_boolean(outcome == PATTERN_MATCHED));
    for (size_t i = 0; i < groups.count; i++)
        answer_json_put_text(values, groups.names[i], groups.values[i]);
    answer_json_put(match, "groups", values);
    answer_json_put(explaining->object, "match", match);
}

/* ---- what comes of it ---- */

static const char *next_by_file(const struct explaining *explaining)
{
    if (!explaining->is_missing && !explaining->is_regular)
        return "nothing: only regular files are taken";
    if (explaining->exists && explaining->file.facts.st_size == 0)
        return "it waits: an empty file is somebody's placeholder";
    if (explaining->waits)
        return explaining->waits;
    if (!explaining->has_metadata)
        return "it fails: see its metadata";
    if (explaining->is_lacking)
        return "it fails: its SBOM is missing";
    return explaining->exists ? "the next scan finds it: it settles, is hashed and sent"
                              : "when it appears it settles, is hashed and sent";
}

static bool waits_for_others(const struct explaining *explaining)
{
    return explaining->waits || !explaining->is_regular || explaining->file.facts.st_size == 0;
}

static const char *next_text(const struct explaining *explaining)
{
    const char *state = row_string(explaining->asked->row, "state");
    bool row_decides =
        state && !has_changed(explaining) && !(is_settling(state) && waits_for_others(explaining));

    if (!explaining->is_taken)
        return "nothing: it is not taken";
    if (explaining->asked->no_ledger)
        return "not known: the ledger could not be asked";
    return row_decides ? explain_state(state) : next_by_file(explaining);
}

static void gather(struct explaining *explaining)
{
    json_t *object = explaining->object;

    answer_json_put_text(object, "watch", explaining->source->name);
    answer_json_put_text(object, "folder", explaining->source->path);
    answer_json_put_text(object, "relpath", explaining->relpath);
    add_file(explaining);
    add_rule(explaining);
    add_settle(explaining);
    add_match(explaining);
    explain_companions(explaining);
    explain_metadata(explaining);
    answer_json_put_text(object, "next", next_text(explaining));
}

/* So that a reader finds every field. */
static void add_nulls(json_t *object)
{
    static const char *const keys[] = {"kind",    "size",          "modified", "target",
                                       "match",   "marker",        "sidecar",  "attachment",
                                       "request", "metadata_error"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!json_object_get(object, keys[i]))
            answer_json_put(object, keys[i], json_null());
    }
}

static void auto_source_fn(struct source **source)
{
    source_free(*source);
}

int explain_look(const struct explaining *explaining, const char *relpath,
                 struct beneath_file *file)
{
    if (explaining->root_fd < 0)
        return ENOENT;
    return explaining->source->links == BENEATH_LINKS_INSIDE
               ? beneath_resolve(explaining->root_fd, relpath, file)
               : beneath_look(explaining->root_fd, relpath, file);
}

const char *explain_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *explain_place(const struct explaining *explaining, const char *option)
{
    auto_free char *path = xasprintf("watch[%zu].%s", explaining->asked->watch, option);
    char *origin = config_origin(explaining->asked->config, path);

    if (strcmp(origin, "default") != 0)
        return origin;
    free(origin);
    return NULL;
}

json_t *explain_watch(const struct explain *explain, struct err *err)
{
    const struct config_watch *watch = &explain->config->watches[explain->watch];
    __attribute__((cleanup(auto_source_fn))) struct source *source = setup_source(watch, err);
    auto_fd int root_fd = -1;
    struct err ignored;

    if (!source)
        return NULL;
    struct explaining explaining = {
        .asked = explain,
        .source = source,
        .relpath = source_relpath(source, explain->path),
        .root_fd = -1,
        .file = BENEATH_FILE_NONE,
        .attachment_size = -1,
    };
    assert(explaining.relpath);
    /* A folder that is not there has no files; its rules hold all the same. */
    if (beneath_open_root(watch->path, &root_fd, &ignored))
        explaining.root_fd = root_fd;
    explaining.object = json_object();
    gather(&explaining);
    add_nulls(explaining.object);
    beneath_file_release(&explaining.file);
    free(explaining.attachment_relpath);
    return explaining.object;
}
