#include "onekey/analysis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "onekey/field.h"
#include "onekey/graphql.h"

enum { ALIAS_SIZE = 8, TEXT_MAX = 64 + ANALYSIS_BATCH_MAX * 128 };

static const char *alias_name(size_t index, char alias[ALIAS_SIZE])
{
    snprintf(alias, ALIAS_SIZE, "f%u", (unsigned)index);
    return alias;
}

/* The index of the alias that the error's path begins with, or count. */
static size_t alias_of_error(const json_t *error, size_t count)
{
    const char *first = json_string_value(json_array_get(json_object_get(error, "path"), 0));
    char alias[ALIAS_SIZE];
    size_t index = 0;

    while (index < count && !(first && strcmp(first, alias_name(index, alias)) == 0))
        index++;
    return index;
}

/* What concerns the token or the platform as a whole is not one firmware's trouble. */
static bool is_about_all(const json_t *error, size_t count)
{
    enum err_kind kind = refusal_entry_kind(error);

    return alias_of_error(error, count) == count || kind == ERR_AUTH || kind == ERR_THROTTLED;
}

/* Sorts the errors by alias: errors_of[i] is the first one about ids[i]. */
static bool spread_errors(const json_t *errors, const json_t **errors_of, size_t count,
                          struct err *err)
{
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);

        if (is_about_all(error, count))
            return refusal_of_errors(errors, err);
        size_t index = alias_of_error(error, count);
        if (!errors_of[index])
            errors_of[index] = error;
    }
    return true;
}

/*
 * An error without a word about rights counts as one all the same when it took the whole firmware
 * away: how the platform words a missing right is not known. Trouble of its own does not.
 */
static enum analysis_state state_of_error(const json_t *error, bool is_gone)
{
    enum err_kind kind = refusal_entry_kind(error);

    if (kind == ERR_RIGHTS)
        return ANALYSIS_RIGHTS_MISSING;
    if (kind == ERR_SERVER || !is_gone)
        return ANALYSIS_UNREADABLE;
    if (refusal_entry_is_not_found(error))
        return ANALYSIS_UNKNOWN_FIRMWARE;
    return ANALYSIS_RIGHTS_MISSING;
}

static bool read_latest(const json_t *latest, struct analysis *analysis, struct err *err)
{
    const char *state = NULL;
    const char *result = NULL;

    if (!field_text(latest, "state", &state, err) ||
        !field_maybe_text(latest, "result", &result, err))
        return err_wrap(err, "read latestAnalysis");
    refusal_excerpt(state, analysis->state_text, sizeof analysis->state_text);
    refusal_excerpt(result ? result : "", analysis->result_text, sizeof analysis->result_text);
    if (strcmp(state, "DONE") != 0)
        analysis->state = ANALYSIS_RUNNING;
    else if (result && strcmp(result, "COMPLETE") == 0)
        analysis->state = ANALYSIS_COMPLETE;
    else
        analysis->state = ANALYSIS_FAILED;
    return true;
}

static bool read_firmware(const json_t *firmware, const char *id, struct analysis *analysis,
                          struct err *err)
{
    const json_t *latest = NULL;
    const char *name = NULL;
    const char *version = NULL;
    char got_id[FIRMWARE_ID_SIZE];

    if (!field_firmware_id(firmware, "id", got_id, err) ||
        !field_maybe_text(firmware, "name", &name, err) ||
        !field_maybe_text(firmware, "version", &version, err) ||
        !field_maybe_object(firmware, "latestAnalysis", &latest, err))
        return false;
    if (strcasecmp(got_id, id) != 0)
        return err_set(err, ERR_PROTOCOL, "read id: not the one asked for");
    text_replace(&analysis->name, name ? name : "");
    text_replace(&analysis->version, version);
    analysis->state = ANALYSIS_NOT_STARTED;
    return !latest || read_latest(latest, analysis, err);
}

static bool read_entry(const json_t *value, const json_t *error, const char *id,
                       struct analysis *analysis, struct err *err)
{
    if (!value)
        return err_set(err, ERR_PROTOCOL, "it is missing");
    if (!json_is_object(value) && !json_is_null(value))
        return err_set(err, ERR_PROTOCOL, "want an object or null");
    if (error) {
        analysis->state = state_of_error(error, json_is_null(value));
        refusal_entry_text(error, analysis->reason);
        return true;
    }
    analysis->state = ANALYSIS_UNKNOWN_FIRMWARE;
    return json_is_null(value) || read_firmware(value, id, analysis, err);
}

static bool read_entries(const json_t *envelope, const char *const *ids, size_t count,
                         struct analysis *analyses, struct err *err)
{
    const json_t *errors_of[ANALYSIS_BATCH_MAX] = {NULL};
    const json_t *errors = json_object_get(envelope, "errors");
    const json_t *data = NULL;
    char alias[ALIAS_SIZE];

    if (!spread_errors(errors, errors_of, count, err))
        return false;
    if (errors && !json_is_object(json_object_get(envelope, "data")))
        return refusal_of_errors(errors, err);
    if (!graphql_data(envelope, &data, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(data, alias_name(i, alias));

        if (!read_entry(value, errors_of[i], ids[i], &analyses[i], err))
            return err_wrap(err, "read %s", alias);
    }
    return true;
}

char *analysis_request(const char *const *ids, size_t count)
{
    auto_buf struct buf text = {.max = TEXT_MAX};
    json_t *variables = json_object();

    assert(count >= 1 && count <= ANALYSIS_BATCH_MAX);
    buf_print(&text, "query (");
    for (size_t i = 0; i < count; i++) {
        char name[ALIAS_SIZE];

        assert(firmware_id_is_sane(ids[i]));
        snprintf(name, sizeof name, "i%u", (unsigned)i);
        json_object_set_new(variables, name, json_string(ids[i]));
        buf_print(&text, "$%s: ID! ", name);
    }
    buf_print(&text, ") {\n");
    for (size_t i = 0; i < count; i++) {
        buf_print(&text,
                  "  f%zu: firmware(id: $i%zu) "
                  "{ id name version latestAnalysis { state result } }\n",
                  i, i);
    }
    buf_print(&text, "}\n");
    return graphql_request(text.bytes, variables);
}

bool analysis_reply(const char *bytes, size_t size, const char *const *ids, size_t count,
                    struct analysis *analyses, struct err *err)
{
    auto_json json_t *envelope = NULL;

    assert(count >= 1 && count <= ANALYSIS_BATCH_MAX);
    memset(analyses, 0, count * sizeof *analyses);
    if (!graphql_envelope(bytes, size, GRAPHQL_BYTES_MAX, &envelope, err))
        return false;
    if (read_entries(envelope, ids, count, analyses, err))
        return true;
    analysis_release(analyses, count);
    return false;
}

void analysis_release(struct analysis *analyses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(analyses[i].name);
        free(analyses[i].version);
        analyses[i] = (struct analysis){0};
    }
}

const char *analysis_state_name(enum analysis_state state)
{
    switch (state) {
    case ANALYSIS_UNKNOWN_FIRMWARE:
        return "unknown_firmware";
    case ANALYSIS_RIGHTS_MISSING:
        return "rights_missing";
    case ANALYSIS_UNREADABLE:
        return "unreadable";
    case ANALYSIS_NOT_STARTED:
        return "not_started";
    case ANALYSIS_RUNNING:
        return "running";
    case ANALYSIS_COMPLETE:
        return "complete";
    case ANALYSIS_FAILED:
        break;
    }
    return "failed";
}
