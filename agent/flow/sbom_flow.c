/*
 * sbom_flow.c - the SBOMs of one analysed item, in every configured format; then the image out
 * of the watched folder, where that is configured.
 *
 * Killed anywhere, the item is still `fetching` and everything is fetched again (fetch.h).
 * "Not yet" (404, 409, 425, 202, 204, an empty body) is tried again with backoff; a document
 * that is none fails after give_up_after.
 */
#include "flow/sbom_flow.h"

#include "base/clock.h"
#include "base/mem.h"
#include "flow/fetch.h"
#include "flow/item_move.h"
#include "flow/move_file.h"

struct sbom_job {
    struct item_job base; /* first */
    struct fetch fetch;
};

static enum verdict move_outcome(struct job *job, struct err *err)
{
    struct item *item = &((struct item_job *)job)->item;

    (void)err;
    item_clear_error(item);
    item->attempts = 0;
    item_move(item, ITEM_DONE, clock_wall_ms());
    return NEXT_STEP;
}

static const struct step steps[] = {
    FETCH_STEPS(ITEM_FETCHING),
    {"move the file", ITEM_FETCHING, move_file_start, move_outcome},
    {NULL, 0, NULL, NULL},
};

static bool record(struct item_job *job, struct db *db, struct err *err)
{
    return fetch_write(&((struct sbom_job *)job)->fetch, db, err);
}

static void release(struct item_job *job)
{
    fetch_release(&((struct sbom_job *)job)->fetch);
}

const struct item_flow sbom_flow = {
    .name = "fetch",
    .rest = ITEM_FETCHING,
    .right = "view firmware",
    .steps = steps,
    .write = record,
    .release = release,
};

void sbom_flow_start(struct flow *flow, struct item *take_item)
{
    struct sbom_job *sbom = xcalloc(1, sizeof *sbom);
    const struct sbom_subject subject = {
        .firmware_id = take_item->firmware_id,
        .name = take_item->name,
        .vendor = take_item->vendor,
        .product = take_item->product,
        .version = take_item->version,
        .product_group = take_item->product_group,
        .sha256 = take_item->sha256,
        .watch = take_item->watch,
    };

    fetch_init(&sbom->fetch, flow, &sbom->base.job, &subject, take_item->attempts);
    sbom->fetch.shown = take_item->path;
    item_job_start(&sbom->base, flow, &sbom_flow, take_item);
}
