/*
 * explain.c - the same functions that the agent decides with, asked one after the other:
 * rule_judge(), the settle rule, source_metadata(). What is told here is what happens.
 *
 * Files are looked at below the watched folder, with the agent's own care about links.
 */
#include "cli/explain.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/beneath.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/units.h"
#include "cli/row.h"
#include "control/answer_json.h"
#include "flow/source.h"
#include "run/setup.h"
#include "store/item.h"

struct explaining {
    const struct explain *asked;
    const struct source *source;
    const char *relpath;
    json_t *object; /* what is being gathered */
    int root_fd;    /* -1: the folder cannot be opened */
    struct beneath_file file;
    bool exists;
    bool is_regular;
    bool is_taken;
    bool has_metadata;
    const char *waits; /* for a companion; NULL: for none */
};

/* ---- the file ---- */

static int look(const struct explaining *explaining, const char *relpath, struct beneath_file *file)
{
    if (explaining->root_fd < 0)
        return ENOENT;
    return explaining->source->links == BENEATH_LINKS_INSIDE
               ? beneath_resolve(explaining->root_fd, relpath, file)
               : beneath_look(explaining->root_fd, relpath, file);
}

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
    int number = look(explaining, explaining->relpath, &explaining->file);
    const struct beneath_facts facts = beneath_facts_of(&explaining->file.facts);

    explaining->exists = number == 0;
    answer_json_put(object, "exists", json_boolean(number != ENOENT && number != ENOTDIR));
    if (number != 0) {
        bool is_missing = number == ENOENT || number == ENOTDIR;
        answer_json_put_text(object, "kind", is_missing ? NULL : trouble_text(number));
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

static void add_rule(struct explaining *explaining)
{
    struct rule_judgement judgement =
        rule_judge(explaining->source->rules, explaining->relpath, RULE_FILE);
    auto_free char *text = rule_judgement_text(&judgement);
    const char *slash = strrchr(explaining->relpath, '/');
    const char *fault = rule_name_fault(slash ? slash + 1 : explaining->relpath);

    explaining->is_taken = judgement.verdict == RULE_TAKE && !fault;
    answer_json_put(explaining->object, "taken", json_boolean(explaining->is_taken));
    if (fault && judgement.verdict == RULE_TAKE) {
        auto_free char *why = xasprintf("its name %s", fault);
        answer_json_put_text(explaining->object, "rule", why);
    } else {
        answer_json_put_text(explaining->object, "rule", text);
    }
}

static void add_settle(const struct explaining *explaining)
{
    const struct settle_rule *rule = &explaining->source->settle;
    char quiet[UNITS_TEXT_SIZE];
    auto_free char *text =
        rule->needs_marker
            ? xstrdup("one look, once its marker is there")
            : xasprintf("two equal looks, %s apart", units_duration_text(rule->quiet_ms, quiet));

    answer_json_put_text(explaining->object, "settle", text);
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

/* ---- companions ---- */

/* Whether it is there; takes relpath, which is NULL where none is configured. */
static bool add_companion(struct explaining *explaining, const char *key, char *take_relpath,
                          const char *if_missing)
{
    auto_free char *relpath = take_relpath;
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;

    if (!relpath)
        return false;
    bool exists = look(explaining, relpath, &file) == 0 && S_ISREG(file.facts.st_mode);
    auto_free char *path = source_path(explaining->source, relpath);
    json_t *companion = json_object();
    answer_json_put_path(companion, path);
    answer_json_put(companion, "exists", json_boolean(exists));
    answer_json_put_text(companion, "text", exists ? NULL : if_missing);
    answer_json_put(explaining->object, key, companion);
    return exists;
}

static const char *missing_text(enum source_missing missing)
{
    switch (missing) {
    case SOURCE_MISSING_WAIT:
        return "the file waits for it";
    case SOURCE_MISSING_SKIP:
        return "the file is sent without it";
    case SOURCE_MISSING_FAIL:
        return "the file fails without it";
    }
    abort();
}

static void add_companions(struct explaining *explaining)
{
    const struct source *source = explaining->source;
    const struct rule_set *rules = source->rules;
    const char *relpath = explaining->relpath;

    if (!add_companion(explaining, "marker", rule_marker_path(rules, relpath),
                       "the file waits for it") &&
        source->settle.needs_marker)
        explaining->waits = "it waits for its marker";
    if (!add_companion(explaining, "attachment", rule_attachment_path(rules, relpath),
                       missing_text(source->attach_missing)) &&
        source->has_attachment && source->attach_missing == SOURCE_MISSING_WAIT &&
        !explaining->waits)
        explaining->waits = "it waits for its SBOM";
}

/* ---- metadata ---- */

/* True with an empty *sidecar where there is none. */
static bool read_sidecar(struct explaining *explaining, struct metadata_sidecar *sidecar,
                         struct err *err)
{
    auto_free char *relpath = rule_sidecar_path(explaining->source->rules, explaining->relpath);
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    auto_buf struct buf bytes = {.max = METADATA_SIDECAR_MAX_BYTES};

    if (!add_companion(explaining, "sidecar", relpath ? xstrdup(relpath) : NULL,
                       "the templates decide"))
        return true;
    return beneath_open_file(explaining->root_fd, relpath, explaining->source->links, &file, err) &&
           buf_read_fd(&bytes, file.fd, err) &&
           metadata_sidecar_parse(bytes.bytes ? bytes.bytes : "", bytes.size, relpath, sidecar,
                                  err);
}

static bool resolve(struct explaining *explaining, const struct metadata_sidecar *sidecar,
                    struct metadata *metadata, struct err *err)
{
    const struct beneath_facts facts = beneath_facts_of(&explaining->file.facts);
    const struct metadata_facts known = {
        .path = explaining->asked->path,
        .relpath = explaining->relpath,
        .sha256 = row_string(explaining->asked->row, "sha256"),
        .mtime_ms = facts.mtime_ns / 1000000,
        .size = (uint64_t)facts.size,
    };

    return source_metadata(explaining->source, &known, sidecar, metadata, err);
}

/* Where the value of the configuration stands; "default" where it is nobody's. */
static char *place_of(const struct explaining *explaining, enum metadata_field field)
{
    auto_free char *path =
        xasprintf("watch[%zu].metadata.%s", explaining->asked->watch, metadata_field_key(field));

    return config_origin(explaining->asked->config, path);
}

/* To a watch its defaults are templates as any other. */
static bool is_default(const struct metadata *metadata, enum metadata_field field,
                       const char *place)
{
    return metadata->origin[field] == METADATA_TEMPLATE && strcmp(place, "default") == 0;
}

static void add_fields(const struct explaining *explaining, const struct metadata *metadata)
{
    json_t *list = json_array();

    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        enum metadata_field field = (enum metadata_field)i;
        auto_free char *origin = metadata_origin_text(metadata, field);
        auto_free char *place = place_of(explaining, field);
        json_t *one = json_object();

        answer_json_put_text(one, "field", metadata_field_key(field));
        answer_json_put_text(one, "value", metadata->value[i]);
        answer_json_put_text(one, "origin",
                             is_default(metadata, field, place) ? "default" : origin);
        answer_json_put_text(one, "place", strcmp(place, "default") ? place : NULL);
        json_array_append_new(list, one);
    }
    answer_json_put(explaining->object, "metadata", list);
}

static void add_metadata(struct explaining *explaining)
{
    auto_metadata_sidecar struct metadata_sidecar sidecar = {0};
    auto_metadata struct metadata metadata = {0};
    struct err err;

    explaining->has_metadata =
        read_sidecar(explaining, &sidecar, &err) && resolve(explaining, &sidecar, &metadata, &err);
    add_fields(explaining, &metadata);
    if (!explaining->has_metadata)
        answer_json_put_text(explaining->object, "metadata_error", err.message);
}

/* ---- what comes of it ---- */

static void add_request(const struct explaining *explaining)
{
    const char *slash = strrchr(explaining->relpath, '/');
    auto_free char *url = xasprintf("%s/graphql", explaining->asked->config->api.url);
    json_t *request = json_object();

    answer_json_put_text(request, "operation", "createFirmwareUpload");
    answer_json_put_text(request, "url", url);
    answer_json_put_text(request, "file", slash ? slash + 1 : explaining->relpath);
    answer_json_put(explaining->object, "request", request);
}

/* Other content than the ledger's is a new item, whatever became of the old one. */
static bool has_changed(const struct explaining *explaining)
{
    return explaining->asked->row && explaining->exists &&
           row_number(explaining->asked->row, "size") != explaining->file.facts.st_size;
}

static const char *next_by_file(const struct explaining *explaining)
{
    if (explaining->exists && !explaining->is_regular)
        return "nothing: only regular files are taken";
    if (explaining->exists && explaining->file.facts.st_size == 0)
        return "it waits: an empty file is somebody's placeholder";
    if (explaining->waits)
        return explaining->waits;
    if (!explaining->has_metadata)
        return "it fails: see its metadata";
    return explaining->exists ? "the next scan finds it: it settles, is hashed and sent"
                              : "when it appears it settles, is hashed and sent";
}

/* A row that still settles says less than the file itself: what is it waiting for? */
static bool is_settling(const char *state)
{
    return state && (strcmp(state, item_state_name(ITEM_FOUND)) == 0 ||
                     strcmp(state, item_state_name(ITEM_SETTLING)) == 0);
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
    add_companions(explaining);
    add_metadata(explaining);
    if (explaining->is_taken && explaining->has_metadata)
        add_request(explaining);
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
    };
    assert(explaining.relpath);
    /* A folder that is not there has no files; its rules hold all the same. */
    if (beneath_open_root(watch->path, &root_fd, &ignored))
        explaining.root_fd = root_fd;
    explaining.object = json_object();
    gather(&explaining);
    add_nulls(explaining.object);
    beneath_file_release(&explaining.file);
    return explaining.object;
}
