/*
 * fetch_judge.c - may a document take the place of the last good one, and where does it lie?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/mem.h"
#include "flow/fetch_parts.h"

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

/* It is ours, as long as it was: whether every byte of it still is, `sbom verify` says. */
static bool lies_there(const struct sbom_row *latest)
{
    struct stat facts;

    return latest->is_unplaced || (lstat(latest->file, &facts) == 0 && S_ISREG(facts.st_mode) &&
                                   facts.st_size == latest->size);
}

/* ---- where ---- */

static char *file_of(const struct fetch *fetch, const char *relpath)
{
    return xasprintf("%s/%s", fetch->flow->settings.sbom_directory, relpath);
}

/* Two formats of one kind may have the same name: the later one is told apart. */
static bool keep_apart(struct fetch *fetch, const struct sbom_place *place, struct err *err)
{
    auto_free struct sbom_row *other = xcalloc(1, sizeof *other);
    auto_free char *file = file_of(fetch, fetch->relpath);
    bool found;

    if (!sbom_file_owner(fetch->flow->db, file, other, &found, err))
        return false;
    if (!found || (strcmp(other->firmware_id, fetch->subject.firmware_id) == 0 &&
                   strcmp(other->format, place->format) == 0))
        return true;
    char *apart = sbom_path_apart(fetch->relpath, place);
    free(fetch->relpath);
    fetch->relpath = apart;
    return true;
}

/* Where the one before lies, if it can: a product that is renamed moves no files. */
static bool choose_path(struct fetch *fetch, struct err *err)
{
    const struct flow_settings *settings = &fetch->flow->settings;
    const struct sbom_place place = {
        .subject = &fetch->subject,
        .format = fetch_format(fetch)->name,
        .ext = sbom_kind_ext(fetch->result.facts.kind),
    };
    const char *known = NULL;

    free(fetch->relpath);
    free(fetch->old_relpath);
    fetch->relpath = fetch->old_relpath = NULL;
    if (fetch->has_latest)
        known = sbom_path_below(settings->sbom_directory, fetch->latest.file, place.ext);
    if (known) {
        fetch->relpath = xstrdup(known);
        return true;
    }
    if (fetch->has_latest) {
        const char *old = sbom_path_below(settings->sbom_directory, fetch->latest.file, NULL);
        fetch->old_relpath = old ? xstrdup(old) : NULL;
    }
    fetch->relpath = sbom_path_new(settings->sbom_path, &place, err);
    return fetch->relpath && keep_apart(fetch, &place, err);
}

bool fetch_judge(struct fetch *fetch, struct err *err)
{
    const struct flow_settings *settings = &fetch->flow->settings;

    if (!sbom_latest(fetch->flow->db, fetch->subject.firmware_id, fetch_format(fetch)->name,
                     &fetch->latest, &fetch->has_latest, err) ||
        !choose_path(fetch, err))
        return false;
    auto_free char *file = file_of(fetch, fetch->relpath);
    if (is_same_content(fetch)) {
        bool stays = strcmp(file, fetch->latest.file) == 0 && lies_there(&fetch->latest);
        fetch->judgement = stays ? FETCH_SAME : FETCH_MISSING;
    } else if (fetch->has_latest &&
               fetch_is_shrunk(&fetch->latest, &fetch->result, settings->min_components_permille,
                               fetch->reason, sizeof fetch->reason)) {
        fetch->judgement = FETCH_SHRUNK;
    } else {
        fetch->judgement = FETCH_NEW;
    }
    return true;
}
