/*
 * fetch.h - one firmware's SBOMs, in every configured format: the steps of every job that
 * brings documents (sbom_flow for an item, export_flow for a firmware of the tenant).
 *
 * prepare   a temporary file in the SBOM folder, a scratch file in the state directory
 * download  GET the document into the temporary file
 * inspect   what is it? its digest, its content, deflated into the scratch file; then it is
 *           judged against the last good one
 * recall    the last good one out of the ledger, where its components differ
 * compare   which components are new, gone, or of another version
 * publish   fsync, rename into place, fsync; then the revision is recorded
 *
 * and from the start for the next format, also when this one brought none: how it ends then
 * follows from the worst of them. The document is judged before the last good file is
 * touched: HTML, JSON of another kind, a cut or empty body, one that shrank never gets a name.
 *
 *   the same content     nothing is written
 *   another content      a revision; sbom_changed when its components differ
 *   far fewer components quarantine, with its bytes; sbom_quarantined
 *   no SBOM              ERR_NOT_YET: it may be right the next time; at the third attempt it is
 *                        noted in the quarantine, too (judgement FETCH_NO_SBOM)
 *
 * What was decided is written with the owner's next save (fetch_write()), after the file is in
 * its place. Killed before that, everything is fetched again; what was recorded already is
 * recognised by its content and adds no revision.
 */
#ifndef FLOW_FETCH_H
#define FLOW_FETCH_H

#include "base/publish.h"
#include "flow/flow.h"
#include "flow/sbom_path.h"
#include "job/job.h"
#include "sbom/sbom_diff.h"
#include "sbom/sbom_file.h"
#include "store/sbom.h"

enum { FETCH_REFUSED_TRIES = 3, FETCH_TEXT_SIZE = 512 };

enum fetch_judgement {
    FETCH_NOTHING, /* not judged, or written */
    FETCH_SAME,    /* as the latest revision */
    FETCH_NEW,     /* a revision */
    FETCH_SHRUNK,  /* into the quarantine */
    FETCH_NO_SBOM, /* the same, without bytes */
};

struct fetch_tally { /* documents of this fetch */
    int64_t written;
    int64_t unchanged;
    int64_t quarantined;
};

struct fetch {
    struct flow *flow;
    struct job *job;
    struct sbom_subject subject;
    const char *shown; /* what people call it in an alert; borrowed */
    int64_t attempts;  /* that failed before */

    size_t format; /* which of the configured ones this round is about */
    size_t rounds; /* that are over */
    bool is_void;  /* nothing came in this round; what of it is trouble stands in worst */
    struct err worst;
    size_t absent;  /* rounds in which the platform had no document */
    size_t refused; /* ... in which one came that was none, and may be right the next time */
    size_t failed;  /* ... in which there will never be one */
    struct publish file;
    int scratch_fd;
    int old_fd; /* the last good document, recalled; -1 */
    struct sbom_file_result result;
    struct sbom_row row;    /* of the revision that is published */
    struct sbom_row latest; /* the revision before this one */
    bool has_latest;
    enum fetch_judgement judgement; /* of what is under way */
    enum fetch_judgement unwritten; /* of what the next save writes */
    char reason[FETCH_TEXT_SIZE];   /* of a quarantine */
    char changes[FETCH_TEXT_SIZE];  /* what a comparison found; "": none was made */
    char *relpath;
    char *old_relpath; /* the file that this one takes the place of, elsewhere; or NULL */
    struct fetch_tally tally;
    struct err work_err;
};

/* job->shared is set; subject's texts must stay until fetch_release(). attempts failed before. */
void fetch_init(struct fetch *fetch, struct flow *flow, struct job *job,
                const struct sbom_subject *subject, int64_t attempts);
void fetch_release(struct fetch *fetch);

/* Of the owner's save; again when the commit failed. */
bool fetch_write(struct fetch *fetch, struct db *db, struct err *err);

enum started fetch_prepare_start(struct job *job, struct err *err);
enum started fetch_download_start(struct job *job, struct err *err);
enum started fetch_inspect_start(struct job *job, struct err *err);
enum verdict fetch_inspect_outcome(struct job *job, struct err *err);
enum started fetch_recall_start(struct job *job, struct err *err);
enum started fetch_compare_start(struct job *job, struct err *err);
enum started fetch_publish_start(struct job *job, struct err *err);
enum verdict fetch_publish_outcome(struct job *job, struct err *err);
enum verdict fetch_go_on(struct job *job, struct err *err);

/* The name of the step whose operation is a transfer. */
#define FETCH_DOWNLOAD "download the SBOM"

/* Rows of a table of steps. */
#define FETCH_STEPS(stage)                                                                         \
    {"prepare the SBOM file", stage, fetch_prepare_start, fetch_go_on},                            \
        {FETCH_DOWNLOAD, stage, fetch_download_start, fetch_go_on},                                \
        {"inspect the SBOM", stage, fetch_inspect_start, fetch_inspect_outcome},                   \
        {"recall the SBOM before", stage, fetch_recall_start, fetch_go_on},                        \
        {"compare the SBOMs", stage, fetch_compare_start, fetch_go_on},                            \
    {                                                                                              \
        "keep the SBOM", stage, fetch_publish_start, fetch_publish_outcome                         \
    }

#endif
