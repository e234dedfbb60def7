/*
 * fetch_compare.c - what changed between the last good document and the one that came.
 *
 * Only for the words of an alert: where it cannot be found out, the alert says less.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/fetch_parts.h"
#include "flow/stored.h"

/* Two lists of so many components take some ten MiB; several jobs may compare at a time. */
enum { COMPARED_MAX = 50000, NAMED_MAX = 8 };

static bool is_comparable(const struct fetch *fetch)
{
    return fetch->judgement == FETCH_NEW && fetch->has_latest &&
           strcmp(fetch->latest.component_id, fetch->result.facts.component_id) != 0 &&
           fetch->latest.components >= 0 && fetch->latest.components <= COMPARED_MAX &&
           fetch->result.facts.components >= 0 && fetch->result.facts.components <= COMPARED_MAX;
}

/* ---- recall ---- */

static void on_recalled(void *owner, const struct err *err)
{
    struct fetch *fetch = owner;

    if (err && err->kind != ERR_CANCELLED) {
        log_warn("sbom_not_compared", F_TEXT("firmware_id", fetch->subject.firmware_id),
                 F_TEXT("reason", err->message));
        close(fetch->old_fd);
        fetch->old_fd = -1;
        err = NULL;
    }
    job_finish_op(fetch->job, err);
}

enum started fetch_recall_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);
    const struct flow *flow = fetch->flow;

    fetch->changes[0] = '\0';
    if (!is_comparable(fetch))
        return STEP_READY;
    fetch->old_fd = publish_scratch(flow->settings.state_dir, err);
    if (fetch->old_fd < 0)
        return STEP_BROKEN;
    job->op =
        stored_start(flow->loop, flow->db, fetch->latest.sha256, fetch->old_fd, on_recalled, fetch);
    return STEP_WAITS;
}

/* ---- compare ---- */

struct naming {
    char *text;
    size_t size;
    int64_t named;
};

static void add_name(struct naming *naming, const char *text)
{
    size_t used = strlen(naming->text);

    snprintf(naming->text + used, naming->size - used, "%s%s", used > 0 ? ", " : "", text);
}

static bool on_difference(void *owner, const struct sbom_difference *difference, struct err *err)
{
    struct naming *naming = owner;
    auto_free char *name = printable_new(difference->name);
    auto_free char *from = printable_new(difference->old_version ? difference->old_version : "");
    auto_free char *to = printable_new(difference->new_version ? difference->new_version : "");
    auto_free char *text = NULL;

    (void)err;
    if (naming->named++ >= NAMED_MAX)
        return true;
    switch (difference->change) {
    case SBOM_ADDED:
        text = xasprintf("+ %s %s", name, to);
        break;
    case SBOM_REMOVED:
        text = xasprintf("- %s %s", name, from);
        break;
    case SBOM_VERSION:
        text = xasprintf("%s %s -> %s", name, from, to);
        break;
    case SBOM_DETAIL:
        text = xasprintf("%s %s: licences or hashes", name, to);
        break;
    }
    add_name(naming, text);
    return true;
}

static void put_counts(struct fetch *fetch, const struct sbom_diff_counts *counts,
                       const char *names)
{
    int64_t all = counts->added + counts->removed + counts->version + counts->detail;

    if (all == 0) {
        snprintf(fetch->changes, sizeof fetch->changes,
                 "no component, but the licences that the document keeps beside them");
        return;
    }
    snprintf(fetch->changes, sizeof fetch->changes,
             "%jd added, %jd removed, %jd in another version, %jd with other licences or hashes: "
             "%s%s",
             (intmax_t)counts->added, (intmax_t)counts->removed, (intmax_t)counts->version,
             (intmax_t)counts->detail, names, all > NAMED_MAX ? ", ..." : "");
}

static bool compare_lists(struct fetch *fetch, struct sbom_list *old_list,
                          struct sbom_list *new_list, struct err *err)
{
    char names[FETCH_TEXT_SIZE / 2] = "";
    struct naming naming = {names, sizeof names, 0};
    struct sbom_diff_counts counts = {0};

    if (!sbom_diff(old_list, new_list, on_difference, &naming, &counts, err))
        return false;
    put_counts(fetch, &counts, names);
    return true;
}

static bool compare_files(struct fetch *fetch, struct err *err)
{
    const char *folder = fetch->flow->settings.state_dir;
    auto_fd int old_texts = publish_scratch(folder, err);
    auto_fd int new_texts = old_texts < 0 ? -1 : publish_scratch(folder, err);
    struct sbom_list *old_list = NULL;
    struct sbom_list *new_list = NULL;
    bool ok = false;

    if (new_texts >= 0)
        old_list = sbom_list_read(fetch->old_fd, old_texts, NULL, err);
    if (old_list)
        new_list = sbom_list_read(fetch->file.fd, new_texts, NULL, err);
    if (new_list)
        ok = compare_lists(fetch, old_list, new_list, err);
    sbom_list_free(old_list);
    sbom_list_free(new_list);
    return ok;
}

static void compare(void *data)
{
    struct fetch *fetch = data;
    struct err err = {.kind = ERR_OK};

    if (!compare_files(fetch, &err))
        log_warn("sbom_not_compared", F_TEXT("firmware_id", fetch->subject.firmware_id),
                 F_TEXT("reason", err.message));
}

enum started fetch_compare_start(struct job *job, struct err *err)
{
    struct fetch *fetch = fetch_of(job);

    (void)err;
    return fetch->old_fd >= 0 ? fetch_work(fetch, compare) : STEP_READY;
}
