/*
 * result_json.c - every documented field is always there, so that a script can rely on it without
 * looking first; null says that there is nothing.
 */
#include "ci/result_json.h"

#include <stdbool.h>

#include "base/auto.h"
#include "base/printable.h"

/* The ignore file's reasons are bytes that somebody wrote; all else came as JSON. */
static json_t *text(const char *value)
{
    json_t *string = value ? json_string(value) : json_null();

    if (string)
        return string;
    auto_free char *shown = printable_new(value);
    return json_string(shown);
}

static json_t *finding_json(const struct finding *finding)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", text(finding->id));
    if (finding->kind == FINDING_ISSUE)
        json_object_set_new(object, "type", text(finding->type));
    json_object_set_new(object, "severity", text(finding->severity));
    if (finding->kind == FINDING_ISSUE)
        json_object_set_new(object, "file", text(finding->file));
    else
        json_object_set_new(object, "description", text(finding->description));
    return object;
}

static json_t *judged_json(const struct judgement *judgement, const struct judged *judged)
{
    auto_free char *reason = judgement_reason(judgement, judged);
    json_t *object = finding_json(judged->finding);

    json_object_set_new(object, "counts", json_boolean(judged->as == JUDGED_COUNTS));
    json_object_set_new(object, "ignored", json_boolean(judged->as == JUDGED_IGNORED));
    json_object_set_new(object, "reason", text(reason));
    return object;
}

static json_t *lists_json(const struct judgement *judgement, size_t begin, size_t end,
                          const struct finding_list *dropped)
{
    json_t *news = json_array();
    json_t *gone = json_array();

    for (size_t i = begin; i < end; i++)
        json_array_append_new(news, judged_json(judgement, &judgement->items[i]));
    for (size_t i = 0; i < dropped->count; i++)
        json_array_append_new(gone, finding_json(&dropped->items[i]));
    return json_pack("{s:o, s:o}", "new", news, "dropped", gone);
}

static json_t *counts_json(const struct findings *findings, const struct judgement *judgement)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",                        //
                     "new_issues", (json_int_t)findings->new_issues.count,         //
                     "dropped_issues", (json_int_t)findings->dropped_issues.count, //
                     "new_cves", (json_int_t)findings->new_cves.count,             //
                     "dropped_cves", (json_int_t)findings->dropped_cves.count,     //
                     "ignored", (json_int_t)judgement->ignored,                    //
                     "below_severity", (json_int_t)judgement->below,               //
                     "gating", (json_int_t)judgement->counting);
}

static json_t *links_json(const struct subject *subject)
{
    return json_pack("{s:o, s:o, s:o, s:o}",                   //
                     "firmware", text(subject->firmware_link), //
                     "issues", text(subject->issues_link),     //
                     "cves", text(subject->cves_link),         //
                     "compare", text(subject->compare_link));
}

json_t *result_json(const struct subject *subject, const struct findings *findings,
                    const struct judgement *judgement, int exit_code)
{
    json_t *object = json_object();
    size_t issue_count = judgement ? judgement->issue_count : 0;

    json_object_set_new(object, "firmware_id", text(subject->firmware_id));
    json_object_set_new(object, "name", text(subject->name));
    json_object_set_new(object, "version", text(subject->version));
    json_object_set_new(object, "previous_firmware_id", text(subject->previous_id));
    json_object_set_new(
        object, "analysis",
        json_pack("{s:o, s:o}", "state", text(subject->state), "result", text(subject->result)));
    json_object_set_new(object, "issues",
                        judgement ? lists_json(judgement, 0, issue_count, &findings->dropped_issues)
                                  : json_null());
    json_object_set_new(
        object, "cves",
        judgement ? lists_json(judgement, issue_count, judgement->count, &findings->dropped_cves)
                  : json_null());
    json_object_set_new(object, "counts",
                        judgement ? counts_json(findings, judgement) : json_null());
    json_object_set_new(object, "links", links_json(subject));
    json_object_set_new(object, "exit", json_integer(exit_code));
    return object;
}
