/*
 * fetch_judge.c - may a document take the place of the last good one, and where does it lie?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "flow/fetch_parts.h"
#include "flow/sbom_place.h"

enum { PERMILLE = 1000 };

/* Where components are not known the size in bytes stands for them. */
bool fetch_is_shrunk(const struct sbom_row *last_good, const struct sbom_file_result *result,
                     int64_t least_permille, char *reason, size_t size)
{
    bool is_known = last_good->components >= 0 && result->facts.components >= 0;
    int64_t before = is_known ? last_good->components : last_good->size;
    int64_t now = is_known ? result->facts.components : result->size;

    if (now >= before || now * PERMILLE >= before * least_permille)
        return false;
    snprintf(reason, size, "%jd %s where the last good one has %jd", (intmax_t)now,
             is_known ? "components" : "bytes", (intmax_t)before);
    return true;
}

/* Serial numbers and times do not count: an unchanged document touches no file. */
static bool is_same_content(const struct fetch *fetch)
{
    return fetch->has_latest &&
           strcmp(fetch->latest.content_id, fetch->result.facts.content_id) == 0;
}

/* A file of another kind has another name: the one before must not look like a current one. */
static bool choose_path(struct fetch *fetch, struct err *err)
{
    const char *directory = fetch->flow->settings.sbom_directory;
    const char *known = fetch->has_latest ? fetch->latest.file : NULL;
    const struct sbom_place place = {
        .subject = &fetch->subject,
        .format = fetch_format(fetch)->name,
        .ext = sbom_kind_ext(fetch->result.facts.kind),
    };

    free(fetch->relpath);
    free(fetch->old_relpath);
    fetch->old_relpath = NULL;
    fetch->relpath = sbom_place_choose(fetch->flow, &place, known, err);
    const char *old = known ? sbom_path_below(directory, known, NULL) : NULL;
    if (fetch->relpath && old && strcmp(old, fetch->relpath) != 0)
        fetch->old_relpath = xstrdup(old);
    return fetch->relpath != NULL;
}

bool fetch_judge(struct fetch *fetch, struct err *err)
{
    const struct flow_settings *settings = &fetch->flow->settings;

    if (!choose_path(fetch, err))
        return false;
    if (is_same_content(fetch)) {
        fetch->judgement = FETCH_SAME;
    } else if (fetch->has_latest &&
               fetch_is_shrunk(&fetch->latest, &fetch->result, settings->min_components_permille,
                               fetch->reason, sizeof fetch->reason)) {
        fetch->judgement = FETCH_SHRUNK;
    } else {
        fetch->judgement = FETCH_NEW;
    }
    return true;
}
