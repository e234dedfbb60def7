/*
 * explain_companion.c - the files beside an image that it waits for, or goes with.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/explain_parts.h"
#include "control/answer_json.h"

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

/* The size of a regular file; -1 where there is none. */
static int64_t size_of(const struct explaining *explaining, const char *relpath)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;

    if (explain_look(explaining, relpath, &file) != 0 || !S_ISREG(file.facts.st_mode))
        return -1;
    return file.facts.st_size;
}

static void add_marker(struct explaining *explaining)
{
    auto_free char *relpath = rule_marker_path(explaining->source->rules, explaining->relpath);
    bool exists = explain_companion(explaining, "marker", relpath, "the file waits for it");

    if (!exists && explaining->source->settle.needs_marker)
        explaining->waits = "it waits for its marker";
}

static void add_attachment(struct explaining *explaining)
{
    const struct source *source = explaining->source;
    enum source_missing missing = source->attach_missing;
    auto_free char *relpath = rule_attachment_path(source->rules, explaining->relpath);
    bool exists = explain_companion(explaining, "attachment", relpath, missing_text(missing));

    if (!relpath)
        return;
    if (!exists && missing == SOURCE_MISSING_WAIT && !explaining->waits)
        explaining->waits = "it waits for its SBOM";
    explaining->is_lacking = !exists && missing == SOURCE_MISSING_FAIL;
    /* One that is waited for goes with the file in the end. */
    if (!exists && missing == SOURCE_MISSING_SKIP)
        return;
    explaining->attachment_size = size_of(explaining, relpath);
    explaining->attachment_relpath = auto_take(relpath);
    explaining->attachment = explain_base_name(explaining->attachment_relpath);
}

bool explain_companion(struct explaining *explaining, const char *key, const char *relpath,
                       const char *if_missing)
{
    if (!relpath)
        return false;
    bool exists = size_of(explaining, relpath) >= 0;
    auto_free char *path = source_path(explaining->source, relpath);
    json_t *companion = json_object();

    answer_json_put_path(companion, path);
    answer_json_put(companion, "exists", json_boolean(exists));
    answer_json_put_text(companion, "text", exists ? NULL : if_missing);
    answer_json_put(explaining->object, key, companion);
    return exists;
}

void explain_companions(struct explaining *explaining)
{
    add_marker(explaining);
    add_attachment(explaining);
}
