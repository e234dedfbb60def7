/*
 * findings.c - reads into a value of its own first: the caller's is filled by a whole answer or
 * not at all.
 */
#include "onekey/findings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"

enum { JOINED_MAX = 100 }; /* all that the platform is known to say, joined, is shorter */

static void release_list(struct finding_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        free(list->items[i].severity);
        free(list->items[i].type);
        free(list->items[i].file);
        free(list->items[i].description);
    }
    free(list->items);
    *list = (struct finding_list){0};
}

/* A null entry is one that this token may not see; it has nothing to tell. */
static bool read_entry(const json_t *entry, const json_t **object, struct err *err)
{
    *object = json_is_object(entry) ? entry : NULL;
    return *object || json_is_null(entry) || err_set(err, ERR_PROTOCOL, "want an object or null");
}

static bool read_id(const json_t *entry, const char **id, struct err *err)
{
    if (!field_text(entry, "id", id, err))
        return false;
    return **id || err_set(err, ERR_PROTOCOL, "read id: it is empty");
}

static bool read_issue(const json_t *entry, struct finding_list *list, struct err *err)
{
    struct finding *issue = &list->items[list->count];
    const char *id = NULL;
    const char *severity = NULL;
    const char *type = NULL;
    const char *path = NULL;
    const json_t *file = NULL;

    if (!read_id(entry, &id, err) || !field_maybe_text(entry, "severity", &severity, err) ||
        !field_maybe_text(entry, "type", &type, err) ||
        !field_maybe_object(entry, "file", &file, err) ||
        !field_maybe_text(file, "path", &path, err))
        return false;
    *issue = (struct finding){.kind = FINDING_ISSUE, .id = xstrdup(id)};
    text_replace(&issue->severity, severity);
    text_replace(&issue->type, type);
    text_replace(&issue->file, path);
    list->count++;
    return true;
}

static bool read_issues(const json_t *entries, struct finding_list *list, struct err *err)
{
    size_t count = json_array_size(entries);

    list->items = xcalloc(count + 1, sizeof *list->items);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = NULL;

        if (!read_entry(json_array_get(entries, i), &entry, err) ||
            (entry && !read_issue(entry, list, err)))
            return err_wrap(err, "read issue %zu", i);
    }
    return true;
}

static bool same_severity(const char *a, const char *b)
{
    return a == b || (a && b && strcasecmp(a, b) == 0);
}

/*
 * What was said before is in the word already when it comes a third time. A word that is long
 * is no known one any more, and nobody reads the rest of it.
 */
static void join_severity(struct finding *cve, const char *severity)
{
    const char *old = cve->severity ? cve->severity : "unknown";
    const char *more = severity ? severity : "unknown";

    if (same_severity(cve->severity, severity) || strnlen(old, JOINED_MAX + 1) > JOINED_MAX ||
        strcasestr(old, more))
        return;
    char *joined = xasprintf("%s/%s", old, more);
    free(cve->severity);
    cve->severity = joined;
}

/* seen: ID to index in the list. */
static bool read_cve(const json_t *entry, struct finding_list *list, json_t *seen, struct err *err)
{
    const char *id = NULL;
    const char *severity = NULL;
    const char *description = NULL;

    if (!read_id(entry, &id, err) || !field_maybe_text(entry, "severity", &severity, err) ||
        !field_maybe_text(entry, "description", &description, err))
        return false;
    const json_t *index = json_object_get(seen, id);
    if (index) {
        join_severity(&list->items[json_integer_value(index)], severity);
        return true;
    }
    json_object_set_new(seen, id, json_integer((json_int_t)list->count));
    struct finding *cve = &list->items[list->count++];
    *cve = (struct finding){.kind = FINDING_CVE, .id = xstrdup(id)};
    text_replace(&cve->severity, severity);
    text_replace(&cve->description, description);
    return true;
}

/* within: the field of each entry that holds the CVE; NULL where the entry is the CVE. */
static bool read_cves(const json_t *entries, const char *within, struct finding_list *list,
                      struct err *err)
{
    size_t count = json_array_size(entries);
    auto_json json_t *seen = json_object();

    list->items = xcalloc(count + 1, sizeof *list->items);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = NULL;

        if (!read_entry(json_array_get(entries, i), &entry, err) ||
            (entry && within && !field_maybe_object(entry, within, &entry, err)) ||
            (entry && !read_cve(entry, list, seen, err)))
            return err_wrap(err, "read CVE %zu", i);
    }
    return true;
}

static bool read_comparison(const json_t *data, struct findings *findings, struct err *err)
{
    const json_t *comparison = NULL;
    const json_t *issues = NULL;
    const json_t *cves = NULL;
    const json_t *lists[4] = {NULL};

    return field_object(data, "compareFirmwareAnalyses", &comparison, err) &&
           field_object(comparison, "issues", &issues, err) &&
           field_object(comparison, "cveEntries", &cves, err) &&
           field_list(issues, "new", &lists[0], err) &&
           field_list(issues, "dropped", &lists[1], err) &&
           field_list(cves, "new", &lists[2], err) && field_list(cves, "dropped", &lists[3], err) &&
           read_issues(lists[0], &findings->new_issues, err) &&
           read_issues(lists[1], &findings->dropped_issues, err) &&
           read_cves(lists[2], NULL, &findings->new_cves, err) &&
           read_cves(lists[3], NULL, &findings->dropped_cves, err);
}

static bool read_own(const json_t *data, struct findings *findings, struct err *err)
{
    const json_t *firmware = NULL;
    const json_t *issues = NULL;
    const json_t *cves = NULL;

    return field_object(data, "firmware", &firmware, err) &&
           field_list(firmware, "latestIssues", &issues, err) &&
           field_list(firmware, "cveMatches", &cves, err) &&
           read_issues(issues, &findings->new_issues, err) &&
           read_cves(cves, "cve", &findings->new_cves, err);
}

static bool take_if(bool ok, struct findings *read, struct findings *findings)
{
    if (ok)
        *findings = *read;
    else
        findings_release(read);
    return ok;
}

char *findings_compare_request(const char *base_id, const char *other_id)
{
    assert(firmware_id_is_sane(base_id) && firmware_id_is_sane(other_id));
    return graphql_request(graphql_text_compare_firmware_analyses,
                           json_pack("{s:s, s:s}", "base", base_id, "other", other_id));
}

bool findings_compare_reply(const char *bytes, size_t size, struct findings *findings,
                            struct err *err)
{
    auto_json json_t *data = NULL;
    struct findings read = {0};

    return graphql_reply_up_to(bytes, size, FINDINGS_BYTES_MAX, &data, err) &&
           take_if(read_comparison(data, &read, err), &read, findings);
}

char *findings_own_request(const char *id)
{
    assert(firmware_id_is_sane(id));
    return graphql_request(graphql_text_own_findings, json_pack("{s:s}", "id", id));
}

bool findings_own_reply(const char *bytes, size_t size, struct findings *findings, struct err *err)
{
    auto_json json_t *data = NULL;
    struct findings read = {0};

    return graphql_reply_up_to(bytes, size, FINDINGS_BYTES_MAX, &data, err) &&
           take_if(read_own(data, &read, err), &read, findings);
}

void findings_release(struct findings *findings)
{
    release_list(&findings->new_issues);
    release_list(&findings->dropped_issues);
    release_list(&findings->new_cves);
    release_list(&findings->dropped_cves);
}

/* ---- which firmware came before? ---- */

static bool add_to_timeline(const json_t *entry, struct findings_timeline *timeline,
                            struct err *err)
{
    const json_t *firmware = NULL;

    if (!read_entry(entry, &entry, err) || !field_maybe_object(entry, "firmware", &firmware, err))
        return false;
    if (!firmware)
        return true;
    if (!field_firmware_id(firmware, "id", timeline->ids[timeline->count], err))
        return false;
    timeline->count++;
    return true;
}

char *findings_timeline_request(const char *id, size_t count)
{
    assert(firmware_id_is_sane(id) && count >= 1 && count <= FINDINGS_TIMELINE_MAX);
    return graphql_request(graphql_text_firmware_timeline,
                           json_pack("{s:s, s:i}", "id", id, "count", (int)count));
}

bool findings_timeline_reply(const char *bytes, size_t size, size_t count,
                             struct findings_timeline *timeline, struct err *err)
{
    auto_json json_t *data = NULL;
    const json_t *firmware = NULL;
    const json_t *product = NULL;
    const json_t *entries = NULL;

    if (!graphql_reply_up_to(bytes, size, FINDINGS_BYTES_MAX, &data, err) ||
        !field_object(data, "firmware", &firmware, err) ||
        !field_object(firmware, "product", &product, err) ||
        !field_list(product, "firmwareTimeline", &entries, err))
        return false;
    *timeline = (struct findings_timeline){.is_cut = json_array_size(entries) >= count};
    for (size_t i = 0; i < json_array_size(entries) && i < count; i++) {
        if (!add_to_timeline(json_array_get(entries, i), timeline, err))
            return err_wrap(err, "read firmwareTimeline[%zu]", i);
    }
    return true;
}

enum findings_place findings_place_of(const struct findings_timeline *timeline, const char *id,
                                      const char **previous)
{
    size_t at = 0;

    while (at < timeline->count && strcasecmp(timeline->ids[at], id) != 0)
        at++;
    if (at == timeline->count)
        return FINDINGS_UNKNOWN;
    /* Against itself nothing would be new: a firmware may stand there once an analysis. */
    while (at + 1 < timeline->count && strcasecmp(timeline->ids[at + 1], id) == 0)
        at++;
    if (at + 1 < timeline->count) {
        *previous = timeline->ids[at + 1];
        return FINDINGS_AFTER;
    }
    return timeline->is_cut ? FINDINGS_UNKNOWN : FINDINGS_FIRST;
}
